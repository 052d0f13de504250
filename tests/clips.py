"""Compares input and output of one run, as ffprobe reports them.

    clips.py video INPUT OUTPUT STATS   STATS is rifec's JSON; prints a row of a table
    clips.py pictures INPUT OUTPUT      patterns of PNG, f%d.png

Exit status 1, and every difference on stderr, if they do not agree.
"""

import glob
import json
import os
import re
import subprocess
import sys
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "e2e"))
from judge import frame_times, source_times, split  # noqa: E402

# Properties that every output video, and every copied stream, must have again.
PICTURE = ("width", "height", "pix_fmt", "sample_aspect_ratio", "color_range", "color_space",
           "color_transfer", "color_primaries", "chroma_location")
COPIED = ("codec_name", "profile", "width", "height", "sample_rate", "channels",
          "channel_layout", "pix_fmt", "sample_aspect_ratio")
# Tags that name the input's own format and the program that wrote it.
NOT_KEPT = {"major_brand", "minor_version", "compatible_brands", "encoder", "vendor_id"}
# Counted again, by FFmpeg or by the muxer.
COUNTED = {"duration", "bps", "number_of_frames", "number_of_bytes"}


def ffprobe(path, *arguments):
    command = ["ffprobe", "-v", "error", "-of", "json", *arguments, path]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def tags(group):
    found = {key.lower(): value for key, value in group.get("tags", {}).items()}
    return {key: value for key, value in found.items()
            if key not in NOT_KEPT and key not in COUNTED and not key.startswith("_statistics")}


def side_data(group):
    """Rotation, mastering display and the like, but not the parts that differ by codec."""
    return {(data["side_data_type"], key): value
            for data in group.get("side_data_list", []) for key, value in data.items()
            if key != "side_data_type" and data["side_data_type"] != "CPB properties"}


class Pair:
    """Collects the differences between the two files."""

    def __init__(self, before, after):
        self.before, self.after, self.differences = before, after, []

    def same(self, what, before, after):
        if before != after:
            self.differences.append(f"{what}: {before} became {after}")

    def near(self, what, before, after, tolerance):
        if abs(before - after) > tolerance:
            self.differences.append(f"{what}: {float(before)} became {float(after)}")

    def keeps(self, what, before, after):
        """Every tag is still there; there may be more."""
        for key, value in before.items():
            self.same(f"{what} {key}", value, after.get(key))

    def finish(self):
        for line in self.differences:
            print(f"{self.after}: {line}", file=sys.stderr)
        sys.exit(1 if self.differences else 0)


def packets(path, index):
    """Returns time and contents of each packet of a stream."""
    found = ffprobe(path, "-select_streams", str(index), "-show_entries",
                    "packet=pts_time,data_hash", "-show_data_hash", "md5")["packets"]
    return [(Fraction(packet["pts_time"]), packet["data_hash"]) for packet in found]


def compare_copied(pair, what, before, after, video_in, video_out):
    pair.keeps(what, {key: before[key] for key in COPIED if key in before}, after)
    given, written = (packets(path, stream["index"])
                      for path, stream in ((pair.before, before), (pair.after, after)))
    pair.same(f"{what}: packets", [data for _, data in given], [data for _, data in written])
    # The delay after the picture is the same; containers round to a millisecond.
    for n, ((time_in, _), (time_out, _)) in enumerate(zip(given, written)):
        pair.near(f"{what}: packet {n} after the picture", time_in - video_in,
                  time_out - video_out, Fraction(2, 1000))


def shown_times(path):
    """Like source_times(), but ignores a duration of one tick, which some programs write
    for all frames."""
    *at, end = source_times(path)
    gap = at[-1] - at[-2]
    return at + [end if end - at[-1] > gap / 8 else at[-1] + gap]


def compare_video(pair, before, after):
    """Returns the times of the frames in input and output, each with the end of the last."""
    what = f"stream {before['index']}"
    pair.keeps(what, {key: before[key] for key in PICTURE if key in before}, after)
    if before.get("field_order", "unknown") != "unknown":
        pair.same(f"{what} field_order", "progressive", after.get("field_order"))
    given, written = shown_times(pair.before), shown_times(pair.after)
    wanted, (at, _, base) = split(given, Fraction(2)), frame_times(pair.after)
    pair.same("frames", len(wanted), len(at))
    for n, (should, is_at) in enumerate(zip(wanted, at)):
        pair.near(f"time of frame {n}", should - given[0], is_at - written[0], base)
    frame = max(b - a for a, b in zip(given, given[1:]))
    pair.near("length of the video", given[-1] - given[0], written[-1] - written[0], frame)
    return given, written


def left_out(stats):
    """Returns the numbers of the streams that rifec reported as left out."""
    found = (re.match(r"stream (\d+) .*is left out", text) for text in stats["warnings"])
    return {int(match.group(1)) for match in found if match}


def length(file):
    """Returns the durations that the streams give, if any: the duration in MP4's header
    can be longer."""
    ends = [Fraction(s["duration"]) for s in file["streams"] if "duration" in s]
    starts = [Fraction(s["start_time"]) for s in file["streams"] if "duration" in s]
    if len(ends) < len(file["streams"]):
        return Fraction(file["format"]["duration"])
    return max(start + end for start, end in zip(starts, ends)) - min(starts)


def compare_files(before, after, stats_path):
    pair = Pair(before, after)
    with open(stats_path, encoding="utf-8") as file:
        stats = json.load(file)
    shown = ("-show_streams", "-show_format", "-show_chapters")
    given, written = ffprobe(before, *shown), ffprobe(after, *shown)
    lost = left_out(stats)
    for index in lost:  # all the other streams here fit into any container
        pair.same(f"left out: stream {index}", given["streams"][index]["codec_type"], "data")
    kept = [stream for stream in given["streams"] if stream["index"] not in lost]
    pair.same("kinds of streams", [s["codec_type"] for s in kept],
              [s["codec_type"] for s in written["streams"]])
    made = next(s for s in kept if s["codec_type"] == "video")
    times_in, times_out = compare_video(pair, made, written["streams"][kept.index(made)])
    for stream, copy in zip(kept, written["streams"]):
        what = f"stream {stream['index']}"
        pair.keeps(f"{what} tag", tags(stream), {**copy.get("tags", {}), **tags(copy)})
        pair.same(f"{what} disposition", stream["disposition"], copy["disposition"])
        pair.keeps(f"{what} side data", side_data(stream), side_data(copy))
        if stream is not made:
            compare_copied(pair, what, stream, copy, times_in[0], times_out[0])
    pair.keeps("tag", tags(given["format"]), tags(written["format"]))
    pair.same("chapters", given["chapters"], written["chapters"])
    frame = max(b - a for a, b in zip(times_in, times_in[1:]))
    length_in, length_out = length(given), length(written)
    pair.near("length", length_in, length_out, frame)
    kinds = " ".join(s["codec_name"] for s in written["streams"])
    dropped = f", {len(lost)} left out aloud" if lost else ""
    agrees = "agrees" if not pair.differences else f"{len(pair.differences)} differences"
    seconds = [float(s) for s in (times_in[-1] - times_in[0], times_out[-1] - times_out[0],
                                  length_in, length_out)]
    print("| {} | {}{} | {} to {} | {:.3f} to {:.3f} | {:.3f} to {:.3f} | {} |".format(
        os.path.splitext(os.path.basename(before))[0], kinds, dropped, len(times_in) - 1,
        len(times_out) - 1, *seconds, agrees), flush=True)
    pair.finish()


def numbered(pattern):
    """Returns the files of f%d.png or f%02d.png, by their numbers."""
    head, tail = re.split(r"%0?\d*d", pattern)
    form = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail) + "$")
    found = {int(form.match(path).group(1)): path
             for path in glob.glob(glob.escape(head) + "*" + tail) if form.match(path)}
    return [found[n] for n in sorted(found)]


def samples(path):
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "rawvideo", "-"],
                          check=True, capture_output=True).stdout


def compare_pictures(before, after):
    pair = Pair(before, after)
    given, written = numbered(before), numbered(after)
    pair.same("pictures", 2 * len(given), len(written))
    keys = "stream=width,height,pix_fmt"
    for was, now in zip(given, written[::2]):
        pair.same(f"format of {was}", *(ffprobe(path, "-show_entries", keys) for path in (was, now)))
        if samples(was) != samples(now):
            pair.differences.append(f"{was} is not {now}")
    pair.finish()


if __name__ == "__main__":
    {"video": compare_files, "pictures": compare_pictures}[sys.argv[1]](*sys.argv[2:])
