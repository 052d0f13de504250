"""Drawn textures and shape masks for the motion generator (NumPy, OpenCV, Pillow; CPU).

Every picture depends on (seed, index) only, so a run can be repeated.
"""
from concurrent.futures import ThreadPoolExecutor
import glob
import math
import os
import string

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 512          # texture side
MASK = 192          # mask side
LETTERS = string.ascii_letters + string.digits + '.,:;!?-+/()%#&'


def colour(rng):
    return tuple(int(v) for v in rng.integers(0, 256, 3))


def word(rng):
    return ''.join(rng.choice(list(LETTERS), rng.integers(1, 11)))


def polygon(rng, cx, cy, r, wobble=.35, points=64):
    """Smooth closed outline around (cx, cy), N,2 float."""
    a = np.linspace(0, 2 * math.pi, points, endpoint=False)
    k = np.arange(1, 8)[:, None]
    amp = rng.normal(0, wobble, (7, 1)) / k ** .8
    rad = r * np.clip(1 + (amp * np.cos(k * a + rng.uniform(0, 7, (7, 1)))).sum(0), .2, 2)
    return np.stack((cx + rad * np.cos(a), cy + rad * np.sin(a)), 1)


def fill(img, pts, col):
    """Antialiased polygon; cv2 takes 1/16-pixel fixed point."""
    cv2.fillPoly(img, [np.round(pts * 16).astype(np.int32)], col, cv2.LINE_AA, 4)


# textures: SIZE,SIZE,3 uint8

def octaves(rng):
    """Noise summed over octaves, colours partly correlated."""
    amp, x = rng.uniform(.35, .9), np.zeros((SIZE, SIZE, 3), np.float32)
    for o in range(8):
        r = 2 ** (o + 1)
        g = rng.random((r, r, 1), np.float32) + .5 * rng.random((r, r, 3), np.float32)
        x += cv2.resize(g, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) * amp ** o
    x = (x - x.mean()) / (x.std() + 1e-6) * rng.uniform(15, 70) + rng.integers(30, 226, 3)
    return np.clip(x, 0, 255).astype(np.uint8)


def leaves(rng):
    """Discs and blobs of flat or shaded colour lying over each other."""
    x = octaves(rng)
    for _ in range(rng.integers(60, 260)):
        fill(x, polygon(rng, *rng.uniform(0, SIZE, 2), 4 + 60 * rng.random() ** 3, .15, 24), colour(rng))
    n = rng.normal(0, rng.uniform(0, 8), x.shape)
    return np.clip(x + n, 0, 255).astype(np.uint8)


def stripes(rng):
    """Stripes or checks at an angle over another texture."""
    ys, xs = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    a, p = rng.uniform(0, math.pi), 5 + 50 * rng.random() ** 1.5
    wave = lambda v: np.clip(np.sin(v * 2 * math.pi / p) * p / 4 + .5, 0, 1)
    s = wave(xs * math.cos(a) + ys * math.sin(a))
    if rng.random() < .5:
        s = np.abs(s - wave(ys * math.cos(a) - xs * math.sin(a)))
    s = s[..., None] * rng.uniform(.4, 1)
    return (octaves(rng) * (1 - s) + np.array(colour(rng)) * s).astype(np.uint8)


def flat(rng):
    """One colour or a soft gradient: layers without texture."""
    c = np.array([colour(rng) for _ in range(4)], np.float32).reshape(2, 2, 3)
    if rng.random() < .5:
        c[:] = c[0, 0]
    return cv2.resize(c, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def cartoon(rng):
    """Flat regions with or without dark outlines."""
    x = flat(rng)
    line = int(rng.integers(0, 4))
    for _ in range(rng.integers(8, 60)):
        pts = polygon(rng, *rng.uniform(0, SIZE, 2), 8 + 130 * rng.random() ** 2)
        fill(x, pts, colour(rng))
        if line:
            cv2.polylines(x, [np.round(pts * 16).astype(np.int32)], True, (12, 12, 16), line, cv2.LINE_AA, 4)
    return x


def line_art(rng):
    """Thin curves, boxes and circles on a plain ground."""
    x = flat(rng)
    for _ in range(rng.integers(15, 90)):
        c, w = colour(rng), int(rng.integers(1, 4))
        p, q = rng.integers(0, SIZE, 2), rng.integers(0, SIZE, 2)
        kind = rng.integers(0, 4)
        if kind == 0:
            cv2.line(x, p.tolist(), q.tolist(), c, w, cv2.LINE_AA)
        elif kind == 1:
            cv2.rectangle(x, p.tolist(), (p + rng.integers(8, 150, 2)).tolist(), c, -1 if rng.random() < .3 else w)
        elif kind == 2:
            cv2.circle(x, p.tolist(), int(rng.integers(3, 90)), c, w, cv2.LINE_AA)
        else:
            pts = polygon(rng, *p, rng.uniform(10, 120))
            cv2.polylines(x, [np.round(pts * 16).astype(np.int32)], rng.random() < .5, c, w, cv2.LINE_AA, 4)
    return x


def page(rng):
    """Lines of text, some with rules and boxes: documents, credits, screens."""
    dark = rng.random() < .4
    ground = rng.integers(0, 60, 3) if dark else rng.integers(190, 256, 3)
    if rng.random() < .2:
        ground = np.array(colour(rng))
    im = Image.new('RGB', (SIZE, SIZE), tuple(int(v) for v in ground))
    d = ImageDraw.Draw(im)
    for _ in range(rng.integers(0, 6)):
        a, b = rng.integers(0, SIZE, 2), rng.integers(20, 260, 2)
        d.rectangle([*a.tolist(), *(a + b).tolist()], outline=colour(rng), fill=colour(rng) if rng.random() < .5 else None,
                    width=int(rng.integers(1, 4)))
    ink = tuple(int(v) for v in (rng.integers(170, 256, 3) if dark else rng.integers(0, 90, 3)))
    y, size = int(rng.integers(-10, 20)), int(np.exp(rng.uniform(math.log(9), math.log(56))))
    margin = int(rng.integers(-20, 60))
    while y < SIZE:
        s = size if rng.random() < .85 else int(size * 1.7)
        if rng.random() < .88:
            text = ' '.join(word(rng) for _ in range(max(1, int(SIZE / (s * 3) * rng.uniform(.4, 1.2)))))
            d.text((margin + int(rng.integers(0, 30)) * int(rng.random() < .2), y), text, font=ImageFont.load_default(s),
                   fill=ink if rng.random() < .85 else colour(rng))
        y += int(s * rng.uniform(1.1, 1.6))
    return np.asarray(im)


TEXTURES = ((octaves, 120), (leaves, 90), (stripes, 60), (flat, 60), (cartoon, 150), (line_art, 90), (page, 200))


# masks: MASK,MASK uint8, 0 outside; the outermost pixels stay 0

def m_blob(rng):
    m = np.zeros((MASK, MASK), np.uint8)
    fill(m, polygon(rng, MASK / 2, MASK / 2, MASK * rng.uniform(.25, .42)), 255)
    if rng.random() < .2:       # a hole
        fill(m, polygon(rng, *(MASK * rng.uniform(.35, .65, 2)), MASK * .14), 0)
    return m


def m_box(rng):
    m = np.zeros((MASK, MASK), np.uint8)
    w, h = (MASK * rng.uniform(.08, .46, 2)).astype(int)
    c = MASK // 2
    cv2.rectangle(m, (c - w, c - h), (c + w, c + h), 255, -1)
    if rng.random() < .3:       # a frame only
        e = int(rng.integers(2, 10))
        if w > e + 2 and h > e + 2:
            cv2.rectangle(m, (c - w + e, c - h + e), (c + w - e, c + h - e), 0, -1)
    return m


def m_lines(rng):
    """Wires, twigs and poles."""
    m = np.zeros((MASK, MASK), np.uint8)
    for _ in range(rng.integers(1, 9)):
        p = rng.uniform(.08, .92, 2) * MASK
        a, w = rng.uniform(0, 7), int(rng.integers(1, 5))
        bend = rng.normal(0, .12) * (rng.random() < .6)
        for _ in range(rng.integers(4, 26)):
            q = np.clip(p + 8 * np.array((math.cos(a), math.sin(a))), 3, MASK - 4)
            cv2.line(m, p.astype(int).tolist(), q.astype(int).tolist(), 255, w, cv2.LINE_AA)
            p, a = q, a + bend
    return m


def m_net(rng):
    """Fences, grids and window frames."""
    m = np.zeros((MASK, MASK), np.uint8)
    p, w = int(rng.integers(9, 40)), int(rng.integers(1, 5))
    for k in range(0, 2 * MASK, p):
        cv2.line(m, (k - MASK // 2, 0), (k - MASK // 2, MASK), 255, w, cv2.LINE_AA)
        if rng.random() < .9:
            cv2.line(m, (0, k - MASK // 2), (MASK, k - MASK // 2), 255, w, cv2.LINE_AA)
    r = cv2.getRotationMatrix2D((MASK / 2, MASK / 2), rng.uniform(0, 90) * (rng.random() < .6), 1)
    m = cv2.warpAffine(m, r, (MASK, MASK))
    keep = m_blob(rng) if rng.random() < .5 else m_box(rng)
    return np.minimum(m, keep)


def m_text(rng):
    """Words, subtitles, counters and logos."""
    im = Image.new('L', (MASK, MASK), 0)
    d = ImageDraw.Draw(im)
    s = int(np.exp(rng.uniform(math.log(12), math.log(90))))
    y = int(rng.integers(4, max(5, MASK - s - 8)))
    for _ in range(rng.integers(1, 5)):
        d.text((int(rng.integers(4, 30)), y), ' '.join(word(rng) for _ in range(4)), font=ImageFont.load_default(s), fill=255)
        y += int(s * 1.2)
    return np.asarray(im)


def m_specks(rng):
    """Many small pieces: foliage, confetti, sparks."""
    m = np.zeros((MASK, MASK), np.uint8)
    for _ in range(rng.integers(6, 90)):
        fill(m, polygon(rng, *(MASK * rng.uniform(.08, .92, 2)), rng.uniform(1.2, 10), .3, 12), 255)
    return m


MASKS = ((m_blob, 260), (m_box, 90), (m_lines, 130), (m_net, 60), (m_text, 220), (m_specks, 60))


def draw_all(table, seed):
    """All pictures of a table, N,... uint8, and the first index of each kind by name."""
    jobs, first = [], {}
    for make, count in table:
        first[make.__name__] = len(jobs)
        jobs += [make] * count
    with ThreadPoolExecutor() as pool:
        out = list(pool.map(lambda j: j[1](np.random.default_rng((seed, j[0]))), enumerate(jobs)))
    return np.stack(out), first


def photographs(folder):
    """Squares cut from photographs pixel by pixel, overlapping a little, N,SIZE,SIZE,3 uint8 RGB."""
    def squares(path):
        x = cv2.imread(path)[:, :, ::-1]
        h, w = x.shape[:2]
        x = cv2.copyMakeBorder(x, 0, max(0, SIZE - h), 0, max(0, SIZE - w), cv2.BORDER_REFLECT)
        cuts = lambda m: np.linspace(0, m - SIZE, 1 + math.ceil((m - SIZE) / (.8 * SIZE))).astype(int)
        return [x[i:i + SIZE, j:j + SIZE] for i in cuts(x.shape[0]) for j in cuts(x.shape[1])]
    with ThreadPoolExecutor() as pool:
        found = sum(pool.map(squares, sorted(glob.glob(os.path.join(folder, '*.*')))), [])
    return np.stack(found) if found else np.empty((0, SIZE, SIZE, 3), np.uint8)
