#!/usr/bin/env python3
"""Golden frames of RIFE 4.25: weights and pictures from integers, answers from vs-rife.

    pip download vsrife==5.7.0 --no-deps && unzip vsrife-*.whl
    python3 make_golden_425.py FOLDER/vsrife

Needs torch. Run by hand. The folder is that of the package vsrife (MIT); of it only
IFNet_HDv3_v4_25.py and warplayer.py are used, which are the oracle. The weights are those
of tests/model/random_model.h, and are not stored. Writes one CASE.safetensors per case:

    image0 image1   [3,H,W]    the inputs, multiples of 1/256, FP16
    flow mask       [4,Hp,Wp], [1,Hp,Wp]   after the last block, padded size
    frame           [3,H,W]    the in-between

and prints how far flow reaches.
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

# name: width, height, timestep, scale. tests/model/golden.c has the same table.
CASES = {"rife425": (75, 53, 0.25, 1.0), "rife425_double": (61, 50, 0.5, 2.0)}


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


def exponent(name, shape):
    if name.endswith("bias"):
        return -14
    if name.endswith("beta"):
        return -12
    transposed = shape[-1] == 4
    products = 4 * shape[0] if transposed else 9 * shape[1]
    half_log = 0
    while 1 << (2 * half_log + 2) <= products:
        half_log += 1
    return -10 - half_log + ("lastconv" in name)


def random_weights(net):
    state = {}
    for name, t in net.state_dict().items():
        numbers = hashed(name, t.numel()).astype(np.float32) * np.float32(2.0 ** exponent(name, t.shape))
        state[name] = torch.from_numpy(numbers).reshape(t.shape)
    net.load_state_dict(state)


def load_oracle(folder):
    package = types.ModuleType("vsrife")
    package.__path__ = [str(folder)]
    sys.modules["vsrife"] = package
    for name in ("warplayer", "IFNet_HDv3_v4_25"):
        spec = importlib.util.spec_from_file_location(f"vsrife.{name}", folder / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return sys.modules["vsrife.IFNet_HDv3_v4_25"]


def picture(width, height, dx, dy):
    """A few waves of colour, moved by dx and dy; multiples of 1/256."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = x - dx, y - dy
    planes = [0.5 + 0.3 * np.sin(x / (7 + c) + 0.4 * c) * np.cos(y / (9 - c)) + 0.15 * np.sin((x + y) / 5 + c)
              for c in range(3)]
    return torch.from_numpy((np.clip(np.stack(planes), 0, 1) * 256).round().astype(np.float32) / 256)


def answer(oracle, image0, image1, timestep, scale):
    net = oracle.IFNet(scale=scale).eval()
    random_weights(net)
    height, width = image0.shape[1:]
    multiple = max(64, int(64 / scale))
    hp, wp = (math.ceil(v / multiple) * multiple for v in (height, width))
    a, b = (F.pad(i[None], (0, wp - width, 0, hp - height)) for i in (image0, image1))
    div = torch.tensor([(wp - 1) / 2, (hp - 1) / 2])
    xs = torch.linspace(-1, 1, wp).view(1, 1, 1, wp).expand(-1, -1, hp, -1)
    ys = torch.linspace(-1, 1, hp).view(1, 1, hp, 1).expand(-1, -1, -1, wp)
    made = []
    for k in range(5):
        getattr(net, f"block{k}").register_forward_hook(lambda m, i, o: made.append(o))
    frame = net(a, b, torch.full_like(a[:, :1], timestep), div, torch.cat((xs, ys), 1), net.encode(a), net.encode(b))
    for k in range(5):
        print(f"    block {k}: adds {made[k][0].abs().max():.2f} px, mask {made[k][1].abs().max():.2f}")
    return {"flow": sum(m[0] for m in made)[0], "mask": made[-1][1][0], "frame": frame[0, :, :height, :width]}


def main():
    torch.set_grad_enabled(False)
    oracle = load_oracle(pathlib.Path(sys.argv[1]))
    for name, (width, height, timestep, scale) in CASES.items():
        image0, image1 = picture(width, height, 0, 0), picture(width, height, 4, -3)
        print(name)
        out = answer(oracle, image0, image1, timestep, scale)
        tensors = {"image0": image0, "image1": image1, **out}
        halves = {"image0", "image1"}
        write_safetensors(HERE / f"{name}.safetensors", tensors,
                          {"timestep": str(timestep), "scale": str(scale)}, halves)
        print(f"    flow up to {out['flow'].abs().max():.2f} px, mean {out['flow'].abs().mean():.2f} px")


if __name__ == "__main__":
    main()
