# The frames are the same with and without the cache, and with any number in flight.
. "$(dirname "$0")/lib.sh"

# Eight frames, two of which are repeated, once and four times.
quiet_ffmpeg -i "$lotus" -an -sn -vf 'scale=96:64,format=yuv420p' -frames:v 8 -c:v ffv1 8.mkv
quiet_ffmpeg -i 8.mkv -vf 'loop=1:1:2,loop=4:1:6' -c:v ffv1 in.mkv

# both FLAGS: the frames are the same with --no-frame-cache and without it.
both() {
    works -y -i in.mkv -o kept.mkv -c:v ffv1 "$@" --stats kept.json
    works -y -i in.mkv -o anew.mkv -c:v ffv1 "$@" --no-frame-cache --stats anew.json
    same "$(frame_sums anew.mkv yuv420p)" "$(frame_sums kept.mkv yuv420p)" "frames, $*"
    judge json anew.json 'device["frames_loaded"] == 2 * output["frames_synthesized"]'
}

case $1 in
kept)
    both --x4
    # Each source frame is loaded once, and repetitions are not loaded.
    judge json kept.json 'input["frames"] == 13' 'input["duplicates"] == 5' \
        'device["frames_loaded"] == 8' 'output["frames_synthesized"] == 21'
    both --factor 5/2 --tail loop
    judge json kept.json 'device["frames_loaded"] == 9'
    both --x3 --dedup smooth:2
    both --x2 --dedup off
    judge json kept.json 'device["frames_loaded"] == 13'
    both --x2 --scene-threshold 0.01
    ;;
ways)
    works -y -i in.mkv -o one.mkv -c:v ffv1 --x4
    for flags in '--in-flight 1' '--in-flight 8' --no-graph; do
        works -y -i in.mkv -o other.mkv -c:v ffv1 --x4 $flags
        same "$(frame_sums other.mkv yuv420p)" "$(frame_sums one.mkv yuv420p)" "$flags"
    done
    fails 2 'from 0 to 8' -i in.mkv -o no.mkv --in-flight 9
    ;;
*) fail "no case $1" ;;
esac
