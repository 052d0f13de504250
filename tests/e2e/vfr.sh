# Frame times that are uneven or out of order.
. "$(dirname "$0")/lib.sh"

case $1 in
gaps)
    # Each uneven gap is split evenly; the rate does not become constant.
    synth even.mkv 0.4 25 64x48 -c:v mjpeg -pix_fmt yuvj420p
    quiet_ffmpeg -i even.mkv -c copy -bsf:v 'setts=ts=N*N*7+N*33' uneven.mkv
    for factor in 2 3 5/2; do
        works -y -i uneven.mkv -o out.mp4 --factor $factor
        judge times uneven.mkv out.mp4 $factor exact
        works -y -i uneven.mkv -o out.mkv --factor $factor
        judge times uneven.mkv out.mkv $factor
    done
    ;;
back)
    # A time that goes back does not make a frame of one tick: it moves between its
    # neighbours.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -c:v mjpeg \
        -bsf:v 'setts=pts=PTS+512*(eq(mod(N\,5)\,2)-eq(mod(N\,5)\,3)):dts=DTS' back.mov
    works -i back.mov -o out.mkv --factor 1 -c:v ffv1
    says 'warning: back\.mov: repaired 4 '
    same "$(count out.mkv)" 20 frames
    ffprobe -v error -show_entries packet=pts -of csv=p=0 out.mkv | tr -d , |
        awk 'NR > 1 && $1 - last < 15 { exit 1 } { last = $1 }' || fail 'frames of a few ms'
    ;;
bare)
    # A raw stream has no times, but a part of it can be taken.
    synth in.h264 0.8 25 64x48 -c:v libx264 -bf 2
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -c:v mpeg2video -bf 2 -f mpeg2video in.m2v
    for in in in.h264 in.m2v; do
        works -y -i $in -o out.mkv --factor 1 --ss 0.24 --to 0.6 -c:v ffv1
        same "$(frame_sums out.mkv yuv420p)" "$(frame_sums $in yuv420p | sed -n 7,15p)" "the part of $in"
    done
    works -y -i in.h264 -o out.mkv --factor 1 --to 0.2
    same "$(count out.mkv)" 5 frames
    ;;
ticks)
    # If a container counts in milliseconds, a message says so before frames get equal
    # times.
    synth in.mp4 0.02 600 64x48 -c:v libx264
    works -i in.mp4 -o out.mkv
    says 'warning: matroska counts time in steps of 1 ms'
    works -i in.mp4 -o out.mp4
    ! warned || fail 'a warning'
    ;;
esac
