"""Counts the cuts that rifec finds, and how many of them are real: docs/scenes.md.

    scenes.py RIFEC CLIPS

CLIPS has videos in eval/, with the cuts that INDEX.md counts in each, and triplets of
neighbouring frames in ucf101_subset/. Films with cuts at known places are joined from
these: each pair of videos meets once, with three frames of each; and all triplets follow
each other in a fixed random order, because neighbours in the list are often from one
recording.
"""

import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile

# e14 is e01 interlaced, so there is no cut between the two.
LEFT_OUT = "e14"
SIZE = "320:180"


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)


def rounds(names):
    """Returns an order in which every two names are neighbours once, except at the
    joints:
    Hierholzer's walk over the complete graph of an odd number of names."""
    names = names if len(names) % 2 else names[:-1]
    left = {name: [other for other in names if other != name] for name in names}
    walk, path = [], [names[0]]
    while path:
        here = path[-1]
        if left[here]:
            there = left[here].pop()
            left[there].remove(here)
            path.append(there)
        else:
            walk.append(path.pop())
    assert len(walk) == len(list(itertools.combinations(names, 2))) + 1
    return walk


def found(rifec, film, folder):
    stats = os.path.join(folder, "stats.json")
    subprocess.run([rifec, "-q", "-i", film, "-f", "null", "--deinterlace", "auto",
                    "--stats", stats], check=True)
    with open(stats, encoding="utf-8") as file:
        return json.load(file)


def joined(rifec, parts, folder):
    """Returns the numbers of the frames that begin a part, and of those that rifec
    reports as cuts."""
    listing, at, wanted = os.path.join(folder, "list"), 0, set()
    with open(listing, "w", encoding="utf-8") as file:
        for part, frames in parts:
            file.write(f"file '{part}'\n")
            wanted.add(at)
            at += frames
    film = os.path.join(folder, "film.mkv")
    ffmpeg("-f", "concat", "-safe", "0", "-i", listing, "-c", "copy",
           "-bsf:v", "setts=ts=N*0.04/TB", film)
    stats = found(rifec, film, folder)
    assert stats["input"]["frames"] == at, (stats["input"]["frames"], at)
    return at, wanted - {0}, {round(cut / 0.04) for cut in stats["cuts"]}


def videos(rifec, clips, folder):
    parts = {}
    for name in sorted(os.listdir(clips)):
        if not name.startswith(LEFT_OUT):
            parts[name] = os.path.join(folder, name + ".mkv")
            # After the first second, where no clip has a cut.
            ffmpeg("-i", os.path.join(clips, name), "-map", "0:v:0", "-vf",
                   f"select='between(n,5,7)',scale={SIZE},format=yuv420p", "-vsync", "passthrough",
                   "-c:v", "ffv1", parts[name])
    return joined(rifec, [(parts[name], 3) for name in rounds(list(parts))], folder)


def triplets(rifec, clips, folder):
    parts = []
    for name in sorted(os.listdir(clips), key=int):
        part = os.path.join(folder, f"t{name}.mkv")
        inputs = [argument for frame in ("frame_00", "frame_01_gt", "frame_02")
                  for argument in ("-i", os.path.join(clips, name, frame + ".png"))]
        ffmpeg(*inputs, "-filter_complex", "concat=n=3,setpts=N/25/TB,format=yuv444p",
               "-vsync", "passthrough", "-c:v", "ffv1", part)
        parts.append((part, 3))
    random.Random(1).shuffle(parts)
    return joined(rifec, parts, folder)


def report(name, frames, wanted, cuts):
    right = len(wanted & cuts)
    print(f"| {name} | {frames} | {len(wanted)} | {len(cuts)} | {right} "
          f"| {right / max(len(cuts), 1):.3f} | {right / max(len(wanted), 1):.3f} |")
    for n in sorted(wanted ^ cuts):
        print(f"  frame {n}: {'missed' if n in wanted else 'no cut'}", file=sys.stderr)


def main(rifec, clips):
    with tempfile.TemporaryDirectory() as folder:
        report("each two of 13 evaluation clips", *videos(rifec, f"{clips}/eval", folder))
        report("UCF101, 95 triplets", *triplets(rifec, f"{clips}/ucf101_subset", folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
