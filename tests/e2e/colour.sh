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

case $1 in
tags)
    tagged bt709 bt709 bt709 tv yuv420p
    tagged smpte170m smpte170m smpte170m tv yuv422p
    tagged bt470bg bt470bg gamma28 pc yuv444p
    tagged bt2020nc bt2020 smpte2084 tv yuv420p10le
    tagged bt2020nc bt2020 arib-std-b67 tv yuv422p10le
    ;;
unsaid)
    # A stream that does not name its matrix: by its height, as players do it; nothing
    # is made up in the tags.
    for case in 64x718:smpte170m:bt709 64x720:bt709:smpte170m; do
        others=${case#*:}
        synth in.mkv 0.08 25 "${case%%:*}" -c:v ffv1 -pix_fmt yuv420p
        works -y -i in.mkv -o unsaid.mkv --x2 -c:v utvideo --pix-fmt gbrp
        for matrix in "${others%:*}" "${others#*:}"; do
            works -y -i in.mkv -o $matrix.mkv --x2 -c:v utvideo --pix-fmt gbrp --colorspace $matrix
            frame_sums $matrix.mkv gbrp >$matrix
        done
        same "$(frame_sums unsaid.mkv gbrp)" "$(cat "${others%:*}")" "the matrix of $case"
        ! cmp -s bt709 smpte170m || fail 'the test itself: both matrices are one'
        works -y -i in.mkv -o out.mkv --x2 -c:v ffv1
        same "$(entry out.mkv v:0 $keys)" "$(entry in.mkv v:0 $keys)" 'tags'
    done
    ;;
override)
    # The user knows better: for the tags and for the numbers.
    synth in.mkv 0.12 25 64x48 -c:v ffv1 -pix_fmt yuv420p
    works -i in.mkv -o out.mkv --x2 -c:v ffv1 --colorspace bt2020nc --range pc \
        --primaries bt2020 --trc smpte2084
    same "$(entry out.mkv v:0 color_space,color_range,color_primaries,color_transfer | sort | tr '\n' ' ')" \
        'bt2020 bt2020nc pc smpte2084 ' tags
    same "$(frame_sums out.mkv yuv420p | sed -n 'p;n')" "$(frame_sums in.mkv yuv420p)" originals
    for matrix in bt709 smpte170m; do
        works -i in.mkv -o $matrix.mkv --x2 -c:v utvideo --pix-fmt gbrp --colorspace $matrix
        frame_sums $matrix.mkv gbrp >$matrix
    done
    ! cmp -s bt709 smpte170m || fail '--colorspace does not reach the conversion'
    fails 2 '--colorspace takes one of .*bt709' -i in.mkv -o no.mkv --colorspace bt708
    fails 2 "--range takes one of .*'wide'" -i in.mkv -o no.mkv --range wide
    quiet_ffmpeg -i in.mkv -c:v utvideo -pix_fmt gbrp rgb.mkv
    works -i rgb.mkv -o out2.mkv --x2 -c:v utvideo --colorspace bt709
    says 'warning: .*no effect on gbrp'
    ;;
esac
no_leftovers
