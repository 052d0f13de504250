# Standard input and output instead of files.
. "$(dirname "$0")/lib.sh"

# piped INPUT OUTPUT ARGUMENTS: runs rifec with these files as stdin and stdout.
piped() {
    input=$1 output=$2
    shift 2
    ran="rifec $* <$input >$output"
    status=0
    "$RIFEC" ${RIFEC_FLAGS:-} "$@" <"$input" >"$output" 2>stderr || status=$?
}

# The same, and it must succeed.
pipes() {
    piped "$@"
    [ $status = 0 ] || fail "exit status $status"
}

# Every second frame is the input's.
doubled() {
    same "$(count "$2")" $((2 * $(count "$1"))) "frames of $2"
    frame_sums "$2" "$3" | sed -n 'p;n' >kept
    same "$(cat kept)" "$(frame_sums "$1" "$3")" "original frames in $2"
}

case $1 in
y4m)
    # Every depth of YUV4MPEG is recognised, and written, without an option.
    synth in.mkv 0.2
    for format in yuv420p yuv422p yuv444p yuv411p gray yuv420p9 yuv422p10 yuv444p12 yuv420p14 \
        yuv422p16 gray10 gray16; do
        case $format in *[0-9][0-9] | *p9) format=${format}le ;; esac
        quiet_ffmpeg -i in.mkv -pix_fmt $format -strict -1 in.y4m
        pipes in.y4m out.y4m -i - -o -
        same "$(entry out.y4m v:0 pix_fmt,r_frame_rate | tr '\n' ' ')" "$format 50/1 " 'format, rate'
        doubled in.y4m out.y4m $format
    done
    # Formats that it cannot hold are converted, and a message says so.
    quiet_ffmpeg -i in.mkv -c:v rawvideo -pix_fmt nv12 in.nut
    pipes in.nut out.y4m -i - -o -
    says 'yuv420p, converted from nv12'
    doubled in.nut out.y4m yuv420p
    fails 8 'yuv4mpegpipe does not support rgb24' -i in.nut -o out.y4m -y --pix-fmt rgb24
    # A YUV4MPEG file follows the same rules.
    works -y -i in.y4m -o out.y4m
    doubled in.y4m out.y4m gray16le
    ;;
range)
    synth in.mkv 0.2 25 64x48 -c:v ffv1 -pix_fmt yuv420p -color_range pc
    pipes in.mkv out.y4m -i - -o -
    same "$(entry out.y4m v:0 color_range)" pc range
    ;;
rate)
    # Uneven times become a constant rate; the duration stays.
    synth even.mkv 0.8 25 64x48 -c:v ffv1
    quiet_ffmpeg -i even.mkv -vf "select='not(eq(n,3)+eq(n,4))'" -vsync passthrough -c:v ffv1 in.mkv
    pipes in.mkv out.y4m -i - -o - -r 50
    same "$(count out.y4m)" 40 frames
    same "$(entry out.y4m v:0 r_frame_rate)" 50/1 rate
    ;;
raw)
    synth in.mkv 0.2
    quiet_ffmpeg -i in.mkv -pix_fmt yuv422p10le -f rawvideo in.raw
    quiet_ffmpeg -i in.mkv -pix_fmt yuv422p10le -strict -1 in.y4m
    raw='--input-format rawvideo --input-size 64x48 --input-pix-fmt yuv422p10le --input-rate 24'
    pipes in.raw out.raw -i - -o - -f rawvideo $raw
    quiet_ffmpeg -f rawvideo -s 64x48 -pix_fmt yuv422p10le -r 48 -i out.raw -strict -1 out.y4m
    doubled in.y4m out.y4m yuv422p10le
    # The same from a file, which shows the rate; and raw video that ends within a frame.
    works -i in.raw -o out.mkv -c:v ffv1 $raw
    same "$(entry out.mkv v:0 r_frame_rate)" 48/1 rate
    doubled in.y4m out.mkv yuv422p10le
    head -c 40000 in.raw >cut.raw
    fails 3 'cut\.raw: ' -y -i cut.raw -o out.mkv -c:v ffv1 $raw
    same "$(count out.mkv)" 6 'frames of the cut one'
    ;;
containers)
    synth in.mkv 0.4 25 64x48 -c:v libx264 -bf 2
    # Sound without priming, because it would start before zero, which NUT cannot hold.
    quiet_ffmpeg -i in.mkv -f lavfi -i sine=440:d=0.4 -c:v copy -c:a pcm_s16le sound.mkv
    for format in nut matroska; do
        pipes sound.mkv out.bin -i - -o - -f $format -c:v libx264 --preset ultrafast
        same "$(count out.bin)" 20 "frames in $format"
        judge times sound.mkv out.bin 2
    done
    pipes sound.mkv out.nut -i - -o - -f nut --preset ultrafast
    same "$(packet_sums out.nut a:0 | cut -d, -f5-)" "$(packet_sums sound.mkv a:0 | cut -d, -f5-)" sound
    quiet_ffmpeg -i in.mkv -c copy -movflags +faststart in.mp4
    pipes in.mp4 out.y4m -i - -o -
    same "$(count out.y4m)" 20 'frames from MP4'
    # MP4 is completed at its beginning, which a pipe does not allow.
    piped in.mkv out.mp4 -i - -o - -f mp4
    same $status 4 'exit status'
    says 'stdout: cannot write the header.*nut or matroska'
    # With --ss, everything before that time is read and dropped.
    pipes in.mkv out.y4m -i - -o - --ss 0.2
    same "$(count out.y4m)" 10 'frames of a part'
    ;;
untouched)
    # Without -i - stdin is not read, because loops of the shell need it.
    synth in.mkv 0.12
    echo precious >list
    { "$RIFEC" ${RIFEC_FLAGS:-} -i in.mkv -o out.mkv 2>stderr; cat; } <list >rest
    same "$(cat rest)" precious 'what the next program reads'
    ;;
gone)
    # The reader closes the pipe: the output cannot be written.
    synth in.mkv 1 25 320x180
    mkfifo fifo
    head -c 10 fifo >/dev/null &
    piped in.mkv fifo -i in.mkv -o -
    same $status 4 'exit status'
    says 'stdout: cannot write: Broken pipe'
    status=0
    "$RIFEC" ${RIFEC_FLAGS:-} -i in.mkv -o - 2>stderr >&- || status=$?
    same $status 4 'exit status without a stdout'
    ;;
cut)
    # One writer ends within a frame; another one never writes.
    synth in.mkv 0.2
    quiet_ffmpeg -i in.mkv in.y4m
    head -c 20000 in.y4m >cut.y4m
    piped cut.y4m out.y4m -i - -o -
    same $status 3 'exit status'
    says 'warning: stdin: the file is cut off; 4 frames could be read'
    same "$(count out.y4m)" 8 frames
    piped /dev/null out.y4m -i - -o -
    same $status 3 'exit status'
    says 'stdin: is empty'
    "$RIFEC" -i - -o out.mkv <&- 2>stderr || status=$?
    same $status 3 'exit status'
    [ ! -e out.mkv ] || fail 'an output of nothing'
    ;;
idle)
    # Ctrl-C while the writer is idle: the frames that have arrived are finished.
    synth in.mkv 0.4
    quiet_ffmpeg -i in.mkv in.y4m
    mkfifo fifo
    { cat in.y4m; sleep 60; } >fifo &
    writer=$!
    ran='rifec -i - <fifo'
    interruptible "$RIFEC" ${RIFEC_FLAGS:-} -i - -o out.mkv -c:v ffv1 --progress json <fifo >stdout 2>stderr &
    process=$!
    trap 'kill -KILL $process $writer 2>/dev/null || true; rm -rf "$folder"' EXIT
    tries=0
    until grep -q '"frame":1[0-9]' stderr; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail 'no frames within a minute'
        sleep 0.1
    done
    kill -INT $process
    status=0
    wait $process || status=$?
    same $status 130 'exit status'
    intact out.mkv
    same $(($(count out.mkv) % 2)) 0 'frames left over'
    ! grep -q 'cut off' stderr || fail 'a stop is not damage'
    ;;
fifo)
    # A named pipe works like stdin: it is read as data arrives, and does not block a
    # Ctrl-C.
    synth in.mkv 0.4
    mkfifo fifo
    cat in.mkv >fifo &
    works -i fifo -o out.mkv -c:v ffv1
    same "$(count out.mkv)" 20 frames
    sleep 60 >fifo &
    writer=$!
    ran='rifec -i fifo'
    interruptible "$RIFEC" ${RIFEC_FLAGS:-} -i fifo -o none.mkv </dev/null >stdout 2>stderr &
    process=$!
    trap 'kill -KILL $process $writer 2>/dev/null || true; rm -rf "$folder"' EXIT
    sleep 1
    kill -INT $process
    status=0
    wait $process || status=$?
    same $status 130 'exit status'
    [ ! -e none.mkv ] || fail 'an output of nothing'
    kill $writer
    fails 3 'ffmpeg -i URL' -i https://example.org/in.mp4 -o out.mp4
    ;;
esac
no_leftovers
