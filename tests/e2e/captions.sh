# Closed captions and other side data of one frame: they are in the output once, in order.
. "$(dirname "$0")/lib.sh"

# captioned FILE FILTERS [encoder options]: makes a film with a caption in each frame.
captioned() {
    to=$1 picture=$2
    shift 2
    quiet_ffmpeg -f lavfi -i "$picture" -c:v libx264 -bf 0 "$@" plain.h264
    python3 "$tests/e2e/craft.py" captions plain.h264 captions.h264
    quiet_ffmpeg -r 25 -i captions.h264 -c copy "$to"
}

# Prints the bytes of all captions, in the order of the frames.
captions() {
    ffmpeg -nostdin -v error -f lavfi -i "movie=$1[out0+subcc]" -map 0:s -c copy -f data - | od -An -v -tx1
}

arrive() {
    same "$(captions out.mp4)" "$(captions in.mp4)" "$1"
}

case $1 in
held)
    # A frame that is shown again does not repeat its captions: a still, the end, a cut.
    captioned in.mp4 color=red:s=64x48:r=25:d=0.4
    [ "$(captions in.mp4 | wc -c)" -gt 60 ] || fail 'the test itself: no captions'
    works -i in.mp4 -o out.mp4 --x4
    arrive 'captions of a still'
    works -y -i in.mp4 -o out.mp4 --x2 --dedup off
    arrive 'captions between equal frames'
    captioned in.mp4 testsrc2=s=64x48:r=25:d=0.4
    printf '0.2\n' >cuts.txt
    for on_cut in dup blend split; do
        works -y -i in.mp4 -o out.mp4 --factor 5/1 --scene-list cuts.txt --on-cut $on_cut
        arrive "captions around a cut ($on_cut)"
    done
    ;;
bob)
    # With one frame per field, two frames come from one and share its captions.
    captioned in.mp4 testsrc2=s=64x48:r=50:d=0.8,format=yuv420p,tinterlace=interleave_top \
        -flags +ildct+ilme -x264opts tff=1
    run -i in.mp4 -o out.mp4 --factor 1 --deinterlace bob
    [ $status = 8 ] && exit 77
    quiet_ffmpeg -i in.mp4 -vf bwdif=mode=send_frame -c:v libx264 -bf 0 frames.mp4
    same "$(captions out.mp4)" "$(captions frames.mp4)" 'captions'
    ;;
esac
no_leftovers
