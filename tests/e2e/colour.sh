# What the numbers of a picture mean is told on, in stream and container.
. "$(dirname "$0")/lib.sh"

keys=color_range,color_space,color_transfer,color_primaries,chroma_location,sample_aspect_ratio

# tagged MATRIX PRIMARIES TRANSFER RANGE PIXEL_FORMAT
tagged() {
    synth in.mkv 0.12 25 64x48 -c:v libx264 -vf "setsar=4/3,format=$5" -colorspace "$1" \
        -color_primaries "$2" -color_trc "$3" -color_range "$4"
    for out in out.mkv out.mp4; do
        works -y -i in.mkv -o $out --x2 --preset ultrafast
        same "$(entry $out v:0 $keys)" "$(entry in.mkv v:0 $keys)" "colour of $* in $out"
        same "$(entry $out v:0 pix_fmt)" "$(entry in.mkv v:0 pix_fmt)" 'pixel format'
    done
}

tagged bt709 bt709 bt709 tv yuv420p
tagged smpte170m smpte170m smpte170m tv yuv422p
tagged bt470bg bt470bg gamma28 pc yuv444p
tagged bt2020nc bt2020 smpte2084 tv yuv420p10le
tagged bt2020nc bt2020 arib-std-b67 tv yuv422p10le
