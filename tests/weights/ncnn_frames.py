#!/usr/bin/env python3
"""The exported model in the real ncnn runtime makes the frames that PyTorch makes.

    python3 ncnn_frames.py RIFEC_WEIGHTS GOLDEN_FOLDER [RIFEC]

RIFEC_WEIGHTS, the program, exports the built-in model; ncnn (the Python package of
that name) runs it on the inputs of the golden files. Its result is compared with the
golden frames and, after rounding to 8 bits, with RIFEC's for the same inputs and the
exported files as its --model. Exits with 77 if the package is not installed.

Tolerance: both compute in FP32 and differ in the order of additions, and in how the
convolutions are split into smaller ones. tests/model/golden.c says that this moves
flow by 1e-4 px, which moves an edge by as much, times a contrast of at most one;
measured was 7e-6. FP16 rounds weights times beta to 11 bits, which moves flow by 1e-2
px at most, of pictures whose neighbours differ by less than 0.4: 4e-3, one step of 8
bits; measured was 5e-4. A rounded sample differs if a difference of at most FP32 crosses
a half: of evenly distributed values that is 255 * 2 * FP32 of them, and by one.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import ncnn
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

FP32, FP16 = 1e-4, 4e-3
# options of the export, cases of tests/golden at scale 1, tolerance
RUNS = [(["--fp32"], ("even", "quarter", "odd"), FP32),
        (["--fp32", "--stock"], ("even", "odd"), FP32),
        (["--fp16"], ("even",), FP16)]


def read_golden(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    meta = header.pop("__metadata__")
    out = {"timestep": float(meta["timestep"])}
    for name, t in header.items():
        a, b = (8 + size + o for o in t["data_offsets"])
        out[name] = np.frombuffer(data[a:b], np.float32).reshape(t["shape"])
    return out


def to_mat(array):
    """A copy: ncnn.Mat() alone looks into memory that Python may free."""
    array = np.ascontiguousarray(array, np.float32)
    return ncnn.Mat(array).clone()


class Warp(ncnn.Layer):
    """rife.Warp: image at p + flow, bilinear, coordinates clamped to the picture."""

    def __init__(self):
        ncnn.Layer.__init__(self)
        self.one_blob_only = False

    def forward(self, bottoms, tops, opt):
        image, flow = (np.array(b) for b in bottoms)
        _, h, w = image.shape
        x = np.clip(np.arange(w, dtype=np.float32) + flow[0], 0, w - 1)
        y = np.clip(np.arange(h, dtype=np.float32)[:, None] + flow[1], 0, h - 1)
        x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
        x1, y1 = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1)
        a, b = x - x0, y - y0
        top = image[:, y0, x0] * (1 - a) + image[:, y0, x1] * a
        low = image[:, y1, x0] * (1 - a) + image[:, y1, x1] * a
        out = np.ascontiguousarray(top * (1 - b) + low * b, np.float32)
        tops[0].clone_from(ncnn.Mat(out), opt.blob_allocator)
        return 0 if not tops[0].empty() else -100


def interpolate(stem, golden):
    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = 2
    # The test compares the model, not this machine's choice of rounding.
    for way in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "packing_layout"):
        setattr(net.opt, "use_" + way, False)
    made = []

    def create():
        made.append(Warp())  # ncnn does not keep it
        return made[-1]

    net.register_custom_layer("rife.Warp", create, lambda layer: None)
    if net.load_param(stem + ".param") or net.load_model(stem + ".bin"):
        sys.exit(f"ncnn does not load {stem}")
    _, h, w = golden["image0"].shape
    pad = ((0, 0), (0, -h % 32), (0, -w % 32))
    extractor = net.create_extractor()
    plane = np.full((1, h + pad[1][1], w + pad[2][1]), golden["timestep"])
    inputs = [to_mat(a) for a in (np.pad(golden["image0"], pad), np.pad(golden["image1"], pad), plane)]
    for i, mat in enumerate(inputs):
        extractor.input(f"in{i}", mat)
    status, out = extractor.extract("out0")
    if status:
        sys.exit(f"ncnn ends with {status}")
    return np.array(out)[:, :h, :w]


def by_rifec(program, stem, golden, scratch):
    """Returns the frame in the middle as rifec makes it on the CPU, in 8 bits."""
    _, h, w = golden["image0"].shape
    frames = [np.rint(golden[k] * 255).astype(np.uint8).transpose(1, 2, 0) for k in ("image0", "image1")]
    pathlib.Path(scratch, "in.rgb").write_bytes(b"".join(f.tobytes() for f in frames))
    subprocess.run([program, "-i", f"{scratch}/in.rgb", "--input-format", "rawvideo", "--input-size",
                    f"{w}x{h}", "--input-pix-fmt", "rgb24", "-y", "-o", f"{scratch}/out.rgb", "-f",
                    "rawvideo", "--pix-fmt", "rgb24", "--x2", "--device", "cpu", "--scene", "off",
                    "--model", stem + ".param"], check=True)
    out = np.fromfile(f"{scratch}/out.rgb", np.uint8)
    return out.reshape(-1, h, w, 3)[1].transpose(2, 0, 1)


def main():
    program, folder, rifec = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        for i, (options, cases, tolerance) in enumerate(RUNS):
            stem = f"{scratch}/model{i}"
            subprocess.run([program, "convert", "built-in", stem + ".param", *options], check=True)
            for case in cases:
                golden = read_golden(folder / f"{case}.safetensors")
                frame = interpolate(stem, golden)
                worst = np.abs(frame - golden["frame"]).max()
                good = worst <= tolerance  # not true of NaN
                failed = failed or not good
                print(f"{' '.join(options)} {case}: differs by {worst:.2e}, may by {tolerance:.0e}",
                      "" if good else "FAILED")
                if rifec and golden["timestep"] == 0.5:
                    codes = np.rint(np.clip(frame, 0, 1) * 255)
                    away = np.abs(codes - by_rifec(rifec[0], stem, golden, scratch))
                    good = away.max() <= 1 and (away > 0).mean() < 255 * 2 * FP32
                    failed = failed or not good
                    print(f"    rifec's codes: {away.max():.0f} away at most, {(away > 0).mean():.1e} of them",
                          "" if good else "FAILED")
    sys.exit(failed)


if __name__ == "__main__":
    main()
