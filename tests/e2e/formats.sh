# Every pixel format is accepted; the originals are unchanged, and between two equal
# frames the in-between is the same frame, except for rounding.
. "$(dirname "$0")/lib.sh"

format=$1
# Every third frame is an original. The input is raw video, so that the format stays.
quiet_ffmpeg -i "$lotus" -frames:v 3 -vf "crop=160:96,format=$format" -c:v rawvideo moving.nut
works -i moving.nut -o moving.mkv -c:v ffv1 --x3
frame_sums moving.nut "$format" >given
frame_sums moving.mkv "$format" | sed -n '1p;4p;7p' >kept
same "$(cat kept)" "$(cat given)" 'original frames'
# ... and the others are not copies of originals.
same "$(frame_sums moving.mkv "$format" | sed -n 1,7p | sort -u | wc -l)" 7 'different frames'

# Flat colours show errors of arithmetic that motion would hide. A dot comes and goes, so
# that no two frames are equal.
python3 "$tests/e2e/pattern.py" colours 96 64 |
    quiet_ffmpeg -f rawvideo -pix_fmt rgb24 -s 96x64 -r 25 -i - -vf "format=$format" \
        -c:v rawvideo flat.nut
works -i flat.nut -o flat.mkv -c:v ffv1 --x2
judge flat flat.mkv

# One filmed picture is repeated three times.
quiet_ffmpeg -i "$lotus" -frames:v 1 -vf "crop=160:96,format=$format" -f rawvideo picture.raw
cat picture.raw picture.raw picture.raw |
    quiet_ffmpeg -f rawvideo -pix_fmt "$format" -s 160x96 -r 25 -i - -c:v rawvideo still.nut
works -i still.nut -o still.mkv -c:v ffv1 --x2
same "$(count still.mkv)" 6 frames
judge still still.mkv
