"""Writes the shipped file from a run: FP16 safetensors with metadata, names as in the state dict.

    python3 export.py RUN/ema.safetensors OUT.safetensors --version v1
"""
import argparse
import hashlib

import checkpoint
from ifnet import IFNet


def main():
    p = argparse.ArgumentParser()
    p.add_argument('source')
    p.add_argument('target')
    p.add_argument('--version', required=True)
    p.add_argument('--licence', default='MIT')
    a = p.parse_args()
    weights = checkpoint.read_weights(a.source)
    shape = {k: v.shape for k, v in IFNet().state_dict().items()}
    if {k: v.shape for k, v in weights.items()} != shape:
        raise SystemExit('not the weights of IFNet 4.6')
    biggest = max(v.abs().max().item() for v in weights.values())
    if not biggest < 65504:
        raise SystemExit('a weight is outside FP16')
    checkpoint.write_weights(a.target, {k: weights[k].half() for k in shape},
                             {'architecture': 'ifnet-4.6', 'version': a.version, 'licence': a.licence, 'format': 'pt'})
    with open(a.target, 'rb') as f:
        print('%d tensors, %d parameters, largest %.2f, sha256 %s' % (
            len(shape), sum(v.numel() for v in weights.values()), biggest, hashlib.sha256(f.read()).hexdigest()))


if __name__ == '__main__':
    main()
