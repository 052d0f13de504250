#!/bin/sh
# Writes three frames of each clip as YUV4MPEG, for tests/gpu/precision.c on a machine
# that has neither the clips nor FFmpeg:
#
#   tests/gpu_clips.sh FOLDER CLIP...
#
# Takes every second frame from half a second on, so that things move; in 8 or 10 bits.
set -eu

folder=${1:?usage: gpu_clips.sh FOLDER CLIP...}
shift
mkdir -p "$folder"
for clip; do
    name=$(basename "$clip")
    deep=$(ffprobe -v error -select_streams v:0 -show_entries stream=pix_fmt -of csv=p=0 "$clip")
    case $deep in
    *10*) format=yuv420p10le ;;
    *) format=yuv420p ;;
    esac
    for start in 0.5 0; do # some are shorter
        ffmpeg -nostdin -v error -y -ss $start -i "$clip" -vf 'select=not(mod(n\,2))' \
            -vsync passthrough -frames:v 3 -pix_fmt $format -strict -1 "$folder/${name%.*}.y4m"
        [ "$(wc -c <"$folder/${name%.*}.y4m")" -lt 1000 ] || break
    done
done
ls -l "$folder"
