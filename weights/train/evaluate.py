"""Measures a weights file: clips, image triplets, other timesteps, still pictures; the plain blend beside it.

    python3 evaluate.py WEIGHTS --clips DIR --middlebury DIR --ucf101 DIR --vimeo DIR [--steps a.mp4 ...] [--still]

Clips: odd frames rebuilt from their even neighbours at t = 1/2, the first 19 frames,
clips over a megapixel halved. Everything in FP32 with zero padding to 32, rounded to
8 bits; PSNR over RGB of a frame, averaged over frames, then over clips.
"""
import argparse
import glob
import os
import re

import cv2
import numpy as np
import torch

import checkpoint
from ifnet import IFNet, interpolate

TRIPLETS = {'middlebury': ('frame10.png', 'frame10i11.png', 'frame11.png'),
            'ucf101': ('frame_00.png', 'frame_01_gt.png', 'frame_02.png'),
            'vimeo': ('im1.png', 'im2.png', 'im3.png')}


def tensor(bgr, device):
    """H,W,3 uint8 BGR -> 1,3,H,W in [0,1], RGB."""
    return torch.from_numpy(bgr[:, :, ::-1].copy()).permute(2, 0, 1)[None].to(device).float() / 255


def read_frames(path, limit, device):
    c, out = cv2.VideoCapture(path), []
    while len(out) < limit:
        ok, x = c.read()
        if not ok:
            break
        h, w = x.shape[:2]
        if h * w > 1000000:
            x = cv2.resize(x, (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        out.append(tensor(x, device))
    return out


def psnr(a, b):
    return -10 * np.log10((a - b).pow(2).mean().item() + 1e-10)


def ssim(a, b):
    """Mean SSIM of luma, 11x11 Gaussian window of sigma 1.5, valid area."""
    y = [(255 * (.299 * x[0, 0] + .587 * x[0, 1] + .114 * x[0, 2])).cpu().numpy().astype(np.float64) for x in (a, b)]
    blur = lambda v: cv2.GaussianBlur(v, (11, 11), 1.5)[5:-5, 5:-5]
    (p, q), c1, c2 = y, 6.5025, 58.5225
    mp, mq = blur(p), blur(q)
    vp, vq, cov = blur(p * p) - mp * mp, blur(q * q) - mq * mq, blur(p * q) - mp * mq
    return (((2 * mp * mq + c1) * (2 * cov + c2)) / ((mp * mp + mq * mq + c1) * (vp + vq + c2))).mean()


def mean(rows):
    return np.array(rows).mean(0)


def clips(net, folder, device, match):
    """A row per clip: PSNR, SSIM, and PSNR of the blend."""
    print('%-34s %7s %7s %7s' % ('clip', 'net', 'ssim', 'blend'))
    rows = []
    for path in sorted(glob.glob(os.path.join(folder, '*'))):
        name = os.path.basename(path)
        frames = read_frames(path, 19, device) if re.search(match, name) else []
        if len(frames) < 3:
            continue
        got = []
        for i in range(0, len(frames) - 2, 2):
            a, target, b = frames[i:i + 3]
            out = interpolate(net, a, b)
            got.append((psnr(out, target), ssim(out, target), psnr((a + b) / 2, target)))
        rows.append(mean(got))
        print('%-34s %7.2f %7.4f %7.2f' % (name[:34], *rows[-1]), flush=True)
    print('%-34s %7.3f %7.4f %7.3f' % ('mean of %d' % len(rows), *mean(rows)), flush=True)


def triplets(net, kind, folder, device, each):
    """PSNR, SSIM, mean absolute error in sample values, and PSNR of the blend."""
    folders = sorted(glob.glob(os.path.join(folder, '*', ''))) or [folder]
    rows = []
    for d in folders:
        files = [os.path.join(d, f) for f in TRIPLETS[kind]]
        if not all(map(os.path.exists, files)):
            continue
        a, target, b = [tensor(cv2.imread(f), device) for f in files]
        out = interpolate(net, a, b)
        rows.append((psnr(out, target), ssim(out, target), 255 * (out - target).abs().mean().item(), psnr((a + b) / 2, target)))
        if each:
            print('  %-24s %7.2f dB  IE %5.2f  blend %7.2f' % (os.path.basename(d.rstrip('/')), rows[-1][0], *rows[-1][2:]), flush=True)
    print('%s: n %d  %.3f dB  ssim %.4f  IE %.3f  blend %.3f dB' % (kind, len(rows), *mean(rows)), flush=True)


def timesteps(net, path, device, gap=4):
    """PSNR at each inner time of a gap of frames, and of the blend weighted by time; then of the steps from each
    frame to the next, against the true ones: how evenly things move."""
    frames = read_frames(path, 4 * gap + 1, device)
    name = os.path.basename(path)[:34]
    at, steps = [[] for _ in range(gap)], []
    for i in range(0, len(frames) - gap, gap):
        truth = frames[i:i + gap + 1]
        a, b = truth[0], truth[-1]
        made, mixed = [a], [a]
        for k in range(1, gap):
            made.append(interpolate(net, a, b, k / gap))
            mixed.append(a + (b - a) * (k / gap))
            at[k].append((psnr(made[k], truth[k]), psnr(mixed[k], truth[k])))
        made, mixed = made + [b], mixed + [b]
        steps += [[psnr(x[k + 1] - x[k], truth[k + 1] - truth[k]) for x in (made, mixed)] for k in range(gap)]
    for k in range(1, gap):
        print('%-34s t %d/%d  %7.2f dB  blend %7.2f' % (name, k, gap, *mean(at[k])), flush=True)
    print('%-34s steps of 1/%d  %7.2f dB  blend %7.2f' % (name, gap, *mean(steps)), flush=True)


def still(net, folder, device, match):
    """Largest change in sample values when both inputs are the same frame, and their PSNR."""
    for path in sorted(glob.glob(os.path.join(folder, '*'))):
        name = os.path.basename(path)
        frames = read_frames(path, 1, device) if re.search(match, name) else []
        for f in frames:
            worst = [255 * (interpolate(net, f, f, t) - f).abs().max().item() for t in (.25, .5, .75)]
            print('still %-28s max %3.0f %3.0f %3.0f  at 1/2 %.2f dB' % (name[:28], *worst, psnr(interpolate(net, f, f), f)), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('weights')
    p.add_argument('--clips')
    p.add_argument('--match', default='.', help='take the clips whose name this pattern finds')
    for kind in TRIPLETS:
        p.add_argument('--' + kind)
    p.add_argument('--steps', nargs='*', default=[], help='clips for other timesteps')
    p.add_argument('--gap', type=int, nargs='*', default=[4, 8])
    p.add_argument('--still', action='store_true')
    p.add_argument('--last-warp', default='', help='instead of what the file says: bilinear or bicubic')
    p.add_argument('--each', action='store_true', help='print every triplet')
    a = p.parse_args()
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    said = checkpoint.read_header(a.weights).get('__metadata__', {})
    net = IFNet(a.last_warp or said.get('last_warp', 'bilinear'), int(said.get('refine', 0))).to(device).eval()
    net.load_state_dict(checkpoint.read_weights(a.weights))
    if a.clips:
        clips(net, a.clips, device, a.match)
        if a.still:
            still(net, a.clips, device, a.match)
    for kind in TRIPLETS:
        if getattr(a, kind):
            triplets(net, kind, getattr(a, kind), device, a.each)
    for path in a.steps:
        for gap in a.gap:
            timesteps(net, path, device, gap)


if __name__ == '__main__':
    main()
