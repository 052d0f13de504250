"""VMAF of made frames beside the blend and FFmpeg's minterpolate, by an ffmpeg that has libvmaf.

    python3 vmaf.py WEIGHTS CLIP... [--ffmpeg FFMPEG]

The frames of evaluate.py: odd ones are made from their even neighbours, even ones stay. The
sequence is compared with the true one as 8-bit YUV 4:4:4 (the default model, vmaf_v0.6.1), and
the mean is of the made frames alone. The wheel of imageio-ffmpeg brings such an ffmpeg.
"""
import argparse
import json
import os
import subprocess
import tempfile

import numpy as np
import torch

import checkpoint
from evaluate import mean, read_frames
from ifnet import IFNet, interpolate

EXACT = 'scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp'
MCI = 'minterpolate=fps=2:mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1:scd=none'


def raw(frames):
    """Frames 1,3,H,W in [0,1] as RGB bytes."""
    return b''.join((x[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy().tobytes() for x in frames)


def source(size, rate, path):
    return ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', '%dx%d' % size, '-r', str(rate), '-i', path]


def mci(ffmpeg, even):
    """The in-betweens of the even frames. Sides are even: minterpolate wants that."""
    h, w = even[0].shape[-2:]
    run = subprocess.run([ffmpeg, '-v', 'error', *source((w, h), 1, '-'), '-vf',
                          'tpad=stop=4:stop_mode=clone,%s,format=yuv444p,%s,%s,format=rgb24' % (EXACT, MCI, EXACT),
                          '-f', 'rawvideo', '-'], input=raw(even), stdout=subprocess.PIPE, check=True)
    out = torch.from_numpy(np.frombuffer(run.stdout, np.uint8).reshape(-1, h, w, 3).copy()).permute(0, 3, 1, 2)[:, None].float() / 255
    # Where the output begins is found by its originals, which come through nearly unchanged.
    error = lambda at: np.mean([(out[2 * k + at] - even[k]).pow(2).mean().item() for k in range(1, len(even))])
    at = min(range(-1, 4), key=error)
    return [out[2 * k + 1 + at] for k in range(len(even) - 1)]


def vmaf(ffmpeg, folder, made, truth):
    """Mean VMAF of the made frames, between the even ones of truth."""
    h, w = truth[0].shape[-2:]
    shown = list(truth)
    shown[1::2] = made
    for name, frames in (('shown', shown), ('truth', truth)):
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(raw(frames))
    subprocess.run([ffmpeg, '-v', 'error', *source((w, h), 25, 'shown'), *source((w, h), 25, 'truth'), '-lavfi',
                    '[0]{0},format=yuv444p[a];[1]{0},format=yuv444p[b];[a][b]libvmaf=log_fmt=json:log_path=log'.format(EXACT),
                    '-f', 'null', '-'], cwd=folder, check=True)
    with open(os.path.join(folder, 'log')) as f:
        return np.mean([x['metrics']['vmaf'] for x in json.load(f)['frames'][1::2]])


def main():
    p = argparse.ArgumentParser()
    p.add_argument('weights')
    p.add_argument('clips', nargs='+')
    p.add_argument('--ffmpeg', default='ffmpeg')
    a = p.parse_args()
    net = IFNet().eval()
    net.load_state_dict(checkpoint.read_weights(a.weights))
    print('%-34s %7s %7s %7s' % ('VMAF', 'net', 'blend', 'mci'))
    rows = []
    for path in a.clips:
        frames = read_frames(path, 19, 'cpu')
        frames = frames[:len(frames) - (len(frames) + 1) % 2]
        if len(frames) < 3:
            raise SystemExit('%s: no three frames' % path)
        h, w = frames[0].shape[-2:]
        frames = [x[..., :h // 2 * 2, :w // 2 * 2] for x in frames]
        pairs = list(zip(frames[:-1:2], frames[2::2]))
        with torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
            made = ([interpolate(net, *x) for x in pairs], [(x + y) / 2 for x, y in pairs], mci(a.ffmpeg, frames[::2]))
            rows.append([vmaf(a.ffmpeg, folder, m, frames) for m in made])
        print('%-34s %7.2f %7.2f %7.2f' % (os.path.basename(path)[:34], *rows[-1]), flush=True)
    print('%-34s %7.2f %7.2f %7.2f' % ('mean of %d' % len(rows), *mean(rows)))


if __name__ == '__main__':
    main()
