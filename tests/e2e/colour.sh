# The meaning of sample values is passed on, in the stream and in the container.
. "$(dirname "$0")/lib.sh"

keys=color_range,color_space,color_transfer,color_primaries,chroma_location,sample_aspect_ratio

# tagged MATRIX PRIMARIES TRANSFER RANGE PIXEL_FORMAT
tagged() {
    synth in.mkv 0.12 25 64x48 -c:v libx264 -vf "setsar=4/3,format=$5" -colorspace "$1" \
        -color_primaries "$2" -color_trc "$3" -color_range "$4"
    for out in out.mkv out.mp4; do
        # libx265, the default for this MP4, states the chroma position for 4:2:0 only.
        [ $out$5 != out.mp4yuv422p10le ] || continue
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
    # If a stream does not name its matrix, it follows from the height, as in players; the
    # tags stay empty.
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
    # The user's options override the input, for the tags and for the conversion.
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
sited)
    # When RGB becomes YUV, or the reverse, the chroma is where players expect it: the
    # result is as close to zimg's as two filters can be, and far from that of the next
    # position.
    ffmpeg -v error -filters | grep -q ' zscale ' || { echo 'skipped: no zscale'; exit 77; }
    near() { # FILE REFERENCE FILTER: prints the PSNR of the worst plane
        ffmpeg -nostdin -hide_banner -i "$1" -i "$2" -lavfi "[0:v]setpts=N[a];[1:v]$3,setpts=N[b];[a][b]psnr" \
            -f null - 2>&1 | sed -n 's/.*PSNR \(.*\) average.*/\1/p' | grep -oE '[0-9.]+|inf' | sort -n | head -n 1 |
            cut -d. -f1
    }
    synth in.mkv 0.04 25 128x96 -c:v ffv1 -pix_fmt bgr0
    works -i in.mkv -o out.mkv --factor 1 -c:v ffv1 --pix-fmt yuv420p
    for at in left center; do
        near out.mkv in.mkv "format=gbrp,zscale=matrix=170m:range=limited:chromal=$at:filter=bicubic,format=yuv420p" >$at
    done
    [ "$(cat left)" -ge 45 ] && [ "$(cat center)" -le 35 ] || fail "RGB to YUV: $(cat left) and $(cat center) dB"
    for at in left center topleft; do
        other=left
        [ $at != left ] || other=center
        quiet_ffmpeg -y -i in.mkv -vf "format=gbrp,zscale=matrix=170m:range=limited:chromal=$at,format=yuv420p" \
            -chroma_sample_location $at -colorspace smpte170m -color_range tv -c:v libx264 -qp 0 yuv.mkv
        same "$(entry yuv.mkv v:0 chroma_location)" $at 'the test itself'
        works -y -i yuv.mkv -o out.mkv --factor 1 -c:v utvideo --pix-fmt gbrp
        for to in $at $other; do
            near out.mkv yuv.mkv "zscale=chromalin=$to:matrix=gbr:range=full:filter=bicubic,format=gbrp" >$to
        done
        [ "$(cat $at)" -ge 45 ] && [ "$(cat $other)" -le 40 ] || fail "YUV to RGB, $at: $(cat $at) and $(cat $other) dB"
    done
    ;;
esac
no_leftovers
