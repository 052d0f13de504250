#!/bin/sh
# Makes tests/data/lotus.mp4 from crystal.mp4 of mdn/learning-area (CC0-1.0;
# javascript/apis/client-side-storage/cache-sw/video-store-offline/videos).
#
#   tests/data/make_clip.sh crystal.mp4
#
# Takes every third frame, so that there is something to interpolate; the sound and the
# subtitle are made here.
set -eu

source=${1:?usage: make_clip.sh crystal.mp4}
here=$(dirname "$0")
subtitle=$(mktemp --suffix=.srt)
trap 'rm -f "$subtitle"' EXIT

cat > "$subtitle" <<'END'
1
00:00:00,250 --> 00:00:00,900
A glass lotus

2
00:00:01,100 --> 00:00:01,800
seen from all sides
END

ffmpeg -v error -y -i "$source" -f lavfi -i "sine=330:r=44100:d=2" -i "$subtitle" \
    -filter_complex "[0:v]select='between(n,45,114)*not(mod(n,3))',crop=iw*0.97:ow*9/16,
                     scale=320:180:flags=lanczos,setsar=1,format=yuv420p,setpts=N/12/TB[v]" \
    -map "[v]" -map 1:a -map 2:s -r 12 -map_metadata -1 -map_chapters -1 -fflags +bitexact \
    -c:v libx264 -crf 22 -preset veryslow -flags:v +bitexact \
    -colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m -color_range tv \
    -c:a aac -b:a 32k -flags:a +bitexact -c:s mov_text -metadata:s:s:0 language=eng \
    -movflags +faststart "$here/lotus.mp4"
