"""Muon: momentum whose update is made orthogonal, for the inner convolutions; AdamW for the rest.

A kernel out,in,k,k is taken as a matrix out,in*k*k. Its momentum is replaced by the
nearest (semi-)orthogonal matrix, found by Newton-Schulz steps in BF16, all kernels of
one shape at once. Scaled by 0.2 sqrt(longer side) a step is as long as AdamW's, so that
both take the same learning rate.
"""
import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)   # drives singular values to about 1, from anything in (0, 1], in five steps


def orthogonal(m, steps=5):
    """m: n,rows,columns. Singular values come out between about 0.7 and 1.2."""
    a, b, c = NEWTON_SCHULZ
    tall = m.shape[-2] > m.shape[-1]
    x = m.bfloat16()
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        g = x @ x.mT
        x = a * x + (b * g + c * g @ g) @ x
    return (x.mT if tall else x).float()


def inner(name, p):
    """Kernels between others: neither the first convolution of a block nor its last."""
    return p.dim() == 4 and p.shape[-1] == 3 and 'conv0.0' not in name


class Muon(torch.optim.Optimizer):
    """Set found_inf (0 or 1, a tensor) before a step: 1 leaves the weights as they are, and lets the momentum fade."""

    def __init__(self, named, lr, weight_decay, momentum=.95, **adam):
        named = list(named)
        super().__init__([{'params': [p for n, p in named if inner(n, p)]},
                          {'params': [p for n, p in named if not inner(n, p)]}],
                         {'lr': lr, 'weight_decay': weight_decay, 'momentum': momentum})
        self.adam = torch.optim.AdamW(self.param_groups[1]['params'], lr=lr, weight_decay=weight_decay, **adam)
        self.adam.state = self.state        # one table of states, for checkpoints

    @torch.no_grad()
    def step(self):
        found = getattr(self, 'found_inf', None)
        group, rest = self.param_groups
        self.adam.param_groups[0]['lr'] = rest['lr']
        self.adam.found_inf, self.adam.grad_scale = found, None
        self.adam.step()
        good = 1. if found is None else 1 - found
        shapes = {}
        for p in group['params']:
            shapes.setdefault(p.shape, []).append(p)
        for shape, ps in shapes.items():
            grads = [p.grad if found is None else p.grad.nan_to_num(0, 0, 0) for p in ps]
            for p in ps:
                if 'exp_avg' not in self.state[p]:
                    self.state[p]['exp_avg'] = torch.zeros_like(p)
            averages = [self.state[p]['exp_avg'] for p in ps]
            torch._foreach_lerp_(averages, grads, 1 - group['momentum'])
            ahead = torch._foreach_lerp(grads, averages, group['momentum'])
            update = orthogonal(torch.stack(ahead).flatten(2)).reshape(len(ps), *shape)
            update = update * (.2 * max(shape[0], shape[1:].numel()) ** .5 * group['lr'] * good)
            torch._foreach_mul_(ps, 1 - group['lr'] * group['weight_decay'] * good)
            torch._foreach_sub_(ps, list(update.unbind()))
