"""Layered motion with exact in-between frames and exact flows, made on the GPU.

A sample is a background and foreground layers. A layer is a texture seen through a
shape mask, in coordinates of its own, moved by a similarity and a smooth bend that
are linear in time; hence the frame at every t and the flow of what is seen at t are
known. Times of one sample are stacked along the height, so that each layer takes one
texture lookup for all three frames. The lookup is bicubic at about one texel a pixel, as
sharp as a photograph: a bilinear one would teach that pictures in motion are soft.
"""
import math

import torch
import torch.nn.functional as F

import textures

FOREGROUND = 4      # layers above the background, at most
FLOW_STRIDE = 4     # flows are solved on a coarser grid: motion inside a layer is smooth


class Bank:
    """Textures T,3,512,512 and masks M,1,192,192, uint8, on the device."""

    def __init__(self, device, seed, photos=None, share=1.0):
        """photos: folder of photographs; share scales the drawn counts."""
        cut = lambda table: [(f, max(1, round(n * share))) for f, n in table]
        drawn, first = textures.draw_all(cut(textures.TEXTURES), seed)
        parts = [torch.from_numpy(drawn)]
        if photos:
            parts.append(torch.from_numpy(textures.photographs(photos)))
        self.textures = torch.cat([p.permute(0, 3, 1, 2) for p in parts]).contiguous().to(device)
        # [from, to) of what is drawn, of flat drawings and pages, of pages, of photographs
        self.drawn = (0, len(drawn))
        self.flat = (first['flat'], len(drawn))
        self.pages = (first['page'], len(drawn))
        self.natural = (len(drawn) if len(self.textures) > len(drawn) else 0, len(self.textures))
        masks, first = textures.draw_all(cut(textures.MASKS), seed + 1)
        masks[:, :2] = masks[:, -2:] = 0
        masks[:, :, :2] = masks[:, :, -2:] = 0
        self.masks = torch.from_numpy(masks)[:, None].to(device)
        self.text = (first['m_text'], first['m_specks'])


def pixel_grid(size, device):
    """size,size,2: x and y in pixels from the image centre."""
    v = torch.arange(size, device=device) - (size - 1) / 2
    return torch.stack(torch.meshgrid(v, v, indexing='xy'), -1)


def look_up(img, grid, padding, mode='bilinear'):
    """img n,c,H,W at grid n,k,h,w,2 in [-1,1] -> n,c,k,h,w."""
    n, k, h, w, _ = grid.shape
    out = F.grid_sample(img, grid.reshape(n, k * h, w, 2), mode=mode, padding_mode=padding, align_corners=False)
    return out.view(n, -1, k, h, w)


class Layer:
    """n random layers, one per sample. Lengths in pixels, time in [-1/2, 1/2]."""

    def __init__(self, n, size, bank, scene, depth):
        dev = bank.textures.device
        u = lambda *s: torch.rand(n, *s, device=dev)
        g = lambda *s: torch.randn(n, *s, device=dev)
        maybe = lambda p: (u(1) < p).float()
        self.depth, k = depth, size / 256
        far, top = depth == 0, depth >= FOREGROUND - 1

        # Own motion on top of the camera's; an overlay has neither.
        held = scene['held']
        speed = k * torch.exp(u(1) * math.log(40 / .3) + math.log(.3)) * maybe(.35 if far else .85) * (1 - .8 * held)
        angle = u(1) * 2 * math.pi
        v = speed * torch.cat((torch.cos(angle), torch.sin(angle)), 1) * (1 - scene['scroll']) + scene['v']
        spin = g(1) * .05 * maybe(.5) + scene['spin']
        grow = g(1) * .06 * maybe(.5) + scene['grow']
        bend = torch.exp(u(1) * 3 - 1.5) * maybe(.4) * k
        moving = (1 - maybe(.03 if far else .3 if top else .12)) * scene['pace']
        if far:
            moving = moving * (1 - held)
        rigid = 1 - scene['scroll']
        self.v = (v * moving)[:, None, None, None]
        self.spin, self.grow = [(x * moving * rigid)[:, :, None, None] for x in (spin, grow)]
        self.bend = F.interpolate(g(2, 5, 5), (48, 48), mode='bicubic', align_corners=True)
        self.bend = self.bend * (bend * moving * rigid)[..., None, None]
        if far:     # the ground has depth: what is nearer follows the camera more
            depth = F.interpolate(g(1, 4, 4), (48, 48), mode='bicubic', align_corners=True)
            self.bend = self.bend + depth * (.3 * maybe(.6) * scene['v'] * moving * rigid)[..., None, None]
        self.centre = ((u(2) - .5) * .9 * size * (0 if far else 1))[:, None, None, None]
        self.reach = .8 * size

        pick = lambda kind: torch.randint(*kind, (n,), device=dev)
        photo = u() < (.65 if far else .5)
        index = torch.where(photo, pick(bank.natural), pick(bank.drawn))
        if far:
            index = torch.where(scene['scroll'][:, 0] > 0, pick(bank.pages), index)
        index = torch.where(held[:, 0] > 0, pick(bank.flat), index)
        self.texture = bank.textures[index].float() / 255
        spread = torch.where(photo, .15, .35).view(n, 1, 1, 1, 1)
        self.zoom = torch.exp(g(1, 1, 1, 1) * spread).clamp(.6, 1.3) * 2 / self.texture.shape[-1]
        self.offset = (u(1, 1, 1, 2) - .5)
        tint = maybe(.6)[..., None, None, None]
        self.gain = (1 + .25 * g(3, 1, 1, 1) * tint).clamp(.4, 1.6)
        self.bias = .08 * g(3, 1, 1, 1) * tint
        if not far:
            index = torch.randint(0, len(bank.masks), (n,), device=dev)
            if top:     # many of the top layers are writing
                index = torch.where(u() < .4, torch.randint(*bank.text, (n,), device=dev), index)
            mask = bank.masks[index].float() / 255
            self.radius = size * torch.exp(u(1, 1, 1, 1) * math.log(8)) * .09
            self.hard = 1 + 4 * u(1, 1, 1, 1)
            for step in (2, 4):     # a mask shown small is smoothed first, or thin strokes would flicker
                small = mask.shape[-1] / 2 / self.radius > .75 * step
                soft = F.interpolate(F.avg_pool2d(mask, step), scale_factor=step, mode='bilinear')
                mask = torch.where(small[..., 0], soft, mask)
                self.hard = torch.where(small, 1, self.hard)
            self.mask = mask
            self.opacity = (torch.where(u(1) < .12, .4 + .5 * u(1), torch.ones_like(u(1))) * maybe(.7 - .3 * held))[..., None, None, None]
            self.rise = ((u(1) < .05 + .15 * held) * (2. - 4 * (u(1) < .5)))[..., None, None, None]

    def own(self, p, s):
        """Image points p (.,.,h,w,2) at times s (n,k) -> the layer's coordinates n,k,h,w,2."""
        s = s[:, :, None, None]
        q = p - (self.centre + self.v * s[..., None])
        a, z = -self.spin * s, torch.exp(-self.grow * s)
        co, si = torch.cos(a) * z, torch.sin(a) * z
        x = torch.stack((q[..., 0] * co - q[..., 1] * si, q[..., 0] * si + q[..., 1] * co), -1) + self.centre
        d = look_up(self.bend, x / self.reach, 'border').permute(0, 2, 3, 4, 1)
        return x - d * s[..., None]

    def colour(self, x):
        """n,3,k,h,w in [0,1]."""
        x = look_up(self.texture, x * self.zoom + self.offset, 'reflection', 'bicubic')
        return (x * self.gain + self.bias).clamp(0, 1)

    def alpha(self, x, s):
        """n,1,k,h,w in [0,1]. Few layers rise from nothing to full over the gap, or sink."""
        m = look_up(self.mask, (x - self.centre) / self.radius, 'zeros')
        rise = torch.where(self.rise == 0, 1, .5 + self.rise / 2 * s[:, None, :, None, None])
        return (((m - .5) * self.hard + .5).clamp(0, 1)) * self.opacity * rise

    def flow(self, p, t):
        """Flow t->0 and t->1 (n,4,h,w) on the points p: the motion is inverted by fixed-point steps."""
        here = self.own(p, t[:, None])
        ends = torch.linspace(-.5, .5, 2, device=t.device).expand(len(t), 2)
        q = p.expand(len(t), 2, -1, -1, -1)
        for _ in range(3):
            q = q + (here - self.own(q, ends))
        return (q - p).permute(0, 1, 4, 2, 3).flatten(1, 2)


def random_scene(n, size, device):
    """The properties that the layers of a sample share: camera motion, pace (0 still, <1 slow, >1 fast), scrolling text, held drawings."""
    u = lambda: torch.rand(n, 1, device=device)
    maybe = lambda p: (u() < p).float()
    speed = size / 256 * torch.exp(u() * 5 - 1.5) * maybe(.65)
    angle = u() * 2 * math.pi
    scroll = maybe(.1)
    quarter = (angle / (math.pi / 2)).floor() * (math.pi / 2)
    angle = torch.where(scroll > 0, quarter, angle)
    speed = torch.where(scroll > 0, size / 256 * torch.exp(u() * 4.2), speed)
    held = maybe(.12) * (1 - scroll)
    live = 1 - held
    kind = u()
    pace = 1 - (kind < .1).float() - .9 * ((kind >= .1) & (kind < .2)).float() + (kind > .86).float() + (kind > .95).float()
    pace = torch.where(held > 0, 1, pace)
    return {'v': speed * torch.cat((torch.cos(angle), torch.sin(angle)), 1) * live, 'scroll': scroll, 'pace': pace, 'held': held,
            'spin': torch.randn(n, 1, device=device) * .025 * maybe(.3) * live,
            'grow': torch.randn(n, 1, device=device) * .06 * maybe(.4) * live}


@torch.no_grad()
def synth_batch(n, size, bank):
    """n samples: frames n,3(times 0,t,1),3,size,size in [0,1]; t n; flow n,4,size,size; valid n,2,size,size.

    Held samples are drawings as cartoons and screens show them, which keep one pose or the
    other in between, and nothing tells which: a coin weighted by t. The target is that
    coin's mean, which is the best answer under a squared error and a calmer teacher.
    """
    dev = bank.textures.device
    t = torch.where(torch.rand(n, device=dev) < .35, .5, .05 + .9 * torch.rand(n, device=dev))
    times = torch.stack((torch.full_like(t, -.5), t - .5, torch.full_like(t, .5)), 1)
    p = pixel_grid(size, dev)[None, None]
    coarse = F.avg_pool2d(p[0].permute(0, 3, 1, 2), FLOW_STRIDE).permute(0, 2, 3, 1)[None]
    scene = random_scene(n, size, dev)
    for depth in range(FOREGROUND + 1):
        layer = Layer(n, size, bank, scene, depth)
        x = layer.own(p, times)
        colour = layer.colour(x)
        f = F.interpolate(layer.flow(coarse, t - .5), scale_factor=FLOW_STRIDE, mode='bilinear')
        if depth == 0:
            frames, flow = colour, f
        else:
            a = layer.alpha(x, times)
            frames = torch.lerp(frames, colour, a)
            flow = torch.where(a[:, :, 1] > .5, f, flow)
    edge = (size - 1) / 2
    valid = [((p[0] + flow[:, j:j + 2].permute(0, 2, 3, 1)).abs().amax(-1) <= edge) for j in (0, 2)]
    frames, held = frames.transpose(1, 2).contiguous(), scene['held'][:, :, None, None]
    frames[:, 1] = torch.where(held > 0, torch.lerp(frames[:, 0], frames[:, 2], t[:, None, None, None]), frames[:, 1])
    return frames, t, flow, torch.stack(valid, 1) * (1 - held)


class SynthStream:
    """Batches of n cut from larger ones; every larger one is used `reuse` times, turned differently."""

    def __init__(self, n, size, bank, chunk=4, reuse=2):
        self.n, self.size, self.bank, self.chunk, self.reuse = n, size, bank, chunk, reuse
        self.queue = []

    def refill(self):
        frames, t, flow, valid = synth_batch(self.n * self.chunk, self.size, self.bank)
        for turn in range(self.reuse):
            if turn:
                frames, t, flow, valid = mirror(*back_in_time(frames, t, flow, valid))
            order = torch.randperm(len(t), device=t.device).split(self.n)
            self.queue += [(frames, t, flow, valid, o) for o in order]

    def next(self):
        if not self.queue:
            self.refill()
        *parts, order = self.queue.pop(0)
        return [x[order] for x in parts]


def back_in_time(frames, t, flow, valid):
    return frames.flip(1), 1 - t, flow.roll(2, 1), valid.flip(1)


def mirror(frames, t, flow, valid):
    """Left and right change places, and so do x and y."""
    flow = flow.flip(-1).transpose(-1, -2)
    flow = torch.stack((flow[:, 1::2], -flow[:, ::2]), 2).flatten(1, 2)
    return frames.flip(-1).transpose(-1, -2), t, flow, valid.flip(-1).transpose(-1, -2)
