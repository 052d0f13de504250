# Faults injected into a small job, one in each run (inject.c): the process never dies
# of them, says what failed, and leaves neither an output nor a .part.
# inject.sh CASE [STEP]: every STEPth fault only.
. "$(dirname "$0")/../e2e/lib.sh"
step=${2:-1}

# Four small frames with sound, a title and a chapter.
quiet_ffmpeg -i "$lotus" -map 0:v:0 -map 0:a:0 -frames:v 4 -t 0.3 -vf scale=64:36 \
    -c:v libx264 -preset ultrafast -c:a copy -metadata title=tiny tiny.mp4
job='-i tiny.mp4 -o out.mkv --x2 --preset ultrafast --device cpu --stats stats.json'

# with KIND N: runs the job with that fault; the log of inject.c is in faults.
with() {
    rm -f faults out.mkv
    ran="INJECT='$*' rifec $job"
    status=0
    INJECT="$*" INJECT_LOG=faults LD_PRELOAD=$INJECT_SO timeout 100 "$RIFEC" \
        ${RIFEC_FLAGS:-} $job </dev/null >stdout 2>stderr || status=$?
}

# How many calls of a kind the job makes.
count_calls() {
    with "$1" 0
    same $status 0 'the test itself: without a fault'
    calls=$(sed -n "s/^$1 //p" faults)
    [ "${calls:-0}" -gt 0 ] || fail "the test itself: no call of $1"
}

# ended STATUS PATTERN: so it had to end, and nothing is left.
ended() {
    [ $status = "$1" ] || fail "exit status $status instead of $1"
    says "$2"
    [ ! -e out.mkv ] || fail 'an output'
    no_leftovers
}

case $1 in
limit)
    # At most so many threads at a time. Few are enough for a slower job; with fewer
    # than that it says so before it begins.
    for codec in libx264 libx265; do
        needs_encoder $codec
        for threads in 0 6; do
            job="$job -c:v $codec" with limit $threads
            ended 7 'threads can be started'
        done
        job="$job -c:v $codec" with limit 8
        [ $status = 0 ] || fail "exit status $status"
        says 'warning: .*only [0-9]* more threads can be started'
        same "$(count out.mkv)" 8 frames
    done
    ;;
esac
