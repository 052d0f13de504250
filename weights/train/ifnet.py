"""IFNet, the network of RIFE 4.6, in PyTorch, and two changes to it that trials measure.

Without them, state-dict names, shapes and arithmetic are those of the public 4.6 model,
so weights move freely between this program and any engine for that model. The changes
concern what follows the last block: a bicubic warp in place of the bilinear one, and a
small network (`refine`) that corrects the merged frame.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

SCALES = (8, 4, 2, 1)           # each block works at 1/scale of the frame
WIDTHS = (192, 128, 96, 64)     # channels inside each block


def down(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, 2, 1), nn.LeakyReLU(0.2, True))


class ResConv(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, 1, 1)
        self.beta = nn.Parameter(torch.ones(1, c, 1, 1))
        self.relu = nn.LeakyReLU(0.2, True)

    def forward(self, x):
        y = self.conv(x)
        return self.relu(y * self.beta.to(y.dtype) + x)


class IFBlock(nn.Module):
    """Refines flow and mask at one scale."""

    def __init__(self, cin, c):
        super().__init__()
        self.conv0 = nn.Sequential(down(cin, c // 2), down(c // 2, c))
        self.convblock = nn.Sequential(*[ResConv(c) for _ in range(8)])
        self.lastconv = nn.Sequential(nn.ConvTranspose2d(c, 24, 4, 2, 1), nn.PixelShuffle(2))

    def forward(self, x, flow, scale):
        """x: N,C,H,W; flow: N,4,H,W in pixels or None. Returns N,4,H,W and N,1,H,W."""
        if scale != 1:
            x = F.interpolate(x, scale_factor=1 / scale, mode='bilinear')
        if flow is not None:
            if scale != 1:
                flow = F.interpolate(flow, scale_factor=1 / scale, mode='bilinear') / scale
            x = torch.cat((x, flow.to(x.dtype)), 1)
        out = self.lastconv(self.convblock(self.conv0(x)))
        if scale != 1:
            out = F.interpolate(out, scale_factor=scale, mode='bilinear')
        out = out.float()       # flow sums stay FP32 under autocast: FP16 has 1/32 px steps at 40 px
        return out[:, :4] * scale, out[:, 4:5]


class Refine(nn.Module):
    """A correction of the merged frame, computed at half its size. It begins as zero."""

    def __init__(self, c):
        super().__init__()
        self.conv0 = down(11, c)
        self.convblock = nn.Sequential(*[ResConv(c) for _ in range(3)])
        self.lastconv = nn.ConvTranspose2d(c, 3, 4, 2, 1)
        nn.init.zeros_(self.lastconv.weight)
        nn.init.zeros_(self.lastconv.bias)

    def forward(self, w0, w1, flow, m):
        """w0, w1: warped frames N,3,H,W; flow: N,4,H,W in pixels; m: N,1,H,W, weight of w0. Returns N,3,H,W."""
        x = torch.cat((w0, w1, m, (flow / 32).clamp(-4, 4)), 1)
        return self.lastconv(self.convblock(self.conv0(x))).float()


def warp(img, flow, mode='bilinear'):
    """Backward warp: img N,C,H,W sampled at p + flow (N,2,H,W, pixels), edge clamped. bicubic: Keys' kernel, a = -0.75."""
    h, w = img.shape[-2:]
    ys = torch.linspace(-1, 1, h, device=img.device).view(1, h, 1)
    xs = torch.linspace(-1, 1, w, device=img.device).view(1, 1, w)
    grid = torch.stack((xs + flow[:, 0] * (2 / (w - 1)), ys + flow[:, 1] * (2 / (h - 1))), -1)
    return F.grid_sample(img, grid, mode=mode, padding_mode='border', align_corners=True)


class IFNet(nn.Module):
    def __init__(self, last_warp='bilinear', refine=0):
        """last_warp: 'bilinear' or 'bicubic', of the warp after the last block; refine: channels, 0 for none."""
        super().__init__()
        self.last_warp = last_warp
        self.refine = Refine(refine) if refine else None
        self.block0 = IFBlock(7, WIDTHS[0])
        self.block1 = IFBlock(12, WIDTHS[1])
        self.block2 = IFBlock(12, WIDTHS[2])
        self.block3 = IFBlock(12, WIDTHS[3])

    def forward(self, img0, img1, t):
        """img0, img1: N,3,H,W in [0,1], sides multiples of 32; t: N,1,H,W in [0,1].

        Returns one (frame, flow, mask) per block, coarse to fine. flow holds t->0
        and t->1 in pixels; mask is a logit, high where img0 is taken.
        """
        with torch.autocast(img0.device.type, enabled=False):
            pair = torch.cat((img0, img1, t), 1)
        flow, mask = self.block0(pair, None, SCALES[0])
        stages = []
        for block, scale in zip((None, self.block1, self.block2, self.block3), SCALES):
            if block is not None:
                dflow, dmask = block(torch.cat((w0, w1, t, mask), 1), flow, scale)
                flow, mask = flow + dflow, mask + dmask
            last = block is self.block3
            with torch.autocast(img0.device.type, enabled=False):
                mode = self.last_warp if last else 'bilinear'
                w0, w1 = warp(img0, flow[:, :2], mode), warp(img1, flow[:, 2:], mode)
                m = torch.sigmoid(mask)
                frame = w0 * m + w1 * (1 - m)
            if last and self.refine is not None:
                frame = frame + self.refine(w0, w1, flow, m)
            stages.append((frame, flow, mask))
        return stages

    def describe(self):
        """The properties of the network that a weights file stores with its tensors."""
        return {'last_warp': self.last_warp, 'refine': str(self.refine.conv0[0].out_channels if self.refine else 0)}

    def begin_from(self, weights):
        """Loads a state dict; one without `refine` leaves that at zero."""
        missing, extra = self.load_state_dict(weights, strict=False)
        missing = [k for k in missing if not k.startswith('refine.')]
        if missing or extra:
            raise SystemExit('not weights of this network: ' + ', '.join(missing + extra))


@torch.no_grad()
def interpolate(net, img0, img1, t=0.5):
    """Frame at t between img0 and img1 (N,3,H,W in [0,1], any size), rounded to 8 bits.

    Zero padding at the right and bottom up to a multiple of 32, as the engine does.
    """
    h, w = img0.shape[-2:]
    pad = (0, -w % 32, 0, -h % 32)
    a, b = F.pad(img0, pad), F.pad(img1, pad)
    out = net(a, b, torch.full_like(a[:, :1], t))[-1][0][..., :h, :w]
    return (out.clamp(0, 1) * 255).round() / 255
