#!/usr/bin/env python3
"""Weights that the real PyTorch saves are those that rifec reads.

    python3 torch_files.py RIFEC_WEIGHTS

RIFEC_WEIGHTS, the program, writes the built-in model as safetensors; PyTorch saves it
in every way that a file of weights may come, and each must be the same to the last
bit, or be refused by name. Exits with 77 when PyTorch is not installed.
"""
import collections
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import torch
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__")
    out = collections.OrderedDict()
    for name, t in header.items():
        a, b = (8 + size + o for o in t["data_offsets"])
        out[name] = torch.frombuffer(bytearray(data[a:b]), dtype=torch.float16).view(t["shape"])
    return out


def turned(t):
    """The same tensor, its dimensions in memory the other way round."""
    back = list(range(t.dim()))[::-1]
    return t.permute(back).contiguous().permute(back)


def in_one_storage(state):
    """Views into one flat tensor, as optimizers make them."""
    flat = torch.cat([t.flatten() for t in state.values()])
    out, at = {}, 0
    for name, t in state.items():
        out[name] = flat[at:at + t.numel()].view(t.shape)
        at += t.numel()
    return out


class Block(torch.nn.Module):
    """Modules of the names of a state dict: parameters, _metadata and all."""

    def __init__(self, state):
        super().__init__()
        for name, value in state.items():
            if "." not in name:
                self.register_parameter(name, torch.nn.Parameter(value))
        for child in dict.fromkeys(name.split(".")[0] for name in state if "." in name):
            inside = {k[len(child) + 1:]: v for k, v in state.items() if k.startswith(child + ".")}
            self.add_module(child, Block(inside))


def main():
    program = sys.argv[1]
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([program, "convert", "built-in", f"{scratch}/model.safetensors"], check=True)
        half = read_safetensors(f"{scratch}/model.safetensors")
        full = collections.OrderedDict((k, v.float()) for k, v in half.items())
        extras = {"block_tea.conv0.0.0.weight": torch.ones(4, 4), "caltime.0.weight": torch.ones(2),
                  "counted": torch.tensor(3)}
        net = Block(full)
        good = {
            "fp32.pkl": full,
            "fp16.pth": half,
            "mixed.pt": {k: full[k] if i % 2 else half[k] for i, k in enumerate(full)},
            "module.pkl": {"module." + k: v for k, v in {**extras, **full}.items()},
            "turned.pkl": {k: turned(v) for k, v in full.items()},
            "one.pkl": in_one_storage(full),
            "network.pkl": net.state_dict(),
            "parallel.pkl": torch.nn.DataParallel(net).state_dict(),
            "parameters.pkl": dict(net.named_parameters()),
            "checkpoint.pth": {"epoch": 12, "lr": 1e-4, "model": full, "args": ["a", None, True]},
        }
        bad = {
            "whole.pkl": (net, "Block"),
            "list.pkl": (list(full.values()), "not given a dictionary"),
            "two.pkl": ({"model": full, "ema": half}, "more than one"),
            "double.pkl": ({k: v.double() for k, v in full.items()}, "F64"),
            "less.pkl": ({k: v for k, v in full.items() if "beta" not in k}, "missing"),
            "later.pkl": ({**full, "encode.cnn0.weight": torch.ones(1)}, "4.13"),
        }
        for name, state in {**good, **{k: v[0] for k, v in bad.items()}}.items():
            for zipped in (True, False):
                path = f"{scratch}/{name}"
                torch.save(state, path, _use_new_zipfile_serialization=zipped)
                done = subprocess.run([program, "verify", path, "built-in"], capture_output=True, text=True)
                fine = done.returncode == 0
                if name in bad:
                    fine = done.returncode == 5 and bad[name][1] in done.stderr and name in done.stderr
                failed = failed or not fine
                print(name, "zip" if zipped else "legacy", "as expected" if fine else "FAILED: " + done.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
