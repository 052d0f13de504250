"""Weights as safetensors, and checkpoints in parts small enough for slow links.

A checkpoint is at most 53 MB: parameters FP32, moving average FP16, the optimizer's
moments BF16, in four parts. Nothing here needs the safetensors package: the format is a length, a JSON
header and the bytes.
"""
import json
import os
import struct

import torch

PARTS = 4
NAMES = {'F16': torch.float16, 'F32': torch.float32, 'BF16': torch.bfloat16}


def write_weights(path, state, meta=None):
    """Writes a dict of tensors, in its order, as they are; meta: dict of strings."""
    names = {v: k for k, v in NAMES.items()}
    head, at, data = {}, 0, []
    if meta:
        head['__metadata__'] = meta
    for k, v in state.items():
        raw = v.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        head[k] = {'dtype': names[v.dtype], 'shape': list(v.shape), 'data_offsets': [at, at + len(raw)]}
        at += len(raw)
        data.append(raw)
    text = json.dumps(head, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path + '.part', 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for raw in data:
            f.write(raw)
    os.replace(path + '.part', path)        # a reader never sees half a file


def read_header(path):
    """The JSON header, with what the file says of itself under '__metadata__'."""
    with open(path, 'rb') as f:
        return json.loads(f.read(struct.unpack('<Q', f.read(8))[0]))


def read_weights(path):
    """Tensors as FP32."""
    with open(path, 'rb') as f:
        raw = f.read()
    n = struct.unpack('<Q', raw[:8])[0]
    head = json.loads(raw[8:8 + n])
    head.pop('__metadata__', None)
    out = {}
    for k, v in head.items():
        a, b = v['data_offsets']
        flat = torch.frombuffer(bytearray(raw[8 + n + a:8 + n + b]), dtype=NAMES[v['dtype']])
        out[k] = flat.view(v['shape']).float()
    return out


def part(folder, i):
    return os.path.join(folder, 'state-%d.pt' % i)


def exists(folder):
    return all(os.path.exists(part(folder, i)) for i in range(PARTS))


def save_average(path, net, ema):
    """ema: list of tensors in the order of net.parameters()."""
    write_weights(path, {n: e.half() for (n, _), e in zip(net.named_parameters(), ema)}, net.describe())


def save(folder, net, opt, ema, step, seconds):
    save_average(os.path.join(folder, 'ema.safetensors'), net, ema)
    names = [n for n, _ in net.named_parameters()]
    pieces = [[] for _ in range(PARTS)]
    sizes = [0] * PARTS
    order = sorted(range(len(names)), key=lambda i: -ema[i].numel())
    params = list(net.parameters())
    for i in order:
        j = sizes.index(min(sizes))
        sizes[j] += ema[i].numel()
        state = {k: (v.bfloat16() if v.dim() else v).cpu() for k, v in opt.state[params[i]].items()}
        pieces[j].append((i, params[i].detach().cpu(), ema[i].half().cpu(), state))
    for j in range(PARTS):
        torch.save({'step': step, 'seconds': seconds, 'pieces': pieces[j]}, part(folder, j) + '.part')
    for j in range(PARTS):
        os.replace(part(folder, j) + '.part', part(folder, j))


def load(folder, net, opt, ema):
    """Fills net, opt and ema; returns steps and seconds so far."""
    params = list(net.parameters())
    for j in range(PARTS):
        saved = torch.load(part(folder, j), map_location='cpu')
        for i, p, e, state in saved['pieces']:
            params[i].data.copy_(p)
            ema[i].copy_(e)
            like = lambda x: torch.empty_like(params[i]).copy_(x) if x.dim() else x.to(params[i].device)
            opt.state[params[i]] = {k: like(v) for k, v in state.items()}
    return saved['step'], saved['seconds']
