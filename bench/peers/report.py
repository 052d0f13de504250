#!/usr/bin/env python3
"""Measures the optimisations of the source report (docs/report.md) in PyTorch: frames per
second of IFNet 4.6 from frames in host memory, one in-between for each pair of a film.

    bench/peers/report.py [--size WxH] [--device cuda|cpu] [--seconds S] [--compile]

The report names its techniques and does not show its class, so this is what each name
means here. Every row uploads frames, runs the network and waits for the result:

    baseline         both frames of a pair are uploaded, from pageable memory
    frame caching    the second frame of a pair stays on the device as the first of the next
    channels last    weights and inputs in torch.channels_last
    pinned memory    frames in pinned memory, uploaded without waiting
    contiguous       .contiguous() before the network
    autocast         the report's "fused operations": torch.autocast around the network

The same frames go in everywhere, so that a difference of outputs is the technique's own.
Joules are those that NVML counted for the GPU while the row was measured.
"""
import argparse
import contextlib
import ctypes
import json
import math
import statistics
import sys
import time

import torch
import torch.nn.functional as F

import pytorch as peer


class Energy:
    """Joules that the first GPU has used, by NVML; None where that is not there."""

    def __init__(self):
        try:
            self.nvml = ctypes.CDLL('libnvidia-ml.so.1')
            self.device = ctypes.c_void_p()
            if self.nvml.nvmlInit_v2() or self.nvml.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(self.device)):
                self.nvml = None
        except OSError:
            self.nvml = None

    def joules(self):
        mj = ctypes.c_ulonglong()
        if not self.nvml or self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.device, ctypes.byref(mj)):
            return None
        return mj.value / 1e3


class Row:
    def __init__(self, name, dtype, cached=False, last=False, pinned=False, contiguous=False, autocast=False,
                 how='eager', tf32=False):
        self.name, self.dtype, self.cached, self.last, self.pinned = name, dtype, cached, last, pinned
        self.contiguous, self.autocast, self.how, self.tf32 = contiguous, autocast, how, tf32


def table(options):
    rows = []
    on_gpu = options.device == 'cuda'
    for dtype, word in ((torch.float32, 'FP32'), (torch.float16, 'FP16'))[:1 + on_gpu]:  # a CPU has no FP16
        rows += [Row(f'{word} baseline', dtype), Row(f'{word} frame caching', dtype, cached=True),
                 Row(f'{word} channels last', dtype, last=True), Row(f'{word} pinned memory', dtype, pinned=True),
                 Row(f'{word} contiguous', dtype, contiguous=True), Row(f'{word} autocast', dtype, autocast=True)]
    if on_gpu:
        rows.append(Row('FP16 caching, channels last, pinned', torch.float16, cached=True, last=True, pinned=True))
        rows.insert(6, Row('TF32 baseline', torch.float32, tf32=True))
        if options.compile:
            rows.append(Row('FP16 compiled, caching, channels last, pinned', torch.float16, True, True, True,
                            how='compile'))
    return rows


def measure(row, frames, state, options, energy):
    cuda = options.device == 'cuda'
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = row.tf32
    net = peer.ifnet.IFNet()
    net.load_state_dict(state)
    net = net.to(options.device).to(row.dtype).eval()
    if row.last:
        net = net.to(memory_format=torch.channels_last)
    net = peer.Inference(net, row.dtype).eval()
    run = torch.compile(net) if row.how == 'compile' else net
    host = [f.pin_memory() for f in frames] if row.pinned and cuda else frames
    t = torch.full_like(frames[0][:, :1], 0.5).to(options.device)

    def upload(i):
        f = host[i % len(host)].to(options.device, non_blocking=row.pinned)
        f = f.float() / 255
        if row.last:
            f = f.to(memory_format=torch.channels_last)
        return f.contiguous() if row.contiguous else f

    cast = torch.autocast(options.device, torch.float16 if cuda else torch.bfloat16) if row.autocast \
        else contextlib.nullcontext()
    kept, count = [], 0

    def step(i, before):
        first = before if row.cached and before is not None else upload(i)
        second = upload(i + 1)
        with cast:
            out = run(first, second, t)
        if cuda:
            torch.cuda.synchronize()
        return out, second

    before = None
    for i in range(len(frames) - 1):
        out, before = step(i, before)
        kept.append(out.float().cpu())
    for _ in range(3):
        step(0, None)
    times, joules, began, before = [], energy.joules(), time.perf_counter(), None
    while len(times) < 5 or time.perf_counter() - began < options.seconds:
        start = time.perf_counter()
        _, before = step(count, before if count % (len(frames) - 1) else None)
        times.append(time.perf_counter() - start)
        count += 1
    spent = energy.joules()
    per = (spent - joules) / count if spent is not None and joules is not None else None
    return statistics.median(times), per, kept


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--size', default='1920x1080')
    parser.add_argument('--device', default='cuda')
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--compile', action='store_true')
    options = parser.parse_args()
    if options.device == 'cuda':
        torch.backends.cudnn.benchmark = True
    width, height = (int(v) for v in options.size.split('x'))
    pad = (0, -width % 32, 0, -height % 32)
    frames = [(F.pad(f, pad) * 255).round().byte() for f in peer.film(width, height, 5, False, 'cpu')]
    state = peer.load_weights(peer.ROOT / 'weights' / 'ifnet-4.6.safetensors')
    energy, first, of_dtype = Energy(), {}, {}
    name = torch.cuda.get_device_name() if options.device == 'cuda' else 'CPU'
    print(f'PyTorch {torch.__version__}, {name}, {options.size}', flush=True)
    with torch.inference_mode():
        for row in table(options):
            seconds, joules, kept = measure(row, frames, state, options, energy)
            base, same = first.setdefault(row.dtype, seconds), of_dtype.setdefault(row.dtype, kept)
            most = max(float((a - b).abs().max()) for a, b in zip(kept, same))
            error = sum(float(((a - b) ** 2).mean()) for a, b in zip(kept, same)) / len(kept)
            print(json.dumps({
                'row': row.name, 'ms': round(1e3 * seconds, 3), 'fps': round(1 / seconds, 2),
                'change_percent': round(100 * (base / seconds - 1), 1),
                'joules': None if joules is None else round(joules, 3), 'largest_difference': most,
                'psnr_db': None if error == 0 else round(-10 * math.log10(error), 1)}), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
