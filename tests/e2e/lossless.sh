# Originals reach the encoder as decoded: with a lossless encoder they come out bit by bit
# the same, whatever the decoder.
. "$(dirname "$0")/lib.sh"

frame_sums "$lotus" yuv420p >given
for encoder in '-c:v ffv1' '-c:v libx264 -e qp=0' '-c:v libx264 --crf 0'; do
    works -y -i "$lotus" -o out.mkv --x2 $encoder
    frame_sums out.mkv yuv420p | sed -n 'p;n' >kept
    same "$(cat kept)" "$(cat given)" "original frames through $encoder"
done
# The last frame is held: the 48th frame is the 47th.
same "$(frame_sums out.mkv yuv420p | sed -n 48p)" "$(tail -n 1 given)" 'last frame'
