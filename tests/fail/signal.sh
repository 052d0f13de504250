# After the first signal, the finished part becomes a valid file; after a second one,
# nothing is left.
. "$(dirname "$0")/../e2e/lib.sh"

synth in.mkv 60 25 160x96 -bf 0
echo precious >old.mkv

# Starts rifec in the background and waits until it has written frames.
start() {
    ran="rifec $* &"
    interruptible "$RIFEC" ${RIFEC_FLAGS:-} "$@" --device cpu --progress json </dev/null >stdout 2>stderr &
    process=$!
    trap 'kill -KILL $process 2>/dev/null || true; rm -rf "$folder"' EXIT
    tries=0
    until grep -q '"frame":[1-9]' stderr; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || fail 'no frame within two minutes'
        kill -0 $process || fail 'it ended by itself'
        sleep 0.1
    done
}

finish() {
    status=0
    wait $process || status=$?
    [ $status = "$1" ] || fail "exit status $status instead of $1"
    grep '^{' stderr >lines
    judge progress lines "$1" # the progress report says the same
    no_leftovers
}

# The output is complete: every frame decodes and has its time.
shorter_but_whole() {
    intact "$1"
    frames=$(count "$1")
    [ "$frames" -gt 0 ] && [ "$frames" -lt 3000 ] || fail "$frames frames"
    same $((frames % 2)) 0 'frames left over'
    quiet_ffmpeg -i in.mkv -frames:v $((frames / 2)) -c copy done.mkv
    judge times done.mkv "$1" 2
}

case $1 in
once)
    start -i in.mkv -o old.mkv -y --x2 --preset ultrafast -e tune=zerolatency
    kill -INT $process
    finish 130
    shorter_but_whole old.mkv
    ;;
sound)
    # Frames that were decoded ahead are dropped, together with their sound.
    quiet_ffmpeg -i in.mkv -f lavfi -i sine=d=60 -c:v copy -c:a aac loud.mkv
    start -i loud.mkv -o out.mkv --x2 --preset ultrafast -e tune=zerolatency
    kill -INT $process
    finish 130
    for stream in v:0 a:0; do
        ffprobe -v error -select_streams $stream -show_entries packet=pts_time,duration_time \
            -of csv=p=0 out.mkv | awk -F, '{ end = $1 + $2 } END { print end }'
    done | xargs echo | awk '{ exit !($2 < $1 + 0.05) }' || fail 'sound without a picture'
    ;;
term)
    start -i in.mkv -o out.mkv --x2 --preset ultrafast -e tune=zerolatency
    kill -TERM $process
    finish 143
    shorter_but_whole out.mkv
    ;;
hangup)
    start -i in.mkv -o out.mkv --x2 --preset ultrafast -e tune=zerolatency
    kill -HUP $process
    finish 129
    shorter_but_whole out.mkv
    ;;
loop)
    # A shell ends its loop only if the signal killed the program in it.
    cat >run.py <<'END'
import os, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stderr=open("stderr", "wb"))
while b'"frame":' not in open("stderr", "rb").read():
    time.sleep(0.1)
p.send_signal(signal.SIGINT)
sys.exit(0 if p.wait() == -signal.SIGINT else 1)
END
    ran='rifec, by way of python3'
    python3 run.py "$RIFEC" ${RIFEC_FLAGS:-} -i in.mkv -o out.mkv --x2 --preset ultrafast \
        -e tune=zerolatency --device cpu --progress json || fail 'it did not die of SIGINT'
    shorter_but_whole out.mkv
    ;;
ignored)
    # A signal that was ignored at the start stays ignored: Ctrl-C is for the foreground
    # job, and nohup protects from the closing of the terminal.
    for signal in INT TERM HUP; do
        : >stderr
        (trap '' $signal; exec "$RIFEC" ${RIFEC_FLAGS:-} -i in.mkv -o $signal.mkv --frames 60 \
            --preset ultrafast -e tune=zerolatency --device cpu --progress json </dev/null >stdout 2>stderr) &
        process=$!
        ran="rifec that ignores SIG$signal"
        until grep -q '"frame":[1-9]' stderr; do
            kill -0 $process || fail 'it ended by itself'
            sleep 0.1
        done
        kill -$signal $process
        wait $process || fail "exit status $?"
        same "$(count $signal.mkv)" 60 frames
    done
    ;;
both)
    # timeout(1) signals its child and then the whole group: both together are one
    # request.
    start -i in.mkv -o out.mkv --x2 --preset ultrafast -e tune=zerolatency
    kill -TERM $process
    kill -INT $process
    status=0
    wait $process || status=$?
    [ $status = 143 ] || [ $status = 130 ] || fail "exit status $status" # either order
    no_leftovers
    shorter_but_whole out.mkv
    ;;
twice)
    # One frame takes long, so the second signal arrives while it is made.
    synth large.mkv 2 25 640x384
    start -i large.mkv -o old.mkv -y --x2 --preset ultrafast -e tune=zerolatency \
        --kernels c --threads 1
    kill -INT $process
    sleep 0.1
    kill -INT $process
    finish 130
    same "$(cat old.mkv)" precious 'the file that was there'
    ;;
esac
