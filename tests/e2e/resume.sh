# --resume: the finished work of a stopped run is not done again, and the output is the
# same as without the stop.
. "$(dirname "$0")/lib.sh"

# 600 output frames, which are two and a half segments, and sound.
quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=12 -f lavfi -i sine=d=12 -t 12 \
    -c:v ffv1 -c:a aac in.mkv

# stop SIGNAL ARGUMENTS: starts rifec, and stops it when the first segment is finished.
stop() {
    signal=$1
    shift
    ran="rifec $* &"
    interruptible "$RIFEC" ${RIFEC_FLAGS:-} "$@" --device cpu </dev/null >stdout 2>stderr &
    process=$!
    tries=0
    until [ -e out.*.resume/000000.segment ]; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || fail 'no segment within two minutes'
        kill -0 $process 2>/dev/null || fail 'it ended by itself'
        sleep 0.1
    done
    kill -"$signal" $process
    status=0
    wait $process || status=$?
}

# The earlier work is used: the summary gives the number of kept frames.
goes_on() {
    works "$@" --device cpu
    says 'of these frames were kept'
    no_leftovers
    [ ! -e out.*.resume ] || fail 'the folder is left'
}

# change_byte FILE OFFSET
change_byte() {
    byte=$(od -An -tu1 -j"$2" -N1 "$1")
    printf "\\$(printf %03o $((255 - byte)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

case $1 in
stopped)
    stop INT -i in.mkv -o out.mp4 --resume
    same $status 130 'exit status'
    says 'frames are kept in out.mp4.resume'
    [ ! -e out.mp4 ] || fail 'an output of a stopped run'
    no_leftovers
    goes_on -i in.mkv -o out.mp4 --resume
    works -i in.mkv -o once.mp4 --resume --device cpu
    cmp out.mp4 once.mp4 || fail 'stopped or not makes a difference'
    # Without --resume the encoder does not restart for each segment; the rest is the
    # same.
    works -i in.mkv -o plain.mp4 --device cpu
    for stream in v:0 a:0; do
        same "$(entry out.mp4 $stream codec_name,start_time,duration,nb_frames)" \
            "$(entry plain.mp4 $stream codec_name,start_time,duration,nb_frames)" "stream $stream"
    done
    same "$(packet_sums out.mp4 a:0)" "$(packet_sums plain.mp4 a:0)" 'the sound'
    intact out.mp4
    judge times in.mkv out.mp4 2
    ;;
killed)
    stop KILL -i in.mkv -o out.mkv --resume -c:v ffv1 --stats stats.json
    same $status 137 'exit status'
    goes_on -i in.mkv -o out.mkv --resume -c:v ffv1 --stats stats.json
    grep -q '"frames_resumed":[^0-9]*240' stats.json || fail 'frames_resumed'
    works -i in.mkv -o plain.mkv -c:v ffv1 --device cpu
    same "$(frame_sums out.mkv yuv420p)" "$(frame_sums plain.mkv yuv420p)" 'the frames'
    ;;
libx265 | libsvtav1 | libvpx-vp9)
    needs_encoder "$1"
    quiet_ffmpeg -i in.mkv -vf scale=128:96 -c:v ffv1 -c:a copy large.mkv
    stop TERM -i large.mkv -o out.mkv --resume -c:v "$1" --preset ultrafast
    same $status 143 'exit status'
    goes_on -i large.mkv -o out.mkv --resume -c:v "$1" --preset ultrafast
    intact out.mkv
    same "$(count out.mkv)" 600 frames
    judge times large.mkv out.mkv 2
    ;;
settings)
    stop INT -i in.mkv -o out.mp4 --resume --crf 20
    fails 2 'other settings.*--crf=20' -i in.mkv -o out.mp4 --resume
    fails 2 'other settings.*--crf=20.*--crf=21' -i in.mkv -o out.mp4 --resume --crf 21
    fails 2 'other settings.*--x3' -i in.mkv -o out.mp4 --resume --crf 20 --x3
    quiet_ffmpeg -i in.mkv -c copy -metadata title=changed other.mkv
    fails 2 'other settings.*input' -i other.mkv -o out.mp4 --resume --crf 20
    # The spelling of the options and the current folder do not matter.
    cp in.mkv copy.mkv
    goes_on --crf 20 --resume --threads 1 -v -o out.mp4 -i copy.mkv
    ;;
damaged)
    stop KILL -i in.mkv -o out.mkv --resume -c:v ffv1
    size=$(wc -c <out.mkv.resume/000000.segment)
    change_byte out.mkv.resume/000000.segment $((size / 2))
    works -i in.mkv -o out.mkv --resume -c:v ffv1 --device cpu
    says '000000.segment: cannot be used .*made again'
    [ ! -e out.mkv.resume ] || fail 'the folder is left'
    works -i in.mkv -o plain.mkv -c:v ffv1 --device cpu
    same "$(frame_sums out.mkv yuv420p)" "$(frame_sums plain.mkv yuv420p)" 'the frames'
    ;;
state)
    stop KILL -i in.mkv -o out.mkv --resume -c:v ffv1
    cp -r out.mkv.resume kept
    : >out.mkv.resume/settings
    fails 2 'settings are damaged.*other settings.*delete the folder' \
        -i in.mkv -o out.mkv --resume -c:v ffv1 --x3
    # The folder of another version is recognised and left alone.
    printf 'rifec: 0.1.0, segments of 240 frames\n' >out.mkv.resume/settings
    before=$(cd out.mkv.resume && cksum ./*)
    fails 2 'is from rifec 0\.1.*delete the folder' -i in.mkv -o out.mkv --resume -c:v ffv1
    same "$(cd out.mkv.resume && cksum ./*)" "$before" 'the folder'
    rm -r out.mkv.resume
    cp -r kept out.mkv.resume
    : >out.mkv.resume/settings
    goes_on -i in.mkv -o out.mkv --resume -c:v ffv1
    says 'settings were damaged; they are restored'
    intact out.mkv
    same "$(count out.mkv)" 600 frames
    ;;
edited)
    # A change in the middle, where no kept frame comes from, with the old times of the
    # file.
    stop KILL -i in.mkv -o out.mkv --resume -c:v ffv1
    cp -p in.mkv copy.mkv
    size=$(wc -c <in.mkv)
    change_byte in.mkv $((size * 3 / 4))
    touch -r copy.mkv in.mkv
    fails 2 'another input.*input: ' -i in.mkv -o out.mkv --resume -c:v ffv1
    [ ! -e out.mkv ] || fail 'an output of an input that was edited'
    goes_on -i copy.mkv -o out.mkv --resume -c:v ffv1
    ;;
twice)
    "$RIFEC" -i in.mkv -o out.mkv --resume --kernels c --threads 1 </dev/null >/dev/null 2>&1 &
    process=$!
    tries=0
    until [ -e out.mkv.resume/lock ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail 'no folder within a minute'
        sleep 0.1
    done
    fails 4 "process $process" -i in.mkv -o out.mkv --resume
    kill -KILL $process
    wait $process || true
    works -i in.mkv -o out.mkv --resume --frames 4
    same "$(ls)" "$(printf 'in.mkv\nout.mkv\nstderr\nstdout')" files
    ;;
refused)
    fails 2 'single video file' -i in.mkv -o out/ -f png --resume
    fails 2 'single video file' -i in.mkv -o - -f nut --resume
    fails 2 'single video file' -i in.mkv -o out.gif --resume
    fails 2 'single video file' -i in.mkv -f null --resume
    ran='rifec -i -'
    status=0
    "$RIFEC" -i - -o out.mkv --resume <in.mkv >stdout 2>stderr || status=$?
    same $status 2 'stdin'
    says 'read again'
    same "$(ls)" "$(printf 'in.mkv\nstderr\nstdout')" files
    # A stop before the first segment leaves nothing.
    interruptible "$RIFEC" -i in.mkv -o out.mkv --resume --kernels c --threads 1 </dev/null >stdout 2>stderr &
    process=$!
    sleep 1
    kill -INT $process
    status=0
    wait $process || status=$?
    same "$(ls)" "$(printf 'in.mkv\nstderr\nstdout')" files
    ;;
esac
