"""Triplets from real clips, cut on the GPU."""
from concurrent.futures import ThreadPoolExecutor
import glob
import os

import cv2
import numpy as np
import torch
import torch.nn.functional as F

SPANS = (2, 3, 4, 5, 6, 8)      # frames between the two inputs


def read_clip(path, side, limit):
    """Frames N,H,W,3 uint8 RGB, shorter side at least `side`; None for under 3 frames."""
    c, frames = cv2.VideoCapture(path), []
    while len(frames) < limit:
        ok, x = c.read()
        if not ok:
            break
        h, w = x.shape[:2]
        if min(h, w) < side:
            s = side / min(h, w)
            x = cv2.resize(x, (max(side, round(w * s)), max(side, round(h * s))), interpolation=cv2.INTER_CUBIC)
        frames.append(x[:, :, ::-1])
    return np.stack(frames) if len(frames) >= 3 else None


def windows(frames):
    """(start, span, weight) of usable windows of one clip: no cut, even motion or nearly none.

    A step is the mean absolute difference of neighbouring frames at 64x64, in [0,1].
    """
    small = np.stack([cv2.resize(f, (64, 64), interpolation=cv2.INTER_AREA) for f in frames]).astype(np.float32) / 255
    step = np.abs(small[1:] - small[:-1]).mean((1, 2, 3))
    found = []
    for span in SPANS:
        for i in range(len(step) - span + 1):
            s = step[i:i + span]
            if s.max() < .002:
                found.append((i, span, .3))
            elif .001 < s.min() and s.max() < min(.12, 3.5 * s.min() + .004):
                found.append((i, span, float(np.clip(s.mean() * span / .04, .15, 2.5))))
    return found


class RealClips:
    """All clips in one byte buffer on the device (some gigabytes), and the windows to draw from."""

    def __init__(self, folder, device, side=384, limit=600):
        with ThreadPoolExecutor() as pool:
            paths = sorted(glob.glob(os.path.join(folder, '*')))
            clips = [c for c in pool.map(lambda p: read_clip(p, side, limit), paths) if c is not None]
            found = list(pool.map(windows, clips))
        rows, base = [], 0
        for c, win in zip(clips, found):
            n, h, w = c.shape[:3]
            # The square root keeps long clips from taking over.
            scale = 1 / max(1, sum(x[2] for x in win)) ** .5
            rows += [(base, i, span, h, w, weight * scale) for i, span, weight in win]
            base += n * h * w
        self.pixels = torch.empty(base, 3, dtype=torch.uint8, device=device)
        base = 0
        for c in clips:
            p = torch.from_numpy(c).view(-1, 3)
            self.pixels[base:base + len(p)] = p.to(device)
            base += len(p)
        self.rows = torch.tensor([r[:5] for r in rows], device=device)
        self.chance = torch.tensor([r[5] for r in rows], device=device).cumsum(0)
        self.device, self.side, self.count = device, side, len(clips)

    def draw(self, n):
        """n windows by their weights: rows of (first pixel of the clip, start, span, h, w)."""
        at = torch.rand(n, device=self.device) * self.chance[-1]
        return self.rows[torch.searchsorted(self.chance, at).clamp(max=len(self.rows) - 1)]

    def batch(self, n, size, still=.06):
        """n triplets n,3(times 0,t,1),3,size,size in [0,1] and t n; a share `still` repeats one frame."""
        u = lambda *s: torch.rand(*s, device=self.device)
        base, start, span, h, w = self.draw(n).unbind(1)
        middle = 1 + (u(n) * (span - 1)).long()
        t = middle / span
        frame = torch.stack((torch.zeros_like(span), middle, span), 1) * (u(n, 1) > still)
        # One zoom for the batch: the crop is 0.85 to 1.6 times as large as its result, mostly
        # larger, for what is made smaller is sharp. The coin is the CPU's: asking the GPU
        # for a number would stop its queue.
        coin = torch.rand(2).tolist()
        cut = min(self.side, int(size * (1 if coin[0] < .4 else .85 + .75 * coin[1])))
        y, x = (u(n) * (h - cut + 1)).long(), (u(n) * (w - cut + 1)).long()
        corner = base + start * h * w + y * w + x
        pos = corner[:, None] + frame * (h * w)[:, None]
        line = torch.arange(cut, device=self.device)
        pos = pos[..., None, None] + line[:, None] * w[:, None, None, None] + line
        out = self.pixels[pos].permute(0, 1, 4, 2, 3).float() / 255
        if cut != size:
            out = F.interpolate(out.flatten(0, 1), (size, size), mode='bilinear', antialias=cut > size).view(n, 3, 3, size, size)
        return self.turn(out, t, u)

    @staticmethod
    def turn(x, t, u):
        """Mirrored, transposed, run backwards, colours exchanged: each with its own coin."""
        pick = lambda p, a, b: torch.where(u(len(x)).view(-1, 1, 1, 1, 1) < p, a, b)
        x = pick(.5, x.flip(-1), x)
        x = pick(.5, x.flip(-2), x)
        x = pick(.5, x.transpose(-1, -2), x)
        x = pick(.3, x[:, :, torch.randperm(3, device=x.device)], x)
        back = u(len(x)) < .5
        return torch.where(back.view(-1, 1, 1, 1, 1), x.flip(1), x), torch.where(back, 1 - t, t)
