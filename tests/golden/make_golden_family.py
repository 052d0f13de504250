#!/usr/bin/env python3
"""Golden frames of RIFE 4.0 to 4.26: weights and pictures from integers, answers from vs-rife.

    pip download vsrife==5.7.0 --no-deps && unzip vsrife-*.whl
    python3 make_golden_family.py FOLDER/vsrife [OUT]

Needs torch. Run by hand. The folder is that of the package vsrife (MIT); of it only the
modules IFNet_HDv3_*.py and warplayer.py are used, which are the oracle. The weights are those
of tests/model/random_model.h, and are not stored. Writes one CASE.safetensors per case, those
that ctest runs beside this file, the others to OUT if it is given, unless they exist:

    image0 image1   [3,H,W]    the inputs, multiples of 1/256, FP16
    flow mask       [4,Hp,Wp], [1,Hp,Wp]   after the last block, padded size
    frame           [3,H,W]    the in-between

and prints how far flow reaches. To compare all: golden FOLDER c all.
"""
import importlib.util
import math
import pathlib
import sys
import types

import numpy as np
import torch
import torch.nn.functional as F

from make_golden import HERE, write_safetensors

# name: module, width, height, timestep, scale, and what differs. tests/model/golden.c has the
# same table. "boost" is added to the exponent of the last layers of two blocks, "multiple" is what sides are
# padded to: 64 where the scales may be doubled, for which vs-rife's 32 is too small.
CASES = {
    "rife400": ("4_0", 75, 53, 0.25, 1.0, {"multiple": 64}),
    "rife400_restart": ("4_0", 75, 53, 0.5, 1.0, {"multiple": 64, "boost": 2}),
    "rife402": ("4_2", 75, 53, 0.25, 1.0, {}),
    "rife405": ("4_5", 75, 53, 0.25, 1.0, {}),
    "rife406": ("4_6", 75, 53, 0.25, 1.0, {}),
    "rife407": ("4_7", 75, 53, 0.25, 1.0, {}),
    "rife410": ("4_10", 75, 53, 0.25, 1.0, {}),
    "rife412_lite": ("4_12_lite", 75, 53, 0.25, 1.0, {}),
    "rife413": ("4_13", 75, 53, 0.25, 1.0, {}),
    "rife414_lite": ("4_14_lite", 75, 53, 0.25, 1.0, {}),
    "rife415_lite": ("4_15_lite", 75, 53, 0.25, 1.0, {}),
    "rife420": ("4_20", 75, 53, 0.25, 1.0, {}),
    "rife421": ("4_21", 75, 53, 0.25, 1.0, {}),
    "rife422_lite": ("4_22_lite", 75, 53, 0.25, 1.0, {}),
    "rife425": ("4_25", 75, 53, 0.25, 1.0, {}),
    "rife425_double": ("4_25", 61, 50, 0.5, 2.0, {}),
    "rife425_lite": ("4_25_lite", 75, 53, 0.25, 1.0, {}),
    "rife425_heavy": ("4_25_heavy", 75, 53, 0.25, 1.0, {}),
    "rife426_heavy": ("4_26_heavy", 75, 53, 0.25, 1.0, {}),
}
COMMITTED = {"rife400", "rife400_restart", "rife402", "rife407", "rife413", "rife421", "rife425",
             "rife425_double", "rife425_lite"}


def hashed(name, count):
    seed = 0x811C9DC5
    for c in name.encode():
        seed = ((seed ^ c) * 0x01000193) & 0xFFFFFFFF
    i = np.arange(count, dtype=np.uint32)
    h = np.uint32(seed) ^ (i * np.uint32(0x9E3779B9))
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return (h >> np.uint32(21)).astype(np.int32) - 1024


def exponent(name, shape, boost):
    if name.endswith("bias"):
        return -14
    if name.endswith("beta") or len(shape) == 1:
        return -12
    transposed = shape[-1] == 4
    products = 4 * shape[0] if transposed else 9 * shape[1]
    half_log = 0
    while 1 << (2 * half_log + 2) <= products:
        half_log += 1
    if "lastconv" in name:
        return -9 - half_log + boost * (name[5] in "01")
    plain = "convblock" in name and not name.endswith("conv.weight")
    return -10 - half_log + (plain and products < 2 << (2 * half_log))


def random_weights(net, boost):
    state = {}
    for name, t in net.state_dict().items():
        numbers = hashed(name, t.numel()).astype(np.float32) * np.float32(2.0 ** exponent(name, t.shape, boost))
        state[name] = torch.from_numpy(numbers).reshape(t.shape)
    net.load_state_dict(state)


def load_module(folder, name):
    if f"vsrife.{name}" not in sys.modules:
        package = sys.modules.setdefault("vsrife", types.ModuleType("vsrife"))
        package.__path__ = [str(folder)]
        spec = importlib.util.spec_from_file_location(f"vsrife.{name}", folder / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return sys.modules[f"vsrife.{name}"]


def picture(width, height, dx, dy):
    """A few waves of colour, moved by dx and dy; multiples of 1/256."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = x - dx, y - dy
    planes = [0.5 + 0.3 * np.sin(x / (7 + c) + 0.4 * c) * np.cos(y / (9 - c)) + 0.15 * np.sin((x + y) / 5 + c)
              for c in range(3)]
    return torch.from_numpy((np.clip(np.stack(planes), 0, 1) * 256).round().astype(np.float32) / 256)


def answer(oracle, image0, image1, timestep, scale, multiple=None, boost=0, ensemble=False):
    net = oracle.IFNet(scale=scale, ensemble=ensemble).eval()
    random_weights(net, boost)
    scales = getattr(net, "scale_list", [8 / scale])
    height, width = image0.shape[1:]
    multiple = max(multiple or 0, int(4 * scales[0] * scale), int(4 * scales[0]))
    hp, wp = (math.ceil(v / multiple) * multiple for v in (height, width))
    a, b = (F.pad(i[None], (0, wp - width, 0, hp - height)) for i in (image0, image1))
    div = torch.tensor([(wp - 1) / 2, (hp - 1) / 2])
    xs = torch.linspace(-1, 1, wp).view(1, 1, 1, wp).expand(-1, -1, hp, -1)
    ys = torch.linspace(-1, 1, hp).view(1, 1, hp, 1).expand(-1, -1, -1, wp)
    # The last two warps and the sigmoid get the result of the last block.
    flows, masks = [], []
    warp, sigmoid = oracle.warp, torch.sigmoid
    oracle.warp = lambda image, flow, *rest: flows.append(flow) or warp(image, flow, *rest)
    torch.sigmoid = lambda mask: masks.append(mask) or sigmoid(mask)
    features = [net.encode(a), net.encode(b)] if hasattr(net, "encode") else []
    made = []
    for name, block in net.named_children():
        if name.startswith("block"):
            block.register_forward_hook(lambda m, i, o, name=name: made.append((name, o)))
    frame = net(a, b, torch.full_like(a[:, :1], timestep), div, torch.cat((xs, ys), 1), *features)
    oracle.warp, torch.sigmoid = warp, sigmoid
    print("    " + ", ".join(f"{n} {o[0].abs().max():.2f} px" for n, o in made))
    flow = torch.cat(flows[-2:], 1)[0]
    return {"flow": flow, "mask": masks[0][0], "frame": frame[0, :, :height, :width]}


def main():
    torch.set_grad_enabled(False)
    folder, out = pathlib.Path(sys.argv[1]), sys.argv[2:]
    load_module(folder, "warplayer")
    for name, (version, width, height, timestep, scale, more) in CASES.items():
        place = HERE / f"{name}.safetensors"
        if name not in COMMITTED:
            place = pathlib.Path(out[0]) / place.name if out else None
        if not place or place.exists():
            continue
        image0, image1 = picture(width, height, 0, 0), picture(width, height, 4, -3)
        print(name)
        tensors = answer(load_module(folder, f"IFNet_HDv3_v{version}"), image0, image1, timestep, scale, **more)
        print(f"    flow up to {tensors['flow'].abs().max():.2f} px, mean {tensors['flow'].abs().mean():.2f} px, "
              f"mask up to {tensors['mask'].abs().max():.2f}")
        write_safetensors(place, {"image0": image0, "image1": image1, **tensors},
                          {"timestep": str(timestep), "scale": str(scale)}, {"image0", "image1"})


if __name__ == "__main__":
    main()
