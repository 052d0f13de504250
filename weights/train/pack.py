"""Packs training clips: made small, or cut out at their own resolution.

    python3 pack.py OUT FILE_OR_FOLDER...
    python3 pack.py --crops [--windows 2] [--megabytes 40] OUT FILE_OR_FOLDER...

Every file is a video, every folder a numbered image sequence. Needs the ffmpeg program.

Without --crops a clip becomes H.264 crf 19, shorter side at most 400, at most 600 frames.

With --crops nothing is scaled: of every source up to --windows windows of at most 640x480
and 12 to 60 frames are cut out, where things move and detail is finest, and written at a
low crf. Standard output gets a line for each: name, source, place, first frame, number of
frames, detail and sharpness (see `detail`), bytes.
"""
import argparse
import os
import subprocess
import tempfile

PICTURES = ('.jpg', '.jpeg', '.png')
SCALE = "scale='trunc(iw*min(1,400/min(iw,ih))/2+.5)*2':'trunc(ih*min(1,400/min(iw,ih))/2+.5)*2':flags=area"
WIDTH, HEIGHT = 640, 480            # of a window, at most
SHORTEST, LONGEST = 12, 60          # frames of a window
GRID = 5                            # places that are tried along each side
CUT = .12                           # a step from frame to frame beyond which it is a cut
STILL = .002                        # a step below which nothing moves


def source(path, scratch):
    """ffmpeg's input arguments for a video or a folder of pictures."""
    if not os.path.isdir(path):
        return ['-i', path]
    names = sorted(n for n in os.listdir(path) if n.lower().endswith(PICTURES))
    listing = os.path.join(scratch, 'list.txt')
    with open(listing, 'w') as f:
        for n in names:
            f.write("file '%s'\nduration 0.04\n" % os.path.abspath(os.path.join(path, n)))
    return ['-f', 'concat', '-safe', '0', '-i', listing]


def ffmpeg(inputs, *rest):
    """Runs ffmpeg and returns what it writes to standard output."""
    line = ['ffmpeg', '-v', 'error', '-y', *inputs, '-an', '-fps_mode', 'passthrough', *rest]
    return subprocess.run(line, check=True, stdout=subprocess.PIPE).stdout


def encode(inputs, filters, crf, target, *rest):
    ffmpeg(inputs, *rest, '-vf', filters, '-c:v', 'libx264', '-crf', str(crf), '-pix_fmt', 'yuv420p', target)


def luma(inputs, frames=600):
    """The frames as N,H,W uint8."""
    import cv2
    import numpy as np
    first = cv2.imdecode(np.frombuffer(ffmpeg(inputs, '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'bmp', '-'), np.uint8), 0)
    raw = ffmpeg(inputs, '-frames:v', str(frames), '-f', 'rawvideo', '-pix_fmt', 'gray', '-')
    return np.frombuffer(raw, np.uint8).reshape(-1, *first.shape)


def detail(x):
    """The energy of the finest detail around every pixel of a picture, at full size and of the picture halved.

    The energy is the absolute difference to a blurred copy. Where a picture was enlarged,
    defocused or heavily compressed, most of it is missing at full size and comes back at
    half: their ratio, the sharpness, falls from about 0.8 to 0.5 and less.
    """
    import cv2
    import numpy as np

    def fine(v):
        v = v.astype(np.float32)
        return np.abs(v - cv2.GaussianBlur(v, (0, 0), 1))
    return fine(x), fine(cv2.resize(x, (x.shape[1] // 2, x.shape[0] // 2), interpolation=cv2.INTER_AREA))


def overlap(a, b):
    """The shared part of two windows (x, y, first, last, ...), as a share of the shorter one."""
    return (max(0, WIDTH - abs(a[0] - b[0])) / WIDTH * max(0, HEIGHT - abs(a[1] - b[1])) / HEIGHT
            * max(0, min(a[3], b[3]) - max(a[2], b[2])) / min(a[3] - a[2], b[3] - b[2]))


def places(whole, part):
    """Where windows of `part` pixels may begin along a side of `whole`: GRID even places."""
    return sorted({(whole - part) * i // (GRID - 1) // 2 * 2 for i in range(GRID)})


def windows(frames, most):
    """The best windows of a clip: (x, y, first, last, w, h, detail, sharpness), the best one first.

    A window is worth its detail, times the root of its motion, times its length; motion
    beyond a few hundredths of the range counts no more, for then it is mostly blur.
    """
    import cv2
    import numpy as np
    n, height, width = frames.shape
    w, h = min(WIDTH, width) // 2 * 2, min(HEIGHT, height) // 2 * 2
    small = np.stack([cv2.resize(f, (width // 8, height // 8), interpolation=cv2.INTER_AREA) for f in frames])
    step = np.abs(np.diff(small.astype(np.float32) / 255, axis=0))
    change = step.mean((1, 2))
    cuts = [i + 1 for i, s in enumerate(change) if s > CUT or s > .03 and s > 4 * np.median(change)]
    found = []
    for start, end in zip([0] + cuts, cuts + [n]):
        for first in range(start, end - SHORTEST + 1, LONGEST // 2):
            last = min(end, first + LONGEST)
            full, half = [np.mean(m, 0) for m in zip(*(detail(frames[i]) for i in np.linspace(first, last - 1, 4).astype(int)))]
            for x in places(width, w):
                for y in places(height, h):
                    move = step[first:last - 1, y // 8:(y + h) // 8, x // 8:(x + w) // 8].mean()
                    if move < STILL:
                        continue
                    fine = float(full[y:y + h, x:x + w].mean())
                    sharp = fine / (float(half[y // 2:(y + h) // 2, x // 2:(x + w) // 2].mean()) + 1e-3)
                    found.append((fine * min(move, .04) ** .5 * (last - first), (x, y, first, last, w, h, fine, sharp)))
    best = []
    for _, window in sorted(found, reverse=True):
        if len(best) < most and all(overlap(window, b) < .25 for b in best):
            best.append(window)
    return best


def crops(a):
    """Cuts windows out of every source, the best of each first, until the megabytes are used up."""
    with tempfile.TemporaryDirectory() as scratch:
        plan = []
        for i, path in enumerate(a.paths):
            os.makedirs(os.path.join(scratch, str(i)))
            inputs = source(path, os.path.join(scratch, str(i)))
            for rank, window in enumerate(windows(luma(inputs), a.windows)):
                if window[7] >= a.sharp:
                    plan.append((rank, i, path, inputs, window))
        number, left = a.at, a.megabytes * 1e6
        for rank, i, path, inputs, (x, y, first, last, w, h, fine, sharp) in sorted(plan, key=lambda p: p[:2]):
            target = os.path.join(a.out, '%04d.mp4' % number)
            encode(inputs, 'trim=start_frame=%d:end_frame=%d,setpts=PTS-STARTPTS,crop=%d:%d:%d:%d' % (first, last, w, h, x, y),
                   a.crf, target)
            size = os.path.getsize(target)
            if size > left:
                os.remove(target)
                continue
            left -= size
            number += 1
            print('%s %s %dx%d+%d+%d from %d, %d frames, %.2f %.2f, %d bytes' % (
                os.path.basename(target), path, w, h, x, y, first, last - first, fine, sharp, size), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('out')
    p.add_argument('paths', nargs='+', metavar='FILE_OR_FOLDER')
    p.add_argument('--crops', action='store_true', help='cut windows out at the resolution of the source')
    p.add_argument('--windows', type=int, default=2, help='windows of a source, at most')
    p.add_argument('--sharp', type=float, default=.5, help='least sharpness of a window')
    p.add_argument('--crf', type=int, default=14)
    p.add_argument('--at', type=int, default=0, help='number of the first file')
    p.add_argument('--megabytes', type=float, default=40, help='of all files together, at most')
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    if a.crops:
        return crops(a)
    for i, path in enumerate(a.paths):
        with tempfile.TemporaryDirectory() as scratch:
            encode(source(path, scratch), SCALE, 19, os.path.join(a.out, '%04d.mp4' % i), '-frames:v', '600')


if __name__ == '__main__':
    main()
