# Shared by the scripts of tests/e2e and tests/fail, which source this file. It needs
# RIFEC, the program under test, and passes it RIFEC_FLAGS as well. Each script works in
# an empty folder of its own. FFmpeg's commands make the inputs and judge the outputs.
set -eu

tests=$(cd "$(dirname "$0")/.." && pwd)
lotus=$tests/data/lotus.mp4
weights=$tests/../weights/ifnet-4.6.safetensors

for tool in ffmpeg ffprobe python3; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# --- running ----------------------------------------------------------------

fail() {
    printf 'FAILED: %s\n' "$*"
    printf 'after: %s\n' "${ran:-nothing}"
    sed 's/^/  stdout: /' stdout 2>/dev/null || true
    sed 's/^/  stderr: /' stderr 2>/dev/null || true
    exit 1
}

# run ARGUMENTS: runs rifec; its exit status is in $status, its output in stdout and
# stderr.
run() {
    ran="rifec $*"
    status=0
    "$RIFEC" ${RIFEC_FLAGS:-} "$@" </dev/null >stdout 2>stderr || status=$?
}

# interruptible COMMAND... &: a shell makes the background jobs of a script ignore SIGINT
# and SIGQUIT. This undoes it; $! is the command itself.
interruptible() {
    exec env --default-signal=INT,QUIT "$@"
}

# Runs rifec, which must succeed and print nothing on stdout.
works() {
    run "$@"
    [ $status = 0 ] || fail "exit status $status"
    [ ! -s stdout ] || fail 'words on stdout'
}

# fails STATUS PATTERN ARGUMENTS: rifec must end with this status and print a line on
# stderr that matches the extended regular expression.
fails() {
    expected=$1 pattern=$2
    shift 2
    run "$@"
    [ $status = "$expected" ] || fail "exit status $status instead of $expected"
    says "$pattern"
}

says() {
    grep -Eq "^rifec: .*($1)" stderr || fail "no message on stderr matches '$1'"
}

# There was a warning about the file; a warning about a slow build does not count.
warned() {
    grep warning stderr | grep -qv 'built without'
}

same() {
    [ "$1" = "$2" ] || fail "${3:-values differ}: '$1' instead of '$2'"
}

# The folder holds nothing that a stopped run should have removed.
no_leftovers() {
    for file in *.part*; do
        [ ! -e "$file" ] || fail "$file is left behind"
    done
}

# --- making inputs ----------------------------------------------------------

quiet_ffmpeg() {
    ffmpeg -nostdin -v error -y "$@"
}

# synth FILE [SECONDS [RATE [SIZE [encoder options]]]]: makes a moving test picture.
synth() {
    file=$1 seconds=${2:-0.4} rate=${3:-25} size=${4:-64x48}
    shift $(($# < 4 ? $# : 4))
    quiet_ffmpeg -f lavfi -i "testsrc2=s=$size:r=$rate:d=$seconds" "$@" "$file"
}

# eval_clip NAME: prints the path of a real clip, which is not part of the repository:
# RIFEC_CLIPS names the folder of such clips. Without it the test is skipped.
eval_clip() {
    [ -e "${RIFEC_CLIPS:-none}/$1" ] || { echo "skipped: no $1" >&2; exit 77; }
    echo "$RIFEC_CLIPS/$1"
}

# Skips the test if this FFmpeg lacks the encoder.
needs_encoder() {
    ffmpeg -v error -encoders | grep -q " $1 " || { echo "skipped: no $1"; exit 77; }
}

# --- judging outputs --------------------------------------------------------

judge() {
    python3 "$tests/e2e/judge.py" "$@" || fail "judge.py $*"
}

# entry FILE STREAM KEYS: prints ffprobe's entries of a stream ("v:0"; "" for all).
entry() {
    ffprobe -v error ${2:+-select_streams "$2"} -show_entries "stream=$3" -of default=nk=1:nw=1 "$1"
}

# side FILE STREAM KEYS: the same for the stream's side data.
side() {
    ffprobe -v error -select_streams "$2" -show_entries "stream_side_data=$3" -of default=nk=1:nw=1 "$1"
}

# Prints the number of frames that decode.
count() {
    ffprobe -v error -select_streams v:0 -count_frames -show_entries stream=nb_read_frames \
        -of default=nk=1:nw=1 "$1"
}

# Prints one checksum per decoded frame, in the given pixel format.
frame_sums() {
    ffmpeg -nostdin -v error -i "$1" -map 0:v:0 -vsync passthrough -pix_fmt "$2" -f framemd5 - |
        sed '/^#/d; s/.*, *//'
}

# Prints the packets of a copied stream: times, sizes and checksums.
packet_sums() {
    ffmpeg -nostdin -v error -copyts -i "$1" -map "0:$2" -c copy -f framemd5 - | sed '/^#/d'
}

# The file decodes from beginning to end without an error.
intact() {
    complaints=$(ffmpeg -nostdin -v error -i "$1" -map 0:v -vsync passthrough \
        -enc_time_base 1:90000 -f null - 2>&1) || true
    [ -z "$complaints" ] || fail "$1 is damaged: $complaints"
}
