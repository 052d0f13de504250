#!/bin/sh
# Runs the scripts of docs/examples unchanged.
# Usage: examples.sh CASE
. "$(dirname "$0")/lib.sh"

examples=$tests/../docs/examples
export RIFEC

# example STATUS SCRIPT ARGUMENTS...
example() {
    expected=$1
    shift
    ran="$*" status=0
    sh "$examples/$@" >stdout 2>stderr || status=$?
    same $status "$expected" 'exit status'
}

case $1 in
folder)
    mkdir 'my clips'
    synth 'my clips/one and two.mp4' 0.2 30 64x48
    synth 'my clips/three.mkv' 0.2 30 64x48
    head -c 200 'my clips/three.mkv' >'my clips/broken.mkv'
    example 3 folder.sh 'my clips' 'my output' --preset ultrafast
    [ -e 'my output/one and two.60fps.mp4' ] && [ -e 'my output/three.60fps.mkv' ] ||
        fail "$(ls 'my output')"
    same "$(wc -l <'my output/stats.jsonl')" 3
    rm 'my clips/broken.mkv'
    before=$(stat -c %Y.%i 'my output/three.60fps.mkv')
    example 0 folder.sh 'my clips' 'my output' --preset ultrafast
    same "$(stat -c %Y.%i 'my output/three.60fps.mkv')" "$before" 'a finished film was made again'
    mkdir empty
    example 2 folder.sh empty 'my output'
    # After Ctrl-C the script ends in the same way as rifec.
    mkdir long
    synth long/film.mp4 20 30 320x240
    (interruptible sh "$examples/folder.sh" long out -q) &
    pid=$!
    for i in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.5
        ls out/*.part* >/dev/null 2>&1 && break
    done
    sleep 1
    kill -INT $pid
    status=0
    wait $pid || status=$?
    same $status 130
    ;;
night)
    synth 'a film.mkv' 4 25 64x48 -c:v ffv1
    # The night lasts one second: status 75, unless this machine finishes in a second.
    ran='night.sh' status=0
    sh "$examples/night.sh" 0.0003 'a film.mkv' 'a result.mkv' -c:v ffv1 -e threads=1 \
        --threads 1 >stdout 2>stderr || status=$?
    [ $status = 75 ] || [ $status = 0 ] || fail "exit status $status"
    example 0 night.sh 1 'a film.mkv' 'a result.mkv' -c:v ffv1 -e threads=1 --threads 1
    [ -e 'a result.mkv' ] && [ ! -e 'a result.mkv.resume' ] || fail "$(ls)"
    example 0 night.sh 1 'a film.mkv' 'a result.mkv'
    example 3 night.sh 1 missing.mkv other.mkv
    ;;
ci)
    mkdir 'the clips'
    quiet_ffmpeg -i "$lotus" -map 0:v -frames:v 3 -vf scale=48:32 -c:v ffv1 'the clips/one clip.mkv'
    quiet_ffmpeg -i "$lotus" -map 0:v -frames:v 2 -vf scale=48:32,hflip -c:v ffv1 'the clips/two.mkv'
    example 9 ci.sh 'the clips' golden 'the reports'
    example 0 ci.sh 'the clips' golden 'the reports' --update
    example 0 ci.sh 'the clips' golden 'the reports'
    [ -e 'the reports/one clip.mkv.html' ] && [ -e 'the reports/two.mkv.xml' ] ||
        fail "$(ls 'the reports')"
    quiet_ffmpeg -i "$lotus" -map 0:v -frames:v 2 -vf scale=48:32 -c:v ffv1 'the clips/two.mkv'
    example 9 ci.sh 'the clips' golden 'the reports'
    grep -q '^two.mkv: status 9' stderr || fail 'the clip is not named'
    ;;
*) fail "no case $1" ;;
esac
