"""Makes inputs that no command of FFmpeg can make.

    craft.py bitmap FILE.sup           one picture of subtitles, 0.2 to 0.6 s
    craft.py backwards IN.flv OUT.flv  a packet of sound that goes back in time
    craft.py adts IN.ts OUT.ts N...    these frames of sound, from 0 on, lose their sync word
    craft.py unsent IN.ts OUT.ts PID SHARE  no packets of PID in this share of the file
    craft.py ends IN.mp4 OUT.mp4       the last track ends with its last frame
    craft.py turned IN.mp4 OUT.mp4     the header asks players to turn the picture by 90 degrees
    craft.py dolby IN.mp4 OUT.mp4 BASE the header announces Dolby Vision, profile 8
    craft.py exif IN.jpg OUT.jpg N     EXIF has the camera's orientation N
    craft.py captions IN OUT           H.264 with a different caption in each frame
    craft.py hdr10plus IN OUT          H.265 with an HDR10+ message in each frame
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


def adts(source, target, *numbers):
    data = bytearray(open(source, "rb").read())
    found, at = [], data.find(b"\xff\xf1")
    while at >= 0:
        found.append(at)
        at = data.find(b"\xff\xf1", at + 2)
    for number in numbers:
        data[found[int(number)]] = 0
    open(target, "wb").write(data)


def unsent(source, target, pid, share):
    data = open(source, "rb").read()
    packets = [data[at:at + 188] for at in range(0, len(data), 188)]
    with open(target, "wb") as out:
        for i, packet in enumerate(packets):
            if int.from_bytes(packet[1:3], "big") & 0x1FFF != int(pid) or \
               i >= float(share) * len(packets):
                out.write(packet)


def ends(source, target):
    """The last entry of the last table of durations says 0."""
    data = bytearray(open(source, "rb").read())
    at = data.rindex(b"stts") + 8
    entries = int.from_bytes(data[at:at + 4], "big")
    data[at + 8 * entries:at + 8 * entries + 4] = bytes(4)
    open(target, "wb").write(data)


def turned(source, target):
    """The matrix of the first track's header."""
    data = bytearray(open(source, "rb").read())
    at = data.index(b"tkhd") + 4 + 40
    data[at:at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    open(target, "wb").write(data)


def grow(data, path, box, start=0, end=None):
    """Appends a box to the box at `path`, and enlarges all the boxes around it."""
    at, end = start, len(data) if end is None else end
    while at < end:
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == path[0]:
            if len(path) == 1:
                data[at + size:at + size] = box
            else:
                head = 8 + {b"stsd": 8, b"hev1": 78, b"hvc1": 78}.get(kind, 0)
                grow(data, path[1:], box, at + head, at + size)
            struct.pack_into(">I", data, at, size + len(box))
            return
        at += size
    raise LookupError(path)


def dolby(source, target, base):
    """A configuration box in the sample description; the index is after it."""
    data = bytearray(open(source, "rb").read())
    note = struct.pack(
        ">I4sBBHB19x", 32, b"dvvC", 1, 0, 8 << 9 | 1 << 3 | 1 << 2 | 1, int(base) << 4)
    name = next(n for n in (b"hev1", b"hvc1") if n in data)
    grow(data, [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", name], note)
    open(target, "wb").write(data)


def bits(*fields):
    """Writes (value, width) pairs, most significant bit first, and fills up with zeros."""
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def hdr10plus(source, target):
    """SMPTE ST 2094-40, one window, before the first slice of each picture."""
    body = bits((1, 2), (400, 27), (0, 1), (1000, 17), (1000, 17), (1000, 17), (500, 17),
                (1, 4), (50, 7), (800, 17), (10, 10), (0, 1), (0, 1), (0, 1))
    message = bytes.fromhex("b5003c00010401") + body
    payload = bytes((4, len(message))) + message + b"\x80"
    before_pictures(source, target, bytes((39 << 1, 1)), payload,
                    lambda nal: (nal[0] >> 1 & 63) < 32 and nal[2] & 0x80)


def captions(source, target):
    """CEA-608, two letters per frame, in the form of ATSC A/53."""
    letters = iter(range(1 << 14))

    def payload():
        n = next(letters)
        message = bytes.fromhex("b50031474139340341fffc") + bytes(
            (0x20 + n // 64 % 64, 0x20 + n % 64, 0xFF))
        return bytes((4, len(message))) + message + b"\x80"

    before_pictures(source, target, bytes((6,)), payload,
                    lambda nal: nal[0] & 31 in (1, 5) and nal[1] & 0x80)


def exif(source, target, orientation):
    data = open(source, "rb").read()
    body = (b"Exif\0\0MM\0\x2a" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1,
                                                int(orientation), 0, 0))
    marker = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    open(target, "wb").write(data[:2] + marker + data[2:])


def before_pictures(source, target, header, payload, begins):
    """Inserts a message before each picture of a raw stream."""
    out = bytearray()
    data = open(source, "rb").read().replace(b"\0\0\0\1", b"\0\0\1")
    for nal in data.split(b"\0\0\1")[1:]:
        if begins(nal):
            escaped = bytearray()
            for byte in payload() if callable(payload) else payload:
                if byte <= 3 and escaped[-2:] == b"\0\0":  # a start code would be wrong
                    escaped.append(3)
                escaped.append(byte)
            out += b"\0\0\0\1" + header + escaped
        out += b"\0\0\0\1" + nal
    open(target, "wb").write(out)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
