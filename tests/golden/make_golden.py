#!/usr/bin/env python3
"""Makes the golden files of the model tests: IFNet in PyTorch, in FP32, on small inputs.

    python3 make_golden.py ../../weights/ifnet-4.6.safetensors
    python3 make_golden.py WEIGHTS --photos A.jpg B.jpg   # new inputs as well

Needs torch, and Pillow for --photos. Run by hand, when the weights change. Writes
one CASE.safetensors per case, with FP32 tensors

    image0 image1   [3,H,W]  the inputs, multiples of 1/255
    flow0 .. flow3  [4,Hp,Wp] flow after each block, in pixels, padded size
    mask0 .. mask3  [1,Hp,Wp] mask logit after each block
    frame           [3,H,W]  the in-between, not clamped

and MANIFEST with versions and checksums. Without --photos the inputs are taken
from the existing files, so that only the answers change with the weights.

The network is written out below as RIFE 4.6 defines it, operation by operation
and at full resolution, with none of the rearrangements of the C code.
"""
import argparse
import hashlib
import json
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
# name: width, height, timestep, scale. tests/model/golden.c has the same table.
CASES = {
    "even": (96, 64, 0.5, 1.0),
    "quarter": (96, 64, 0.25, 1.0),
    "odd": (75, 53, 0.25, 1.0),
    "half": (75, 53, 0.5, 0.5),
    "double": (61, 32, 0.5, 2.0),
}


def read_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    kinds = {"F32": np.float32, "F16": np.float16}
    out = {}
    for name, t in header.items():
        if name != "__metadata__":
            a, b = (8 + size + o for o in t["data_offsets"])
            array = np.frombuffer(data[a:b], kinds[t["dtype"]]).astype(np.float32)
            out[name] = torch.from_numpy(array.reshape(t["shape"]))
    return out


def write_safetensors(path, tensors, metadata, halves=()):
    header, blobs, at = {"__metadata__": metadata}, [], 0
    for name, t in tensors.items():
        half = name in halves
        blob = np.ascontiguousarray(t.numpy(), np.float16 if half else np.float32).tobytes()
        header[name] = {"dtype": "F16" if half else "F32", "shape": list(t.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def block(w, name, x, flow, scale):
    """One IFBlock: its increments of flow (pixels) and mask (logit), at full resolution."""
    p = {k[len(name) + 1:]: v for k, v in w.items() if k.startswith(name + ".")}
    if scale != 1:
        x = F.interpolate(x, scale_factor=1 / scale, mode="bilinear", align_corners=False)
    if flow is not None:
        if scale != 1:
            flow = F.interpolate(flow, scale_factor=1 / scale, mode="bilinear", align_corners=False)
        x = torch.cat((x, flow / scale), 1)
    for i in range(2):
        x = F.conv2d(x, p[f"conv0.{i}.0.weight"], p[f"conv0.{i}.0.bias"], stride=2, padding=1)
        x = F.leaky_relu(x, 0.2)
    for i in range(8):
        y = F.conv2d(x, p[f"convblock.{i}.conv.weight"], p[f"convblock.{i}.conv.bias"], padding=1)
        x = F.leaky_relu(y * p[f"convblock.{i}.beta"] + x, 0.2)
    x = F.conv_transpose2d(x, p["lastconv.0.weight"], p["lastconv.0.bias"], stride=2, padding=1)
    x = F.pixel_shuffle(x, 2)
    if scale != 1:
        x = F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)
    return x[:, :4] * scale, x[:, 4:5]


def warp(image, flow):
    """image at p + flow, bilinear, coordinates clamped to the picture."""
    h, w = image.shape[2:]
    x = torch.arange(w, dtype=torch.float32).view(1, 1, w) + flow[:, 0]
    y = torch.arange(h, dtype=torch.float32).view(1, h, 1) + flow[:, 1]
    # Double: the detour through -1..1 must not cost precision.
    grid = torch.stack((x.double() * 2 / (w - 1) - 1, y.double() * 2 / (h - 1) - 1), -1)
    return F.grid_sample(image.double(), grid, mode="bilinear", padding_mode="border",
                         align_corners=True).float()


def ifnet(w, image0, image1, timestep, scale):
    h, width = image0.shape[1:]
    multiple = max(32, int(32 / scale))
    pad = (0, -width % multiple, 0, -h % multiple)
    a, b = (F.pad(i[None].clamp(0, 1), pad) for i in (image0, image1))
    t = torch.full_like(a[:, :1], timestep)
    out, flow, mask = {}, None, None
    for i, s in enumerate((8, 4, 2, 1)):
        if flow is None:
            flow, mask = block(w, "block0", torch.cat((a, b, t), 1), None, s / scale)
        else:
            x = torch.cat((warp(a, flow[:, :2]), warp(b, flow[:, 2:]), t, mask), 1)
            df, dm = block(w, f"block{i}", x, flow, s / scale)
            flow, mask = flow + df, mask + dm
        out[f"flow{i}"], out[f"mask{i}"] = flow[0], mask[0]
    m = torch.sigmoid(mask)
    frame = warp(a, flow[:, :2]) * m + warp(b, flow[:, 2:]) * (1 - m)
    out["frame"] = frame[0, :, :h, :width]
    return out


def make_inputs(photos):
    """Two frames per case: a photograph turning and drifting, another one passing before it."""
    from PIL import Image

    def still(path, size):
        picture = Image.open(path).convert("RGB").resize((size, size * 3 // 4), Image.LANCZOS)
        return torch.from_numpy(np.asarray(picture, np.float32)).permute(2, 0, 1)[None]

    def view(picture, w, h, dx, dy, angle, zoom):
        c, s = zoom * np.cos(angle), zoom * np.sin(angle)
        ph, pw = picture.shape[2:]
        ys, xs = torch.meshgrid(torch.arange(h) - h / 2, torch.arange(w) - w / 2, indexing="ij")
        x, y = c * xs - s * ys + dx, s * xs + c * ys + dy
        return F.grid_sample(picture, torch.stack((x * 2 / pw, y * 2 / ph), -1)[None].float(),
                             mode="bicubic", padding_mode="reflection", align_corners=False)

    back, front = still(photos[0], 240), still(photos[1], 160)
    out = {}
    for name, (w, h, _, _) in CASES.items():
        frames = []
        for u in (-0.5, 0.5):  # half a step before and after the middle
            b = view(back, w, h, 5 * u, -3 * u, 0.02 * u, 1 + 0.01 * u)
            f = view(front, w, h, -9 * u, 2 * u, -0.03 * u, 1)
            ys, xs = torch.meshgrid(torch.arange(h) - h * 0.55, torch.arange(w) - w * 0.45, indexing="ij")
            r = ((xs - 9 * u) / (0.22 * w)) ** 2 + ((ys + 2 * u) / (0.33 * h)) ** 2
            share = torch.sigmoid((1 - r) * 12)
            frames.append(((b + (f - b) * share).clamp(0, 255).round() / 255)[0])
        out[name] = frames
    return out


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("weights", type=pathlib.Path)
    args.add_argument("--photos", nargs=2, metavar="FILE")
    args = args.parse_args()
    torch.set_grad_enabled(False)
    w = read_safetensors(args.weights)
    inputs = make_inputs(args.photos) if args.photos else {}
    digest = hashlib.sha256(args.weights.read_bytes()).hexdigest()
    lines = [f"# make_golden.py, torch {torch.__version__.split('+')[0]}", f"{digest}  weights"]
    for name, (width, height, timestep, scale) in CASES.items():
        path = HERE / f"{name}.safetensors"
        if not args.photos:
            old = read_safetensors(path)
            inputs[name] = [old["image0"], old["image1"]]
        image0, image1 = inputs[name]
        tensors = {"image0": image0, "image1": image1, **ifnet(w, image0, image1, timestep, scale)}
        write_safetensors(path, tensors, {"weights": digest, "timestep": str(timestep), "scale": str(scale)})
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
        flow = tensors["flow3"].abs().max()
        print(f"{name}: {width}x{height}, largest flow {flow:.2f} px")
    (HERE / "MANIFEST").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
