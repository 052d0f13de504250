"""Counts and measures what the shell cannot: exact times, sample values, JSON.

    judge.py times SOURCE OUTPUT FACTOR [exact]
    judge.py rate SOURCE OUTPUT RATE [exact]
    judge.py slow SOURCE OUTPUT FACTOR [exact]
    judge.py beeps SOURCE OUTPUT FACTOR SECONDS
    judge.py still FILE
    judge.py flat FILE
    judge.py recovers SOURCE OUTPUT
    judge.py hdr FILE stream|frame     static metadata of HDR10, as hdr.sh makes it
    judge.py json FILE EXPRESSION...
    judge.py progress FILE [STATUS]    lines of --progress json, one run

Independent of rifec: times and samples are what FFmpeg's commands report.
"""

import array
import json
import math
import subprocess
import sys
from fractions import Fraction


def probe(path, *entries):
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "json",
               "-show_entries", *entries, path]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def frame_times(path):
    """Presentation times of the decoded frames in seconds, and the time base."""
    found = probe(path, "stream=time_base:frame=best_effort_timestamp,pkt_duration,duration")
    base = Fraction(found["streams"][0]["time_base"])
    frames = found["frames"]
    times = [frame["best_effort_timestamp"] * base for frame in frames]
    last = frames[-1].get("duration", frames[-1].get("pkt_duration", 0)) * base
    return times, last, base


def source_times(path):
    """Returns the times of the frames, and the end of the last one after them."""
    given, last, _ = frame_times(path)
    return given + [given[-1] + (last or given[-1] - given[-2])]


def compare(output, wanted, exact):
    """The output has exactly the planned frames, each at its time."""
    written, _, base = frame_times(output)
    if len(written) != len(wanted):
        sys.exit(f"{len(written)} frames instead of {len(wanted)}")
    for j, (is_at, should) in enumerate(zip(written, wanted)):
        if abs(is_at - should) > (0 if exact else base / 2):
            sys.exit(f"frame {j} is at {is_at} s instead of {should} s (time base {base})")


def split(given, factor):
    """Every gap is split evenly, and the last frame is held."""
    positions = [j / factor for j in range(math.ceil((len(given) - 1) * factor))]
    return [given[i] + (given[i + 1] - given[i]) * (position - i)
            for position in positions for i in [math.floor(position)]]


def times(source, output, factor, exact=None):
    compare(output, split(source_times(source), Fraction(factor)), exact)


def rate(source, output, per_second, exact=None):
    given, step = source_times(source), 1 / Fraction(per_second)
    count = math.ceil((given[-1] - given[0]) / step)
    compare(output, [given[0] + j * step for j in range(count)], exact)


def slow(source, output, factor, exact=None):
    given, factor = source_times(source), Fraction(factor)
    compare(output, [given[0] + (time - given[0]) * factor for time in split(given, factor)], exact)


def onsets(path):
    """Returns the times when sound begins after silence, in seconds from the first
    picture."""
    rate = 24000
    raw = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-copyts", "-i", path, "-map",
                          "0:a:0", "-af", "aresample=async=1:first_pts=0:min_hard_comp=0.001",
                          "-ac", "1", "-ar", str(rate), "-f", "s16le", "-"], check=True,
                         capture_output=True).stdout
    samples, found, silent = array.array("h", raw), [], 0
    for i in range(0, len(samples) - 24, 24):  # milliseconds
        if max(map(abs, samples[i:i + 24])) < 2000:
            silent += 1
        elif silent > 100:
            found.append(i / rate)
            silent = 0
        else:
            silent = 0
    return [time - float(frame_times(path)[0][0]) for time in found]


def beeps(source, output, factor, most):
    wanted, found = [time * float(Fraction(factor)) for time in onsets(source)], onsets(output)
    late = [round(b - a, 4) for a, b in zip(wanted, found)]
    if not wanted or len(wanted) != len(found) or max(map(abs, late)) > float(most):
        sys.exit(f"{len(found)} of {len(wanted)} beeps, late by {late} s")


def pictures(path, pix_fmt):
    """Returns the samples of each frame."""
    raw = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:v:0",
                          "-vsync", "passthrough", "-pix_fmt", pix_fmt, "-f", "rawvideo", "-"],
                         check=True, capture_output=True).stdout
    deep = any(word in pix_fmt for word in ("10", "12", "16"))
    samples = array.array("H" if deep else "B", raw)
    size = len(samples) // len(frame_times(path)[0])
    return [samples[start:start + size] for start in range(0, len(samples), size)]


def still(path):
    """All frames are the same picture, except for rounding."""
    pix_fmt = probe(path, "stream=pix_fmt")["streams"][0]["pix_fmt"]
    first, *others = pictures(path, pix_fmt)
    for n, picture in enumerate(others, 1):
        off = [abs(a - b) for a, b in zip(first, picture)]
        worst, mean = max(off), sum(off) / len(off)
        print(f"{pix_fmt} frame {n}: max {worst}, mean {mean:.5f}")
        if worst > 1 or mean >= 0.02:
            sys.exit(f"frame {n} is not the still picture")


def flat(path):
    """There are four frames for each colour; the second is interpolated and is that
    colour, except for a dot."""
    pix_fmt = probe(path, "stream=pix_fmt")["streams"][0]["pix_fmt"]
    frames = pictures(path, pix_fmt)
    for n in range(0, len(frames), 4):
        off = [b - a for a, b in zip(frames[n], frames[n + 1])]
        other = sum(d != 0 for d in off) / len(off)
        if other > 0.1:
            sys.exit(f"colour {n // 4}: {other:.0%} of its samples change, by "
                     f"{sum(off) / len(off):+.3f} in the mean ({pix_fmt})")


def psnr(squares, count):
    return 10 * math.log10(255 ** 2 * count / max(squares, 1))


def recovers(source, output):
    """Odd frames were interpolated from the even ones: is each better than their mean?"""
    truth, made = pictures(source, "gray"), pictures(output, "gray")
    count = made_off = mean_off = 0
    for n in range(1, len(truth) - 1, 2):
        before, wanted, after = truth[n - 1:n + 2]
        count += len(wanted)
        made_off += sum((a - b) ** 2 for a, b in zip(made[n], wanted))
        mean_off += sum(((a + c) / 2 - b) ** 2 for a, b, c in zip(before, wanted, after))
    made_psnr, mean_psnr = psnr(made_off, count), psnr(mean_off, count)
    print(f"in-betweens {made_psnr:.2f} dB, mean of neighbours {mean_psnr:.2f} dB")
    if made_psnr < mean_psnr + 1:
        sys.exit("the in-betweens are no better than a blend")


HDR10 = {
    "red_x": 0.68, "red_y": 0.32, "green_x": 0.265, "green_y": 0.69, "blue_x": 0.15,
    "blue_y": 0.06, "white_point_x": 0.3127, "white_point_y": 0.329,
    "max_luminance": 1000, "min_luminance": 0.005, "max_content": 1000, "max_average": 400,
}


def hdr(path, where):
    """Reads the metadata of the stream from the container, or of every frame from the
    stream."""
    found = probe(path, f"{where}_side_data")
    groups = found["streams" if where == "stream" else "frames"]
    for n, group in enumerate(groups):
        values = {key: value for data in group.get("side_data_list", [])
                  for key, value in data.items()}
        for key, wanted in HDR10.items():
            if key not in values:
                sys.exit(f"{path}: {where} {n} has no {key}")
            if abs(Fraction(values[key]) - Fraction(wanted)) > wanted / 1000 + 2e-5:
                sys.exit(f"{path}: {where} {n} has {key} {values[key]} instead of {wanted}")
        if where == "frame":  # the first frame of each group may stand for all
            break


def progress(path, status=0):
    """The number of frames only rises and never exceeds the total; only the last object
    ends the progress."""
    lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    for before, after in zip(lines, lines[1:]):
        if before["frame"] > after["frame"] or before["out_time_us"] > after["out_time_us"]:
            sys.exit(f"{after} follows {before}")
    for line in lines:
        if line["frame"] > line.get("total_frames", math.inf):
            sys.exit(f"more than all of it: {line}")
        if ("exit" in line) != (line is lines[-1]):
            sys.exit(f"the end is not the end: {line}")
    word = "end" if int(status) == 0 else "stopped" if int(status) > 128 else "failed"
    if (lines[-1]["exit"], lines[-1]["progress"]) != (int(status), word):
        sys.exit(f"exit status {status} is called {lines[-1]}")


def check_json(path, *expressions):
    """Evaluates Python expressions over the keys of the last object in the file."""
    text = sys.stdin.read() if path == "-" else open(path, encoding="utf-8").read()
    names = json.loads(text)
    for expression in expressions:
        if not eval(expression, {}, names):
            sys.exit(f"not so: {expression}\n{text}")


if __name__ == "__main__":
    {"times": times, "rate": rate, "slow": slow, "beeps": beeps, "still": still, "flat": flat, "recovers": recovers,
     "hdr": hdr, "json": check_json, "progress": progress}[sys.argv[1]](*sys.argv[2:])
