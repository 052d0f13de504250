"""Inputs that no command of FFmpeg makes.

    craft.py bitmap FILE.sup           one picture of subtitles, 0.2 to 0.6 s
    craft.py backwards IN.flv OUT.flv  a packet of sound that goes back in time
    craft.py turned IN.mp4 OUT.mp4     the picture is to be turned by 90 degrees
"""

import struct
import sys


def segment(seconds, kind, body):
    return b"PG" + struct.pack(">IIBH", int(seconds * 90000), 0, kind, len(body)) + body


def bitmap(path):
    """Presentation graphics: a white 8x2 box on a screen of 64x48."""
    screen = struct.pack(">HHB", 64, 48, 0x10)
    window = struct.pack(">BBHHHH", 1, 0, 8, 40, 8, 2)
    palette = bytes((0, 0, 1, 235, 128, 128, 255))
    row = bytes((0, 0x80 | 8, 1, 0, 0))
    picture = struct.pack(">HH", 8, 2) + row * 2
    box = struct.pack(">HBB", 0, 0, 0xC0) + len(picture).to_bytes(3, "big") + picture
    shown = struct.pack(">HBBBBHBBHH", 0, 0x80, 0, 0, 1, 0, 0, 0, 8, 40)
    hidden = struct.pack(">HBBBB", 1, 0, 0, 0, 0)
    with open(path, "wb") as out:
        out.write(segment(0.2, 0x16, screen + shown) + segment(0.2, 0x17, window)
                  + segment(0.2, 0x14, palette) + segment(0.2, 0x15, box)
                  + segment(0.2, 0x80, b"") + segment(0.6, 0x16, screen + hidden)
                  + segment(0.6, 0x17, window) + segment(0.6, 0x80, b""))


def backwards(source, target):
    """The eighth tag of sound is shown at the time of the fourth."""
    data = bytearray(open(source, "rb").read())
    at, sound = 9 + 4, []
    while at < len(data):
        if data[at] == 8:
            sound.append(at)
        at += 11 + int.from_bytes(data[at + 1:at + 4], "big") + 4
    data[sound[7] + 4:sound[7] + 8] = data[sound[3] + 4:sound[3] + 8]
    open(target, "wb").write(data)


def turned(source, target):
    """The matrix of the first track's header."""
    data = bytearray(open(source, "rb").read())
    at = data.index(b"tkhd") + 4 + 40
    data[at:at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    open(target, "wb").write(data)


if __name__ == "__main__":
    {"bitmap": bitmap, "backwards": backwards, "turned": turned}[sys.argv[1]](*sys.argv[2:])
