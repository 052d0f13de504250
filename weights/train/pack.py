"""Packs training clips: H.264 crf 19, shorter side at most 400, at most 600 frames each.

    python3 pack.py OUT FILE_OR_FOLDER...

Every file is a video, every folder a numbered image sequence. Needs the ffmpeg program.
"""
import os
import subprocess
import sys
import tempfile

PICTURES = ('.jpg', '.jpeg', '.png')
SCALE = "scale='trunc(iw*min(1,400/min(iw,ih))/2+.5)*2':'trunc(ih*min(1,400/min(iw,ih))/2+.5)*2':flags=area"


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


def main():
    out, paths = sys.argv[1], sys.argv[2:]
    os.makedirs(out, exist_ok=True)
    for i, path in enumerate(paths):
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(['ffmpeg', '-v', 'error', '-y', *source(path, scratch), '-an', '-fps_mode', 'passthrough',
                            '-frames:v', '600', '-vf', SCALE, '-c:v', 'libx264', '-crf', '19', '-pix_fmt', 'yuv420p',
                            os.path.join(out, '%04d.mp4' % i)], check=True)


if __name__ == '__main__':
    main()
