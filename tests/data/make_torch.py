#!/usr/bin/env python3
"""Writes torch-zip.pth and torch-legacy.pth, small files of a real torch.save().

    python3 tests/data/make_torch.py        # needs torch

tests/unit/weights_files.c knows the contents: every way in which a tensor can lie
in its storage, in the types that rifec reads, next to entries that are not tensors.
"""
import collections
import pathlib

import torch

HERE = pathlib.Path(__file__).resolve().parent


def main():
    base = torch.arange(24.0)
    state = collections.OrderedDict()
    state["module.plain"] = base.view(2, 3, 4)                # 0, 1, 2, ...
    state["module.shared"] = base[6:12].view(2, 3)            # the same storage, from 6 on
    state["module.turned"] = base.view(4, 6).t()              # [6,4], strides 1 and 6
    state["module.spread"] = torch.ones(1).expand(2, 5)       # [2,5], strides 0
    state["module.half"] = torch.tensor([0.5, -2.0, 65504.0]).half()
    state["module.bfloat"] = torch.tensor([[1.0, -3.0]]).bfloat16()
    state["module.parameter"] = torch.nn.Parameter(torch.tensor([7.0, 8.0]))
    state["module.scalar"] = torch.tensor(-1.25)
    state["module.count"] = torch.tensor([1 << 40, -1])       # I64: listed, not read
    state._metadata = {"": {"version": 1}}
    torch.save({"epoch": 70000, "loss": 0.5, "name": "toy", "sizes": [1, -2, 1 << 40],
                "state_dict": state}, HERE / "torch-zip.pth")
    torch.save(state, HERE / "torch-legacy.pth", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
