# Every pixel format goes in; the originals come out as they were, and between
# two equal frames lies the same one, but for rounding.
. "$(dirname "$0")/lib.sh"

format=$1
# One filmed picture, and three frames of it: raw, so that the format stays.
quiet_ffmpeg -i "$lotus" -frames:v 1 -vf "crop=160:96,format=$format" -f rawvideo picture.raw
cat picture.raw picture.raw picture.raw |
    quiet_ffmpeg -f rawvideo -pix_fmt "$format" -s 160x96 -r 25 -i - -c:v rawvideo still.nut
works -i still.nut -o still.mkv -c:v ffv1 --x2
same "$(count still.mkv)" 6 frames
judge still still.mkv

# Moving ones: every third frame is an original.
quiet_ffmpeg -i "$lotus" -frames:v 3 -vf "crop=160:96,format=$format" -c:v rawvideo moving.nut
works -i moving.nut -o moving.mkv -c:v ffv1 --x3
frame_sums moving.nut "$format" >given
frame_sums moving.mkv "$format" | sed -n '1p;4p;7p' >kept
same "$(cat kept)" "$(cat given)" 'original frames'
# ... and the others are not copies of them.
same "$(frame_sums moving.mkv "$format" | sed -n 1,7p | sort -u | wc -l)" 7 'different frames'
