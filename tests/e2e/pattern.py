"""Makes small pictures in integer arithmetic, the same on every machine.

    pattern.py moving WIDTH HEIGHT FRAMES > FILE.y4m
    pattern.py colours WIDTH HEIGHT > FILE.rgb
    pattern.py cutout WIDTH HEIGHT FRAMES > FILE.rgba

moving: a textured background drifts to the right, a square falls over it.
colours: two frames of each of a dozen colours, the second with a dark dot.
cutout: moving's square, flying sideways, opaque on a transparent ground.
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


def moving(out, width, height, frames):
    out.write(f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420mpeg2\n".encode())
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    for n in range(frames):
        out.write(b"FRAME\n")
        out.write(bytes(luma(x, y, n) for y in range(height) for x in range(width)))
        for start in 90, 110:
            out.write(bytes(chroma(x, y, n, start)
                            for y in range(half_height) for x in range(half_width)))


def colours(out, width, height):
    for r in 40, 120, 215:
        for g in 60, 200:
            for b in 35, 180:
                frame = bytearray(bytes((r, g, b)) * (width * height))
                out.write(frame)
                frame[:6] = bytes(6)
                out.write(frame)


def cutout(out, width, height, frames):
    side = 24
    for n in range(frames):
        left, top = 8 + 4 * n, height // 2 - side // 2
        for y in range(height):
            for x in range(width):
                inside = left <= x < left + side and top <= y < top + side
                bright = 120 + (x - left) * 5 if inside else 40 + (x * 7 ^ y * 5) % 30
                out.write(bytes((bright, bright // 2, 255 - bright, 255 * inside)))


{"moving": moving, "cutout": cutout, "colours": colours}[sys.argv[1]](sys.stdout.buffer, *map(int, sys.argv[2:]))
