# What rifec says of itself: statistics, progress, help, and nothing unasked.
. "$(dirname "$0")/lib.sh"

python3 "$tests/e2e/pattern.py" moving 64 48 10 | quiet_ffmpeg -i - -c:v ffv1 in.mkv
case $1 in
stats)
    works -i in.mkv -o out.mkv --factor 5/2 --stats stats.json
    judge json stats.json 'schema == 1' 'tool == "rifec"' 'factor == "5/2"' \
        'input["frames"] == 10' 'input["width"] == 64' 'input["height"] == 48' \
        'input["fps"] == 25' 'input["duplicates"] == 0' 'not input["damaged"]' \
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
    # A failed run reports too.
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
        'speed > 0' 'abs(out_time_us - 380000) <= 20000'
    ;;
late)
    # A picture that begins after the sound is not counted from the file's start.
    synth film.mkv 4 25 160x96
    quiet_ffmpeg -f lavfi -i sine=d=5 -itsoffset 4 -i film.mkv -map 0 -map 1 -c:v copy -c:a aac late.mkv
    works -i late.mkv -o out.mkv --x2 --progress json --preset ultrafast --device cpu
    grep '^{' stderr | head -n 1 >line.json
    judge json line.json '198 <= total_frames <= 202'
    grep '^{' stderr | tail -n 1 >line.json
    judge json line.json 'frame == total_frames == 200' 'eta_s == 0' 'progress == "end"'
    ;;
wrong)
    # A file that speaks of more than it has: at the end all is done nevertheless.
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
    # What is not shown is in the report all the same.
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
    # Asking for FP16 works everywhere, and is answered once where it cannot be.
    works -i in.mkv -o out.mkv --x2 --fp16 --device cpu
    same "$(grep -c FP32 stderr)" 1 'lines about FP32'
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
    # Whatever is absent, there is something to do about it.
    if grep -q '^-- *CUDA' stdout; then
        grep -A1 '^-- *CUDA' stdout | grep -q '^ *> ' || fail 'no advice'
        run --doctor --device cuda
        same $status 6 'exit status for a device that is not there'
    fi
    # What it says of a broken model is what a run would end with.
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
