"""A small moving picture in integers only, the same on every machine.

    pattern.py WIDTH HEIGHT FRAMES > FILE.y4m

A textured background drifts to the right, a bright square falls over it.
"""

import sys


def luma(x, y, n):
    side = 12
    left, top = 20, 4 + 5 * n
    if left <= x < left + side and top <= y < top + side:
        return 200 + (x - left) * 3
    x -= 3 * n
    return 40 + (x * x // 7 + y * 3 + (x ^ y) * 2) % 120


def chroma(x, y, n, start):
    x -= 3 * n // 2
    return start + (x * 2 + y * 3) % 60


def main(width, height, frames):
    out = sys.stdout.buffer
    out.write(f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420mpeg2\n".encode())
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    for n in range(frames):
        out.write(b"FRAME\n")
        out.write(bytes(luma(x, y, n) for y in range(height) for x in range(width)))
        for start in 90, 110:
            out.write(bytes(chroma(x, y, n, start)
                            for y in range(half_height) for x in range(half_width)))


main(*map(int, sys.argv[1:]))
