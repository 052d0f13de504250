"""The changes of frames between scene and file: overlays, fades, bars, noise,
compression.

All functions take frames n,3(times 0,t,1),3,h,w in [0,1]. Overlays, fades and bars
apply to all three times; noise and compression only to the inputs, so that the target
stays clean.
"""
import functools
import math

import torch
import torch.nn.functional as F


def overlay(frames, t, bank, share):
    """Writing or a logo over the first samples (a share of all); three in four stand still, the rest run along."""
    k = round(len(frames) * share)
    if not k:
        return frames
    h, w = frames.shape[-2:]
    dev = frames.device
    u = lambda *s: torch.rand(k, *s, device=dev)
    mask = bank.masks[torch.randint(*bank.text, (k,), device=dev)].float() / 255
    ys, xs = torch.linspace(-1, 1, h, device=dev), torch.linspace(-1, 1, w, device=dev)
    grid = torch.stack(torch.meshgrid(xs, ys, indexing='xy'), -1)
    centre, radius = 1.4 * (u(1, 1, 1, 2) - .5), .3 + .9 * u(1, 1, 1, 1)
    run = .35 * (u(1, 1, 1, 2) - .5) * (u(1, 1, 1, 1) > .75)
    run[..., 1] *= u(1, 1, 1) < .3                      # most tickers run sideways
    tau = torch.stack((torch.zeros_like(t), t, torch.ones_like(t)), 1)[:k].view(k, 3, 1, 1, 1)
    own = (grid - centre - run * tau) / radius          # k,3,h,w,2
    m = F.grid_sample(mask, own.reshape(k, 3 * h, w, 2), mode='bilinear', padding_mode='zeros', align_corners=False)
    m = ((m.view(k, 3, 1, h, w) - .5) * 3 + .5).clamp(0, 1) * (.6 + .8 * u(1, 1, 1, 1)).clamp(max=1)
    ink = (u(1, 1, 1, 1) < .7).float().lerp(u(1, 3, 1, 1), .3)      # mostly nearly white or nearly black
    plate = (own.abs().amax(-1) < .95)[:, :, None] * (.7 * (u(1, 1, 1, 1) < .25))
    head = torch.lerp(frames[:k], (1 - ink).expand_as(frames[:k]), plate)
    return torch.cat((torch.lerp(head, ink.expand_as(head), m), frames[k:]))


def fade(frames, t, chance):
    """Brightness drifting linearly from one input to the other."""
    u = lambda: torch.rand(len(frames), device=frames.device)
    end = torch.exp(.3 * torch.randn_like(t)) ** (u() < chance)
    first = u() < .5            # which input is the changed one
    a, b = torch.where(first, end, 1.), torch.where(first, 1., end)
    gain = torch.stack((a, a + (b - a) * t, b), 1)
    return frames * gain.view(-1, 3, 1, 1, 1)


def bars(frames, valid, chance):
    """Black borders (letterbox, and the zero padding of the engine) of up to a fifth of the frame."""
    n, _, _, h, w = frames.shape
    dev = frames.device
    cut = .2 * torch.rand(n, 4, device=dev) * (torch.rand(n, 4, device=dev) < .5) * (torch.rand(n, 1, device=dev) < chance)
    ys, xs = [((torch.arange(m, device=dev) + .5) / m).view(1, m) for m in (h, w)]
    rows = (ys > cut[:, :1]) & (ys < 1 - cut[:, 1:2])
    cols = (xs > cut[:, 2:3]) & (xs < 1 - cut[:, 3:])
    keep = (rows[:, :, None] & cols[:, None]).float()[:, None]
    return frames * keep[:, None], valid * keep


def noise(frames, chance):
    """Independent noise on the two inputs, white or slightly blurred."""
    n = len(frames)
    sigma = .025 * torch.rand(n, 1, 1, 1, 1, device=frames.device) ** 1.5
    sigma = sigma * (torch.rand_like(sigma) < chance)
    e = torch.randn_like(frames[:, ::2])
    half = n // 2
    e[:half] = 2 * F.avg_pool2d(e[:half].flatten(0, 1), 3, 1, 1).view_as(e[:half])
    out = frames.clone()
    out[:, ::2] += e * sigma
    return out


@functools.cache
def coding(device):
    """Matrices: RGB to luma and chroma, back, and the transform of 8; steps of a quantizer by row, column, plane."""
    k = torch.arange(8).float()
    dct = torch.cos(math.pi / 8 * (k[None] + .5) * k[:, None]) / 2
    dct[0] /= math.sqrt(2)
    rgb = torch.tensor([[.299, .587, .114], [-.169, -.331, .5], [.5, -.419, -.081]])
    step = (1 + .25 * (k[:, None, None] + k)).view(8, 1, 8) * torch.tensor([1., 2, 2]).view(3, 1, 1, 1, 1)
    return rgb.to(device), torch.linalg.inv(rgb).to(device), dct.to(device), step.to(device)


def compress(frames, share):
    """8x8 transform coding of the inputs of a share of the samples (the last ones), chroma coarser."""
    n, _, _, h, w = frames.shape
    k = round(n * share)
    if not k:
        return frames
    x = frames[-k:, ::2]
    rgb, back, d, step = coding(frames.device)
    y = torch.einsum('dc,ktchw->ktdhw', rgb, x).reshape(k, 2, 3, h // 8, 8, w // 8, 8)
    y = torch.einsum('ai,ktchiwj,bj->ktchawb', d, y, d)
    step = step * (.004 * torch.exp(torch.rand(k, 1, 1, 1, 1, 1, 1, device=frames.device) * 2.5))
    y = (y / step).round() * step
    y = torch.einsum('ai,ktchawb,bj->ktchiwj', d, y, d).reshape(k, 2, 3, h, w)
    out = frames.clone()
    out[-k:, ::2] = torch.einsum('cd,ktdhw->ktchw', back, y)
    return out


def to_8_bit(frames):
    return (frames.clamp(0, 1) * 255).round() / 255
