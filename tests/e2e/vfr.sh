# Uneven gaps are each split evenly; nothing becomes a constant rate.
. "$(dirname "$0")/lib.sh"

synth even.mkv 0.4 25 64x48 -c:v mjpeg -pix_fmt yuvj420p
quiet_ffmpeg -i even.mkv -c copy -bsf:v 'setts=ts=N*N*7+N*33+500' uneven.mkv
for factor in 2 3 5/2; do
    works -y -i uneven.mkv -o out.mp4 --factor $factor
    judge times uneven.mkv out.mp4 $factor exact
    works -y -i uneven.mkv -o out.mkv --factor $factor
    judge times uneven.mkv out.mkv $factor
done
