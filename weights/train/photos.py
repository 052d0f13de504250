"""Packs photographs as sharp textures: reduced by an area filter, so that a pixel holds what a good lens resolves.

    python3 photos.py OUT FILE...

The shorter side becomes 512 to 720 pixels, a third or more below the original where that
is large enough. Written as WebP; names are kept, with the folder's where two would meet.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2

from textures import SIZE

SHARPER, LARGEST = 4 / 3, 720
QUALITY = 85


def pack(job):
    path, target = job
    x = cv2.imread(path)
    h, w = x.shape[:2]
    shrink = max(1, min(max(SHARPER, min(h, w) / LARGEST), min(h, w) / SIZE))
    size = round(w / shrink), round(h / shrink)
    cv2.imwrite(target, cv2.resize(x, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])


def main():
    out, paths = sys.argv[1], sys.argv[2:]
    os.makedirs(out, exist_ok=True)
    jobs, taken = [], set()
    for p in paths:
        name = os.path.splitext(os.path.basename(p))[0]
        if name in taken:
            name = os.path.basename(os.path.dirname(p)) + '-' + name
        taken.add(name)
        jobs.append((p, os.path.join(out, name + '.webp')))
    with ThreadPoolExecutor() as pool:
        list(pool.map(pack, jobs))


if __name__ == '__main__':
    main()
