#!/usr/bin/env python3
"""Measures IFNet 4.6 in PyTorch on a GPU, to compare with bench_network: milliseconds per
in-between.

    bench/peers/pytorch.py [--size WxH ...] [--compile] [--seconds S] [--random]

The modules and weights are this project's (weights/train/ifnet.py); the forward pass
is that of inference, with one blend at the end. Flow and warps are FP32 in every row, as
in vs-rife. Frames are resident RGB, and the result stays on the GPU: the work that
bench_network does for YUV is not in these figures. --compile adds torch.compile, which
takes a minute for each size.
"""
import argparse
import json
import pathlib
import statistics
import struct
import sys

import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'weights' / 'train'))
import ifnet  # noqa: E402

SIZES = ['1280x720', '1920x1080', '2560x1440', '3840x2160', '7680x4320']
PAIRS = 4


def load_weights(path):
    """Reads a safetensors file as a state dict, without the package of that name."""
    data = path.read_bytes()
    size = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + size])
    types = {'F16': torch.float16, 'F32': torch.float32, 'BF16': torch.bfloat16}
    state = {}
    for name, t in header.items():
        if name != '__metadata__':
            a, b = t['data_offsets']
            flat = torch.frombuffer(bytearray(data[8 + size + a:8 + size + b]), dtype=types[t['dtype']])
            state[name] = flat.reshape(t['shape']).float()
    return state


class Inference(torch.nn.Module):
    """IFNet that makes only the last blend."""

    def __init__(self, net, dtype):
        super().__init__()
        self.net, self.dtype = net, dtype

    def forward(self, img0, img1, t):
        net = self.net
        x = torch.cat((img0, img1, t), 1).to(self.dtype)
        flow, mask = net.block0(x, None, ifnet.SCALES[0])
        for block, scale in zip((net.block1, net.block2, net.block3), ifnet.SCALES[1:]):
            w0, w1 = ifnet.warp(img0, flow[:, :2]), ifnet.warp(img1, flow[:, 2:])
            x = torch.cat((w0, w1, t, mask), 1).to(self.dtype)
            dflow, dmask = block(x, flow, scale)
            flow, mask = flow + dflow, mask + dmask
        m = torch.sigmoid(mask)
        return ifnet.warp(img0, flow[:, :2]) * m + ifnet.warp(img1, flow[:, 2:]) * (1 - m)


def film(width, height, count, random, device='cuda'):
    """Frames as 1,3,H,W: noise of many octaves that pans, or plain noise."""
    g = torch.Generator().manual_seed(1)
    if random:
        return [torch.rand(1, 3, height, width, generator=g).to(device) for _ in range(count)]
    h, w = height + 64, width + 64
    big = torch.zeros(1, 3, h, w)
    cells, amplitude = 4, 0.6
    while cells < 512:
        n = torch.rand(1, 3, cells, cells * 2, generator=g) - 0.5
        big += amplitude * F.interpolate(n, size=(h, w), mode='bicubic')
        cells, amplitude = cells * 2, amplitude * 0.55
    big = (big + 0.5).clamp(0, 1)
    return [big[..., i:height + i, 3 * i:width + 3 * i].contiguous().to(device) for i in range(count)]


def median_ms(call, seconds):
    for i in range(2 * PAIRS):
        call(i % PAIRS)
    torch.cuda.synchronize()
    times, spent, i = [], 0, 0
    while len(times) < 8 or spent < seconds:
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        call(i % PAIRS)
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
        spent += times[-1] / 1e3
        i += 1
    return statistics.median(times)


def graphs(net, inputs):
    """One graph per pair, all in one pool."""
    made, pool = [], None
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            net(*inputs[0])
    torch.cuda.current_stream().wait_stream(side)
    for args in inputs:
        g = torch.cuda.CUDAGraph()
        with torch.cuda.graph(g, pool=pool):
            net(*args)
        pool = pool or g.pool()
        made.append(g)
    return lambda i: made[i].replay()


def rows(size, options):
    width, height = (int(v) for v in size.split('x'))
    pad = (0, -width % 32, 0, -height % 32)
    frames = [F.pad(f, pad) for f in film(width, height, PAIRS + 1, options.random)]
    t = torch.full_like(frames[0][:, :1], 0.5)
    inputs = [(frames[i], frames[i + 1], t) for i in range(PAIRS)]
    state = load_weights(ROOT / 'weights' / 'ifnet-4.6.safetensors')

    def network(dtype, channels_last):
        net = ifnet.IFNet()
        net.load_state_dict(state)
        net = net.cuda().to(dtype).eval()
        if channels_last:
            net = net.to(memory_format=torch.channels_last)
        return Inference(net, dtype).eval()

    for name, dtype, nhwc, tf32, how in (
            ('fp32 eager', torch.float32, False, False, 'eager'),
            ('tf32 eager', torch.float32, False, True, 'eager'),
            ('fp16 eager NCHW', torch.float16, False, False, 'eager'),
            ('fp16 eager NHWC', torch.float16, True, False, 'eager'),
            ('fp16 graph NHWC', torch.float16, True, False, 'graph'),
            ('fp16 compiled NHWC', torch.float16, True, False, 'compile')):
        if how == 'compile' and not options.compile:
            continue
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        net = network(dtype, nhwc)
        if how == 'graph':
            call = graphs(net, inputs)
        elif how == 'compile':
            fast = torch.compile(net, mode='reduce-overhead')

            def call(i, fast=fast):
                torch.compiler.cudagraph_mark_step_begin()
                return fast(*inputs[i])
        else:
            def call(i, net=net):
                return net(*inputs[i])
        ms = median_ms(call, options.seconds)
        print(f'{size:>10}  {name:<20} {ms:9.3f} ms  {torch.cuda.max_memory_allocated() >> 20:6d} MiB', flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--size', nargs='+', default=SIZES)
    parser.add_argument('--compile', action='store_true')
    parser.add_argument('--random', action='store_true')
    parser.add_argument('--seconds', type=float, default=0.4)
    options = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    print(f'PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {torch.cuda.get_device_name()}')
    with torch.inference_mode():
        for size in options.size:
            rows(size, options)


if __name__ == '__main__':
    main()
