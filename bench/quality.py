#!/usr/bin/env python3
"""Drops every second frame of each clip, interpolates it, and prints the PSNR.

    bench/quality.py [--rifec build/rifec] [--torch] clip...

Odd frames are rebuilt from their even neighbours at t = 1/2 over the first 19
frames of a clip; clips over one megapixel are halved; PSNR is over RGB after
rounding to 8 bits, the mean over the frames. Columns: rifec (the program itself, with
lossless RGB as input and output), with --torch the PyTorch network on the CPU in FP32
with the same weights (weights/train/ifnet.py), and the plain blend of both neighbours.

Needs ffmpeg and numpy; PyTorch for --torch.
"""
import argparse
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FRAMES = 19


def read_clip(path):
    """Returns the first frames as RGB, uint8 [n][h][w][3]."""
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
         "stream=width,height", "-of", "csv=p=0", path],
        capture_output=True, text=True, check=True).stdout
    w, h = (int(x) for x in probe.split("\n")[0].strip(",").split(",")[:2])
    if w * h > 1000000:
        w, h = w // 2, h // 2
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-noautorotate", "-i", path, "-map", "0:v:0", "-frames:v",
         str(FRAMES), "-vsync", "passthrough",
         "-vf", f"scale={w}:{h}:flags=area+accurate_rnd+full_chroma_int,format=rgb24",
         "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    n = len(raw) // (w * h * 3)
    return np.frombuffer(raw, np.uint8)[:n * w * h * 3].reshape(n, h, w, 3)


def with_rifec(rifec, even, folder):
    """Returns the in-betweens of consecutive frames, made by the program."""
    n, h, w, _ = even.shape
    src, dst = os.path.join(folder, "in.nut"), os.path.join(folder, "out.nut")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{w}x{h}",
         "-r", "25", "-i", "-", "-c:v", "rawvideo", src], input=even.tobytes(), check=True)
    subprocess.run([rifec, "-q", "-y", "-i", src, "-o", dst, "--x2", "-c:v", "rawvideo",
                    "--scene", "off", "--dedup", "off"],
                   check=True, stdin=subprocess.DEVNULL)
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", dst, "-vsync", "passthrough", "-f", "rawvideo",
         "-pix_fmt", "rgb24", "-"], capture_output=True, check=True).stdout
    out = np.frombuffer(raw, np.uint8).reshape(2 * n, h, w, 3)
    assert np.array_equal(out[0::2], even), "an original frame was changed"
    return out[1:-1:2]


def load_torch():
    import torch
    sys.path.insert(0, os.path.join(HERE, "..", "weights", "train"))
    from ifnet import IFNet
    net = IFNet().eval()
    path = os.path.join(HERE, "..", "weights", "ifnet-4.6.safetensors")
    net.load_state_dict(read_safetensors(path, torch))
    return net, torch


def read_safetensors(path, torch):
    import json
    import struct
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    kinds = {"F16": np.float16, "F32": np.float32}
    state = {}
    for name, t in header.items():
        if name != "__metadata__":
            a, b = t["data_offsets"]
            array = np.frombuffer(data[a:b], kinds[t["dtype"]]).reshape(t["shape"])
            state[name] = torch.from_numpy(array.astype(np.float32))
    return state


def with_torch(net, torch, a, b):
    from ifnet import interpolate
    to = lambda x: torch.from_numpy(x.copy()).permute(2, 0, 1)[None].float() / 255
    y = interpolate(net, to(a), to(b))[0]
    return (y * 255).round().byte().permute(1, 2, 0).numpy()


def psnr(a, b):
    mse = np.mean((a.astype(np.float64) - b) ** 2) / 255 ** 2
    return -10 * math.log10(mse + 1e-10)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("clips", nargs="+")
    ap.add_argument("--rifec", default=os.path.join(HERE, "..", "build", "rifec"))
    ap.add_argument("--torch", action="store_true")
    args = ap.parse_args()
    net = load_torch() if args.torch else None

    columns = ["rifec"] + (["PyTorch", "difference"] if net else []) + ["blend"]
    print("| clip | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    rows = []
    for path in args.clips:
        frames = read_clip(path)
        frames = frames[:len(frames) - 1 + len(frames) % 2]
        if len(frames) < 3:
            continue
        even, odd = frames[0::2], frames[1::2]
        with tempfile.TemporaryDirectory() as folder:
            ours = with_rifec(args.rifec, even, folder)
        row = [np.mean([psnr(x, y) for x, y in zip(ours, odd)])]
        if net:
            theirs = [with_torch(*net, a, b) for a, b in zip(even, even[1:])]
            row.append(np.mean([psnr(x, y) for x, y in zip(theirs, odd)]))
            row.append(row[0] - row[1])
        blend = [(a.astype(np.float64) + b) / 2 for a, b in zip(even, even[1:])]
        row.append(np.mean([psnr(x, y) for x, y in zip(blend, odd)]))
        rows.append(row)
        name = os.path.splitext(os.path.basename(path))[0]
        print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in row) + " |", flush=True)
    mean = np.mean(rows, axis=0)
    print(f"| **mean of {len(rows)}** | " + " | ".join(f"{v:.3f}" for v in mean) + " |")


if __name__ == "__main__":
    main()
