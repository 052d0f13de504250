# High dynamic range: tags, mastering display and light levels reach container and stream
# with every encoder that supports them; a warning names what is lost.
#   hdr.sh static ENCODER | hlg ENCODER | ...
. "$(dirname "$0")/lib.sh"

keys=color_range,color_space,color_transfer,color_primaries,pix_fmt
params='log-level=none:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400'

# hdr10 FILE [SECONDS]: makes ten-bit PQ that is described within the stream.
hdr10() {
    needs_encoder libx265
    synth "$1" "${2:-0.12}" 25 128x96 -pix_fmt yuv420p10le -c:v libx265 -x265-params "$params" \
        -color_range tv -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084
    judge hdr "$1" frame
}

# in_bits FILE: the encoder has written the metadata into the stream. Older versions of
# FFmpeg do not decode it in H.264, so this reads the bits.
in_bits() {
    if [ "$(entry "$1" v:0 codec_name)" = h264 ]; then
        ffmpeg -nostdin -v verbose -i "$1" -map 0:v:0 -c copy -bsf:v trace_headers -f null - 2>trace
        for wanted in 'display_primaries_x\[0\] .* = 13250' 'white_point_y .* = 16450' \
            'max_display_mastering_luminance .* = 10000000' 'max_content_light_level .* = 1000' \
            'max_pic_average_light_level .* = 400'; do
            grep -q "$wanted" trace || fail "no $wanted in the bits of $1"
        done
    else
        judge hdr "$1" frame
    fi
}

tags() {
    entry "$1" v:0 $keys | tr '\n' ' '
}

case $1 in
static)
    needs_encoder "$2"
    hdr10 in.mkv
    fast=
    [ "$2" != libaom-av1 ] || fast='-e cpu-used=8'
    for out in out.mkv out.mp4; do
        works -i in.mkv -o $out --x2 -c:v "$2" $fast
        same "$(tags $out)" "$(tags in.mkv)" "tags in $out"
        judge hdr $out stream
        case $2 in libx264 | libx265 | libsvtav1) in_bits $out ;; esac
        ! warned || fail 'a warning, though nothing is lost'
        # The same with metadata in the container only.
        works -i $out -o again.mkv -y --x2 -c:v ffv1
        judge hdr again.mkv stream
    done
    ;;
params)
    # The user's encoder parameters are added to ours.
    hdr10 in.mkv
    works -i in.mkv -o out.mkv --x2 -c:v libx264 -e x264-params=keyint=7
    grep -aq 'keyint=7 ' out.mkv || fail "the user's parameters are lost"
    in_bits out.mkv
    works -i in.mkv -o out2.mkv --x2 -c:v libx265 -e x265-params=max-cll=1000,400:keyint=7
    in_bits out2.mkv
    ;;
hlg)
    needs_encoder "$2"
    synth in.mkv 0.12 25 128x96 -pix_fmt yuv420p10le -c:v ffv1 -color_range tv \
        -colorspace bt2020nc -color_primaries bt2020 -color_trc arib-std-b67
    fast=
    [ "$2" != libaom-av1 ] || fast='-e cpu-used=8'
    for out in out.mkv out.mp4; do
        works -i in.mkv -o $out --x2 -c:v "$2" $fast
        same "$(tags $out)" "$(tags in.mkv)" "tags in $out"
    done
    ;;
nowhere)
    # Neither this encoder nor this container can hold it.
    hdr10 in.mkv
    works -i in.mkv -o out.nut --x2 -c:v ffv1
    says 'warning: the mastering display and light levels of HDR10 are left out'
    ;;
dolby)
    # MP4's note about Dolby Vision is reported and not copied, because its data is lost.
    hdr10 plain.mp4
    for base in 1 0; do
        python3 "$tests/e2e/craft.py" dolby plain.mp4 in.mp4 $base
        ffprobe -v error -show_entries stream_side_data in.mp4 | grep -q DOVI ||
            fail 'the test itself: Dolby Vision'
        works -i in.mp4 -o out.mp4 -y --x2
        [ $base = 0 ] || says 'warning: .*Dolby Vision .*libx265 .*the HDR10 picture remains'
        [ $base = 1 ] || says 'warning: .*Dolby Vision .*colours will look wrong'
        ! ffprobe -v error -show_entries stream_side_data out.mp4 | grep -q DOVI ||
            fail 'a note on data that is not there'
        same "$(tags out.mp4)" "$(tags in.mp4)" tags
    done
    ;;
plus)
    # HDR10+: each frame has a message.
    hdr10 plain.hevc
    python3 "$tests/e2e/craft.py" hdr10plus plain.hevc in.hevc
    ffprobe -v error -show_entries frame_side_data in.hevc | grep -q 'HDR10+' ||
        fail 'the test itself: HDR10+'
    works -i in.hevc -o out.mkv --x2
    says 'warning: the HDR10\+ data of each frame is left out: libx264'
    in_bits out.mkv
    ;;
film)
    for clip in e02_hdr10_pq_portrait.mp4 e03_hlg10_vfr_1080p.mp4; do
        clip=$(eval_clip $clip)
        for out in out.mp4 out.mkv; do
            works -i "$clip" -o $out -y --factor 1 --to 0.2 --preset ultrafast
            same "$(tags $out)" "$(tags "$clip")" "tags of $clip in $out"
            same "$(side $out v:0 side_data_type)" "$(side "$clip" v:0 side_data_type)" 'side data'
        done
    done
    ;;
esac
no_leftovers
