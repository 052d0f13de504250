# rifec's reports on its own work: statistics, progress and help; nothing without being
# asked.
. "$(dirname "$0")/lib.sh"

python3 "$tests/e2e/pattern.py" moving 64 48 10 | quiet_ffmpeg -i - -c:v ffv1 in.mkv
case $1 in
stats)
    works -i in.mkv -o out.mkv --factor 5/2 --stats stats.json
    judge json stats.json 'schema == 2' 'tool == "rifec"' 'factor == "5/2"' \
        'input["frames"] == 10' 'input["width"] == 64' 'input["height"] == 48' \
        'input["fps"] == 25' 'input["fps_exact"] == "25/1"' 'output["fps_exact"] == "125/2"' 'input["duplicates"] == 0' 'not input["damaged"]' \
        'input["decoder"] == "ffv1"' \
        'output["frames_planned"] == output["frames_written"] == 25' \
        'output["frames_original"] == 5' 'output["frames_held"] == 2' \
        'output["frames_synthesized"] == 18' 'output["path"] == "out.mkv"' \
        'output["codec"] == "libx264"' 'output["pix_fmt"] == input["pix_fmt"] == "yuv420p"' \
        'device["backend"] in ("cpu", "cuda")' 'len(model["sha256"]) == 64' \
        'timing["wall_s"] > 0' 'timing["bottleneck"] in ("decode", "engine", "encode")' \
        'checks["framecount_ok"]' 'exit == 0' 'not interrupted' \
        'all("oneDNN" in warning for warning in warnings)'
    ;;
stats-stdout)
    run -i in.mkv -o out.mkv --x2 --stats -
    same $status 0 'exit status'
    judge json stdout 'output["frames_written"] == 20'
    ;;
stats-failed)
    # A failed run writes statistics as well.
    fails 3 'missing\.mkv' -i missing.mkv -o out.mkv --stats stats.json
    judge json stats.json 'exit == 3' '"missing.mkv" in error' 'not checks["framecount_ok"]'
    ;;
progress)
    works -i in.mkv -o out.mkv --x2 --progress json
    sed -n 's/^{/{/p' stderr >lines
    [ -s lines ] || fail 'no progress'
    while read -r line; do
        printf '%s\n' "$line" >line.json
        judge json line.json 'frame >= 0' 'progress in ("continue", "end")'
    done <lines
    judge json line.json 'frame == total_frames == 20' 'progress == "end"' 'fps > 0' \
        'speed > 0' 'out_time_us == 400000' 'exit == 0' 'input == "in.mkv"' \
        'output == "out.mkv"' 'file == files == 1'
    ;;
given)
    # Progress counts the frames that the encoder has received: x264 holds dozens of
    # frames back and writes nothing before it has them.
    quiet_ffmpeg -i in.mkv -pix_fmt yuv420p in.y4m
    mkfifo fifo
    ran='rifec <fifo'
    "$RIFEC" ${RIFEC_FLAGS:-} -i - -o out.mkv --x2 --progress json <fifo >stdout 2>stderr &
    process=$!
    trap 'kill -KILL $process 2>/dev/null || true; rm -rf "$folder"' EXIT
    exec 3>fifo
    cat in.y4m >&3
    tries=0
    until grep -Eq '"frame":1[0-9].*"finishing":false' stderr; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || fail 'no progress while the encoder waits for more'
        sleep 0.1
    done
    exec 3>&-
    wait $process || fail "exit status $?"
    grep '^{' stderr >lines
    judge progress lines
    ;;
first)
    # The first line names input, output and engine, before any work is done.
    works -i in.mkv -o out.mp4 --factor 5/2 --device cpu --progress json
    grep -v warning stderr | head -n 1 >first
    grep -Eq '^rifec: in\.mkv: 64x48 ffv1, 25 fps, 0\.40 s -> out\.mp4: 62\.5 fps, libx264 in mp4, on the CPU \([0-9]+ threads?, FP32\)$' first ||
        fail "the first line: $(cat first)"
    # The last line gives the result.
    grep -Eq '^rifec: out\.mp4: 25 frames at 62\.5 fps from 10 decoded, 0\.40 s of video in [0-9.]+ s \([0-9.]+ fps, limited by [a-z ]+\)$' stderr ||
        fail 'the last line'
    works -i in.mkv -f null --ss 0.1 --to 0.3 --device cpu
    says 'in.mkv: .* 0\.20 s of 0\.40 s -> no output: 50 fps'
    # One line sums up the frames that were not interpolated.
    python3 "$tests/e2e/pattern.py" moving 64 48 3 >half.y4m
    quiet_ffmpeg -i half.y4m -i half.y4m -filter_complex '[0:v]loop=2:1:2[a];[1:v]negate[b];[a][b]concat' \
        -c:v ffv1 scenes.mkv
    works -i scenes.mkv -o out.mkv --x2 --device cpu
    says '[0-9] frames interpolated, 1 scene cut, 2 duplicates$'
    ;;
schema)
    # Real output conforms to docs/schema, however the run ends.
    fits() {
        python3 "$tests/e2e/schema.py" "$tests/../docs/schema/$1" "$2" || fail "$2 is not as $1"
    }
    run -i in.mkv -i missing.mkv -i in.mkv -o out/ --keep-going --name-template '{n}.mkv' \
        --stats all.json --progress json
    same $status 3 'exit status'
    fits stats.json all.json
    grep '^{' stderr >lines
    fits progress.json lines
    same "$(grep -c '"exit"' lines)" 3 'last objects'
    grep -q '"progress":"failed","exit":3,"input":"missing.mkv","output":"out/2.mkv","file":2,"files":3' lines ||
        fail 'the missing file'
    same "$(tail -n 1 lines | grep -o '"progress":"end","exit":0')" '"progress":"end","exit":0' 'the end'
    for words in '-f null --frames 2' '-o o%d.png --frames 2 --slowmo' '-o o.mkv -c:v none'; do
        run -y -i in.mkv $words --stats s.json --progress json
        fits stats.json s.json
        grep '^{' stderr >lines
        fits progress.json lines
        judge progress lines $status
    done
    ;;
end)
    # "end" is reported when everything is done, and never by a run that fails afterwards.
    fails_so() {
        fails "$@" --progress json
        grep '^{' stderr >lines
        judge progress lines $1
        ! grep -q '"end"' lines || fail '"end" of a run that failed'
    }
    # The statistics cannot be written.
    [ ! -e /dev/full ] || fails_so 4 'cannot write the statistics' -i in.mkv -o out.mkv --stats /dev/full
    # The disk becomes full at the end.
    [ ! -e /dev/full ] || fails_so 4 'cannot write' -y -i in.mkv -o /dev/full -f mkv
    # The input is damaged: the run fails although there is an output.
    head -c $(($(wc -c <in.mkv) * 2 / 3)) in.mkv >cut.mkv
    fails_so 3 'cut.mkv' -i cut.mkv -o cut.out.mkv
    # The run fails before it begins.
    fails_so 4 'already exists' -i in.mkv -o cut.out.mkv
    ;;
nowhere)
    # -f null has no file, and no message names one.
    works -i in.mkv -f null -o out.mp4 --stats stats.json
    says 'warning: -f null writes nothing: out\.mp4'
    says 'no output: 20 frames'
    ! grep -q 'out\.mp4: ' stderr || fail 'a file that is not there'
    judge json stats.json 'output["path"] is None'
    [ ! -e out.mp4 ] || fail 'a file'
    for name in - /dev/null; do
        works -i in.mkv -f null -o $name
        ! warned || fail "a warning about $name"
    done
    ;;
late)
    # If the picture begins after the sound, progress is counted from the picture's start.
    synth film.mkv 4 25 160x96
    quiet_ffmpeg -f lavfi -i sine=d=5 -itsoffset 4 -i film.mkv -map 0 -map 1 -c:v copy -c:a aac late.mkv
    works -i late.mkv -o out.mkv --x2 --progress json --preset ultrafast --device cpu
    grep '^{' stderr | head -n 1 >line.json
    judge json line.json '198 <= total_frames <= 202'
    grep '^{' stderr | tail -n 1 >line.json
    judge json line.json 'frame == total_frames == 200' 'eta_s == 0' 'progress == "end"'
    ;;
wrong)
    # If the header promises more than the file has, progress still ends at 100 percent.
    quiet_ffmpeg -i in.mkv -f lavfi -i sine=d=3 -map 0 -map 1 -c:v copy -c:a aac long.mkv
    works -i long.mkv -o out.mkv --x2 --progress json
    grep '^{' stderr | tail -n 1 >line.json
    judge json line.json 'frame == total_frames == 20' 'eta_s == 0'
    ;;
quiet)
    works -q -i in.mkv -o out.mkv --x2
    [ ! -s stderr ] || fail 'words in spite of -q'
    works -i in.mkv -o again.mkv --x2 --progress off --loglevel warning
    [ ! -s stderr ] || fail 'words without a cause'
    # Warnings that are not shown are in the report as well.
    quiet_ffmpeg -i in.mkv -f lavfi -i sine=d=1 -c:v copy -c:a aac loud.mkv
    works -q -i loud.mkv -o out.webm --x2 --stats stats.json
    [ ! -s stderr ] || fail 'words in spite of -q'
    judge json stats.json 'any("(audio, aac)" in warning for warning in warnings)'
    fails_in_silence() {
        run --loglevel quiet -i missing.mkv -o no.mkv --stats stats.json
        [ $status = 3 ] && [ ! -s stderr ]
    }
    fails_in_silence || fail "exit status $status, or words"
    judge json stats.json '"missing.mkv" in error'
    ;;
null)
    works -i in.mkv -f null --x2 --stats stats.json
    judge json stats.json 'output["frames_written"] == 20'
    works -i in.mkv -f null -o - --x2
    same "$(ls)" "$(printf 'in.mkv\nstats.json\nstderr\nstdout')" files
    ;;
half)
    # --fp16 is accepted everywhere; where it is impossible, one warning says so.
    works -i in.mkv -o out.mkv --x2 --fp16 --device cpu
    same "$(grep -c 'FP16 was asked for' stderr)" 1 'lines about FP16'
    same "$(count out.mkv)" 20 frames
    works -i in.mkv -o out2.mkv --x2 --fp32 --device cpu
    same "$(frame_sums out.mkv yuv420p)" "$(frame_sums out2.mkv yuv420p)" 'what --fp16 made on the CPU'
    ;;
devices)
    run --list-devices
    same $status 0 'exit status'
    [ ! -s stderr ] || fail 'words on stderr'
    grep -Eq '^cpu +[0-9]+ cores$' stdout || fail 'no CPU'
    grep -Eq '^cuda:0 +[^ ].* GiB.*compute capability [0-9]+\.[0-9]+' stdout ||
        { grep -q '^no CUDA device: .' stdout && grep -q '^  > .' stdout; } ||
        fail 'neither a device nor a reason and advice'
    ;;
doctor)
    run --doctor
    same $status 0 'exit status'
    [ ! -s stderr ] || fail 'words on stderr'
    for line in '^rifec [0-9]' '^ok +CPU +.*fp32$' '^ok +model +built-in, sha256 [0-9a-f]{64}$' \
        '^ok +FFmpeg +[^ ]+ \(libavformat' '^ok +encoders .*ffv1' '^(ok|--) +CUDA +[^ ]' \
        '^(ok|--) +NVDEC +[^ ]' '^(ok|--) +NVENC +[^ ]' '^rifec works here, on the (C|G)PU\.$'; do
        grep -Eq "$line" stdout || fail "no line like $line"
    done
    # For everything that is missing, there is advice.
    if grep -q '^-- *CUDA' stdout; then
        grep -A1 '^-- *CUDA' stdout | grep -q '^ *> ' || fail 'no advice'
        run --doctor --device cuda
        same $status 6 'exit status for a device that is not there'
    fi
    # A broken model gives the same status as in a run.
    echo '{}' >broken.safetensors
    run --doctor --model broken.safetensors
    same $status 5 'exit status for a broken model'
    grep -Eq '^FAIL +model +.*broken.safetensors' stdout || fail 'the model is not named'
    grep -q '^rifec cannot work here' stdout || fail 'no verdict'
    ;;
help)
    run --help
    same $status 0 'exit status'
    [ ! -s stderr ] || fail 'words on stderr'
    for word in --input -o, --x8 --factor -c:v --crf --device --fp16 --model --scale --stats \
        'Exit status' 130; do
        grep -qiF -e "$word" stdout || fail "--help does not mention $word"
    done
    run --version
    same $status 0 'exit status'
    grep -Eq '^rifec [0-9]+\.[0-9]+\.[0-9]+' stdout || fail 'no version'
    ;;
esac
no_leftovers
