"""Trains IFNet 4.6 on generated motion and real clips, on any number of GPUs.

    python3 train.py --data DATA --out RUN --seconds 1300 [--init weights.safetensors]

DATA holds clips/ (videos) and photos/. One process per GPU, told apart by RANK
and WORLD_SIZE (as torchrun sets them). The schedule runs on the clock: learning rate
and crop size follow the elapsed share of --seconds, set-up included, so a run fits a
fixed lease. RUN gets log.txt, ema.safetensors and a checkpoint in parts; --resume goes
on from it, or begins where there is none.
"""
import argparse
import math
import os
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F

import checkpoint
import degrade
from data import RealClips
from ifnet import IFNet
from muon import Muon
from synth import Bank, SynthStream

STAGE_WEIGHT = (.15, .2, .3, 1.)        # image loss, coarse to fine
FLOW_WEIGHT = (.3, .5, .8, 1.)          # flow loss, coarse to fine
STILL_WEIGHT = .004                     # of the logarithm of the largest error of what stands still
TICK = 25                               # steps between looks at the clock
SCALE = 1024.                           # first loss scale, for gradients in FP16
LOG_WEIGHT = .02                        # of the logarithm of the squared error


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument('--data', required=True)
    a.add_argument('--out', required=True)
    a.add_argument('--seconds', type=float, default=1300, help='length of the whole schedule')
    a.add_argument('--init', default='', help='weights to start from')
    a.add_argument('--last-warp', default='bilinear', choices=('bilinear', 'bicubic'), help='of the warp behind the last block')
    a.add_argument('--refine', type=int, default=0, help='channels of the network that corrects the merged frame; 0: none')
    a.add_argument('--resume', action='store_true')
    a.add_argument('--start', type=float, default=0, help='when the schedule began, in seconds since 1970, also for a run '
                   'that was broken off and is resumed; without it, now')
    a.add_argument('--phases', default='256x64:0.7,384x28:1', help='CROPxBATCH:END for each GPU, END as a share of the time')
    a.add_argument('--real', type=float, default=.5, help='share of real crops in a batch')
    a.add_argument('--muon', action='store_true', help='orthogonal updates for the inner convolutions')
    a.add_argument('--lr', type=float, default=3e-4)
    a.add_argument('--floor', type=float, default=.005, help='last learning rate over the first')
    a.add_argument('--decay', type=float, default=.9995, help='of the moving average')
    a.add_argument('--seed', type=int, default=6)
    a.add_argument('--save', type=float, default=60, help='seconds between checkpoints')
    a.add_argument('--keep', default='.6,.8', help='shares of the time at which the average is kept under a name of its own')
    a.add_argument('--bank', type=float, default=1, help='scale of the number of drawn textures')
    a.add_argument('--compile', type=int, default=1)
    a.add_argument('--graphs', type=int, default=1, help='0: launch every kernel separately; slower')
    a.add_argument('--steps', type=int, default=0, help='stop after this many steps (trials)')
    a.add_argument('--warm', action='store_true', help='compile the last phase into the cache and leave')
    a = a.parse_args()
    a.phases = [(int(s.split('x')[0]), int(s.split('x')[1].split(':')[0]), float(s.split(':')[1]))
                for s in a.phases.split(',')]
    a.keep = [float(s) for s in a.keep.split(',') if s]
    return a


def laplacian_loss(d, levels=5):
    """L1 of the difference d (n,3,h,w) itself and over the bands of a pyramid of it, coarse bands weighted up."""
    total = d.abs().mean()
    for level in range(levels - 1):
        low = F.avg_pool2d(d, 2)
        total = total + (d - F.interpolate(low, scale_factor=2, mode='bilinear')).abs().mean() * (1 + .5 * level)
        d = low
    return total + 4 * d.abs().mean()


def endpoint_error(flow, truth, valid):
    """Mean length of the flow error in pixels where the source lies inside; long errors are cut at 60 px."""
    e = (flow - truth).unflatten(1, (2, 2)).pow(2).sum(2)
    return ((e + 1e-4).sqrt() * valid).clamp(max=60).mean()


def still_error(out, frames):
    """Largest error per sample, in sample values, where the inputs and the target agree all around a pixel.

    The 8th power stands for the maximum: it reaches every pixel that is nearly as bad.
    """
    a, target, b = frames.unbind(1)
    moving = ((a != b) | (a != target)).any(1, keepdim=True).float()
    d = 255 * (out - target) * (1 - F.max_pool2d(moving, 5, 1, 2))
    return (d.pow(8).mean((1, 2, 3)) + 1e-6) ** (1 / 8)


def objective(net, device, frames, t, flow, valid, flow_weight, log_weight):
    """Loss and what the log shows. The first samples, as many as flow has, carry true flows.

    The logarithm of each sample's squared error is what a mean PSNR measures: it keeps
    small errors on still pictures worth correcting beside large ones on fast motion. So
    does that of the largest error of what stands still, whose bare gradient would be
    forty times that of all else.
    """
    target, size = frames[:, 1], frames.shape[-1]
    plane = t.view(-1, 1, 1, 1).expand(-1, 1, size, size)
    with torch.autocast(device, dtype=torch.float16, enabled=device == 'cuda'):
        stages = net(frames[:, 0], frames[:, 2], plane)
    image = sum(w * laplacian_loss(s[0] - target) for w, s in zip(STAGE_WEIGHT, stages))
    error = (stages[-1][0] - target).pow(2).mean((1, 2, 3))
    epe = sum(w * endpoint_error(s[1][:len(flow)], flow, valid) for w, s in zip(FLOW_WEIGHT, stages))
    still = still_error(stages[-1][0], frames)
    loss = (image + log_weight * torch.log(error + 1e-5).mean() + flow_weight * epe
            + STILL_WEIGHT * torch.log1p(still).mean())
    return loss, image.detach(), epe.detach(), still.detach().mean(), error.detach()


class Mixer:
    """Makes batches: n_synth generated samples first, then n_real real ones."""

    def __init__(self, size, batch, share, bank, clips):
        self.size, self.bank, self.clips = size, bank, clips
        self.n_real = round(batch * share) if clips else 0
        self.n_synth = batch - self.n_real
        self.stream = SynthStream(self.n_synth, size, bank)

    @torch.no_grad()
    def next(self):
        frames, t, flow, valid = self.stream.next()
        frames = degrade.fade(frames, t, .15)
        if self.n_real:
            real, tr = self.clips.batch(self.n_real, self.size)
            real = degrade.overlay(real, tr, self.bank, .25)
            frames, t = torch.cat((frames, real)), torch.cat((t, tr))
        every = torch.cat((valid, valid.new_ones(self.n_real, *valid.shape[1:])))
        frames, every = degrade.bars(frames, every, .12)
        s = frames[:self.n_synth]
        s = degrade.compress(degrade.noise(s, .25), .2)
        frames = degrade.to_8_bit(torch.cat((s, frames[self.n_synth:])))
        return frames, t, flow.contiguous(), every[:self.n_synth].contiguous()


class Step:
    """One step of training: gradients of a batch, then new weights and a new average.

    Nothing in it waits for the GPU or depends on a number that only the CPU knows, so it can be
    recorded: what changes from step to step are tensors of one element.
    """

    def __init__(self, net, opt, ema, objective, device, world):
        self.net, self.opt, self.ema, self.objective, self.device, self.world = net, opt, ema, objective, device, world
        self.params = list(net.parameters())
        scalar = lambda v, **kind: torch.tensor(v, device=device, **kind)
        self.flow_weight, self.log_weight, self.blending = scalar(0.), scalar(LOG_WEIGHT), scalar(0.)
        self.scale, self.good_steps = scalar(SCALE if device == 'cuda' else 1.), scalar(0, dtype=torch.int32)
        self.seen = torch.zeros(6, device=device)
        self.n_synth = 0        # samples of a batch that are generated: its first
        self.flat = torch.zeros(sum(p.numel() for p in self.params), device=device) if world > 1 else None

    def backward(self, sample):
        loss, image, epe, still, error = self.objective(self.net, self.device, *sample, self.flow_weight, self.log_weight)
        for p in self.params:
            p.grad = None
        (loss * self.scale).backward()
        if self.world > 1:
            torch.cat([p.grad.reshape(-1) for p in self.params], out=self.flat)
        with torch.no_grad():
            f = sample[0][self.n_synth:]
            blend = ((f[:, 0] + f[:, 2]) / 2 - f[:, 1]).pow(2).mean((1, 2, 3))
            mean_db = lambda e: -10 * torch.log10(e + 1e-6).mean()
            self.seen += torch.stack((image, epe, still, mean_db(error[:self.n_synth]), mean_db(error[self.n_synth:]), mean_db(blend)))

    def exchange(self):
        if self.world > 1:
            dist.all_reduce(self.flat)

    @torch.no_grad()
    def update(self):
        if self.world > 1:
            for p, g in zip(self.params, self.flat.split([p.numel() for p in self.params])):
                p.grad.copy_(g.view_as(p)).div_(self.world)
        grads = [p.grad for p in self.params]
        norm = torch.stack(torch._foreach_norm(grads)).norm() / self.scale
        bad = 1. - norm.isfinite().float()
        torch._foreach_mul_(grads, 1 / (self.scale * norm.clamp(min=1)))     # the gradient is at most 1 long
        if self.device == 'cuda':
            self.opt.found_inf, self.opt.grad_scale = bad, None              # a bad step changes no weights
        self.opt.step()
        if self.device == 'cuda':
            torch._amp_update_scale_(self.scale, self.good_steps, bad, 2., .5, 2000)
        torch._foreach_mul_(self.ema, 1 - self.blending)
        torch._foreach_add_(self.ema, torch._foreach_mul([p.detach() for p in self.params], self.blending))


class Player:
    """Runs a Step: the first times as it is, then from a recording (CUDA graphs).

    A step is two thousand kernels, most of them short: launching them one by one takes
    almost twice as long as running them.
    """

    def __init__(self, step, record):
        self.step, self.record, self.warm, self.graphs = step, record, 3, None

    def __call__(self, sample):
        if not self.record:
            self.plain(sample)
        elif self.warm:     # the allocator and the libraries settle, beside the main stream as recordings are
            self.warm -= 1
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                self.plain(sample)
            torch.cuda.current_stream().wait_stream(side)
            torch.cuda.synchronize()
        else:
            if self.graphs is None:
                self.make(sample)
            for to, x in zip(self.sample, sample):
                to.copy_(x)
            self.graphs[0].replay()
            self.step.exchange()
            self.graphs[1].replay()

    def plain(self, sample):
        self.step.backward(sample)
        self.step.exchange()
        self.step.update()

    def make(self, sample):
        self.sample = [x.clone() for x in sample]
        self.graphs = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graphs[0], capture_error_mode='thread_local'):
            self.step.backward(self.sample)
        with torch.cuda.graph(self.graphs[1], pool=self.graphs[0].pool(), capture_error_mode='thread_local'):
            self.step.update()


def main():
    a = arguments()
    rank, world = int(os.environ.get('RANK', 0)), int(os.environ.get('WORLD_SIZE', 1))
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    if device == 'cuda':
        torch.cuda.set_device(int(os.environ.get('LOCAL_RANK', rank)) % torch.cuda.device_count())
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
    if world > 1 and not a.warm:
        dist.init_process_group('nccl' if device == 'cuda' else 'gloo', rank=rank, world_size=world)
    os.makedirs(a.out, exist_ok=True)
    torch.manual_seed(a.seed)
    log = open(os.path.join(a.out, 'log.txt'), 'a', buffering=1) if rank == 0 and not a.warm else None

    def say(*words):
        if log:
            print(*words, flush=True)
            print(*words, file=log)

    began = time.time()
    net = IFNet(a.last_warp, a.refine).to(device, memory_format=torch.channels_last)
    params = list(net.parameters())
    lr = torch.tensor(a.lr, device=device)
    adam = {'lr': lr, 'weight_decay': 1e-3, 'betas': (.9, .99), 'fused': device == 'cuda', 'capturable': device == 'cuda'}
    opt = Muon(net.named_parameters(), **adam) if a.muon else torch.optim.AdamW(params, **adam)
    if a.init:
        net.begin_from(checkpoint.read_weights(a.init))
    ema = [p.detach().clone() for p in params]
    step, used = 0, 0.
    if a.resume and checkpoint.exists(a.out):
        step, used = checkpoint.load(a.out, net, opt, ema)
    if world > 1 and not a.warm:
        for p in params:
            dist.broadcast(p.data, 0)

    if a.warm:
        a.phases, clips = a.phases[-1:], None
    else:
        clips = RealClips(os.path.join(a.data, 'clips'), device) if a.real else None
    torch.manual_seed(a.seed + 1000 * rank + step)
    if a.warm:      # the compiled code depends on shapes only
        size, batch, _ = a.phases[0]
        n = batch - round(batch * a.real)
        u = lambda *s: torch.rand(*s, device=device)
        sample = u(batch, 3, 3, size, size), u(batch), u(n, 4, size, size), u(n, 2, size, size)
    else:
        bank = Bank(device, a.seed, os.path.join(a.data, 'photos'), a.bank)
        say('textures %d, masks %d, clips %d, windows %d, set up in %.0f s' % (
            len(bank.textures), len(bank.masks), clips.count if clips else 0, len(clips.rows) if clips else 0, time.time() - began))

    run = torch.compile(objective, dynamic=False) if a.compile else objective
    one = Step(net, opt, ema, run, device, 1 if a.warm else world)
    if a.warm:
        one.n_synth = n
        one.backward(sample)
        print('compiled in %.0f s' % (time.time() - began), flush=True)
        return
    start, first, saved, phase = a.start or began - used, step, time.time(), -1
    progress, elapsed, mark = 0., used, (time.time(), step)
    a.keep = [k for k in a.keep if k > used / a.seconds]
    while True:
        if (step - first) % TICK == 0:          # all ranks act on the clock of the first
            clock = torch.tensor([time.time() - start], dtype=torch.float64, device=device)
            if world > 1:
                dist.broadcast(clock, 0)
            elapsed = clock.item()
            progress = min(1., elapsed / a.seconds)
            if progress >= 1 or (a.steps and step - first >= a.steps):
                break
            now = next(i for i, p in enumerate(a.phases) if progress < p[2])
            if now != phase:
                phase = now
                mixer = Mixer(*a.phases[phase][:2], a.real, bank, clips)
                one.n_synth = mixer.n_synth
                play = Player(one, a.graphs and device == 'cuda')
                say('phase %d: crops of %d, %d generated and %d real per GPU, %d GPU' % (
                    phase, mixer.size, mixer.n_synth, mixer.n_real, world))
            if rank == 0:
                if a.keep and progress >= a.keep[0]:
                    checkpoint.save_average(os.path.join(a.out, 'ema-%.0f.safetensors' % (100 * a.keep.pop(0))), net, ema)
                if time.time() - saved > a.save:
                    if not torch.stack([e.sum() for e in ema]).isfinite().all():
                        raise SystemExit('the weights are no longer numbers: --resume continues from the last checkpoint')
                    checkpoint.save(a.out, net, opt, ema, step, elapsed)
                    saved = time.time()
            one.flow_weight.fill_(.002 * (1 - progress) ** 2 + 2e-5)
        lr.fill_(a.lr * min(1, (step - first + 1) / 300) * (a.floor + (1 - a.floor) * (1 + math.cos(math.pi * progress)) / 2))
        one.blending.fill_(1 - min(a.decay, (step - first + 1) / (step - first + 20)))
        play(mixer.next())
        step += 1
        if step % 500 == 0 or step - first in (1, 10, 100):
            steps = step - mark[1]
            say('step %d %.0f s lr %.2e image %.4f epe %.2f still %.2f generated %.2f dB real %.2f dB (blend %.2f) %.1f steps/s scale %g' % (
                step, time.time() - start, lr.item(), *(one.seen / steps).tolist(), steps / (time.time() - mark[0]), one.scale.item()))
            one.seen.zero_()
            mark = time.time(), step
    if rank == 0:
        checkpoint.save(a.out, net, opt, ema, step, elapsed)
        say('done: %d steps, %.0f s' % (step, elapsed))
    if world > 1:
        dist.barrier()
        dist.destroy_process_group()


if __name__ == '__main__':
    main()
