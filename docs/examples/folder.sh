#!/bin/sh
# Interpolates every video of a folder to 60 frames per second, one after the other, and
# goes on where an earlier run stopped.
#
#   folder.sh IN OUT [rifec's options]
#
# What exists in OUT is left alone; a file that fails does not hold up the others. OUT gets
# stats.jsonl, one line of JSON a file. The exit status is the highest of any file: 0 if all
# went well, 130 after Ctrl-C.
set -eu

in=$1 out=$2
shift 2
set -- --fps 60 --keep-going --skip-existing --stats "$out/stats.jsonl" "$@"
found=false
for file in "$in"/*.mp4 "$in"/*.mkv "$in"/*.mov "$in"/*.webm; do
    [ -f "$file" ] || continue # a pattern that matches nothing stays a pattern
    set -- "$@" -i "$file"
    found=true
done
$found || { echo "folder.sh: no videos in '$in'" >&2; exit 2; }
mkdir -p "$out"
exec "${RIFEC:-rifec}" "$@" -o "$out/"
