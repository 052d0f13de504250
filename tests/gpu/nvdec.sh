# NVDEC against software decoding: the same bytes of every frame, also in whole jobs with
# the engine on the GPU. Needs rifec only, no ffmpeg.
# usage: nvdec.sh CASE, with RIFEC the program
set -eu
lotus=$(cd "$(dirname "$0")/.." && pwd)/data/lotus.mp4
RIFEC=$(cd "$(dirname "$RIFEC")" && pwd)/$(basename "$RIFEC")
"$RIFEC" --version >/dev/null || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    printf 'FAILED: %s\n' "$*"
    sed 's/^/  /' log 2>/dev/null || true
    exit 1
}

"$RIFEC" --doctor >doctor 2>&1 || true
grep -Eq '^ok +CUDA' doctor || { echo 'skipped: no CUDA device'; exit 77; }
if [ "$1" = doctor ]; then
    cat doctor
    grep -Eq '^ok +GPU' doctor || fail 'there is a device, and the engine does not work on it'
    grep -q '^rifec works here, on the GPU.$' doctor || fail 'no verdict'
    "$RIFEC" --list-devices >log 2>&1 || fail '--list-devices'
    cat log
    grep -Eq '^cuda:0 .* GiB of which .* free, compute capability [0-9]+\.[0-9]+, [0-9]+ SMs' log ||
        fail 'no cuda:0'
    ! "$RIFEC" -i "$lotus" -f null --device cuda:200 >log 2>&1 || fail '--device cuda:200'
    grep -q 'no device has that number' log || fail 'the reason is not told'
    "$RIFEC" -i "$lotus" -f null --device cuda:0 --frames 4 >log 2>&1 || fail '--device cuda:0'
    exit 0
fi
grep -Eq '^ok +NVDEC' doctor || { sed -n 's/^-- *NVDEC */skipped: /p' doctor; exit 77; }

# Runs rifec, which must succeed and decode with NVDEC.
on_gpu() {
    "$RIFEC" "$@" -v >log 2>&1 || fail "exit status $?: rifec $*"
    ! grep -q 'decoded in software' log || fail "rifec $*"
    grep -q 'decoded by NVDEC' log || fail "nobody says who decoded: rifec $*"
}

# clip NAME ENCODER PIXFMT [options]: makes the test clip in another codec.
clip() {
    name=$1 encoder=$2 pix_fmt=$3
    shift 3
    "$RIFEC" -i "$lotus" -o "$name" --factor 1 --device cpu --no-audio --no-subs -c:v "$encoder" \
        --pix-fmt "$pix_fmt" "$@" >log 2>&1 || { cat log; echo "skipped: no $encoder"; exit 77; }
}

case $1 in
h264) cp "$lotus" in.mp4; in=in.mp4 ;;
hevc) in=in.mkv; clip $in libx265 yuv420p --crf 28 ;;
hevc10) in=in.mkv; clip $in libx265 yuv420p10le --crf 28 ;;
hevc12) in=in.mkv; clip $in libx265 yuv420p12le --crf 28 ;;
vp9) in=in.mkv; clip $in libvpx-vp9 yuv420p --crf 40 -e cpu-used=8 ;;
av1) in=in.mkv; clip $in libsvtav1 yuv420p --preset 12 ;;
part|pipeline|encoder|cut) in=$lotus ;;
*) echo "unknown case $1"; exit 2 ;;
esac

originals='--factor 1 --no-audio --no-subs -f framemd5'
case $1 in
av1)
    # Not every GPU can do it (Hopper cannot): then software decodes, and a line says so.
    "$RIFEC" -i $in -o gpu.md5 $originals --hwaccel cuda -v >log 2>&1 || fail "exit status $?"
    grep -q 'NVDEC' log || fail 'nobody says who decoded'
    "$RIFEC" -i $in -o cpu.md5 $originals --hwaccel none >log 2>&1
    cmp gpu.md5 cpu.md5 || fail 'NVDEC and software differ'
    ;;
h264|hevc|hevc10|hevc12|vp9)
    # Frames go to host memory for the CPU's engine, and stay on the device for CUDA's.
    "$RIFEC" -i $in -o cpu.md5 $originals --hwaccel none >log 2>&1 || fail 'software'
    for device in cpu cuda; do
        on_gpu -i $in -o gpu.md5 $originals --hwaccel cuda --device $device -y
        cmp gpu.md5 cpu.md5 || fail "NVDEC and software differ, engine on the $device"
    done
    ;;
part)
    # From the middle: frames before the wanted ones are decoded and dropped.
    "$RIFEC" -i $in -o cpu.md5 $originals --hwaccel none --ss 0.3 --to 0.8 >log 2>&1 || fail 'software'
    on_gpu -i $in -o gpu.md5 $originals --ss 0.3 --to 0.8
    cmp gpu.md5 cpu.md5 || fail 'NVDEC and software differ'
    ;;
pipeline)
    # Frames in device memory give the same bits as frames in host memory: the network's
    # output and the comparison of frames.
    for precision in fp32 fp16; do
        flags="--x2 --device cuda --$precision --no-audio --no-subs"
        "$RIFEC" -i $in -o host.md5 $flags -f framemd5 --hwaccel none -y >log 2>&1 || fail 'host frames'
        on_gpu -i $in -o device.md5 $flags -f framemd5 -y
        cmp host.md5 device.md5 || fail "device and host frames differ, $precision"
    done
    on_gpu -i $in -f null --x2 --device cuda --no-audio --no-subs
    on_gpu -i $in -f null --x4 --dedup smooth --device cuda --no-audio --no-subs
    ;;
encoder)
    # The originals are downloaded for the encoder; a lossless one shows them.
    on_gpu -i $in -o out.mkv --x2 --device cuda --no-audio --no-subs -c:v libx264 --crf 0 --preset ultrafast
    "$RIFEC" -i $in -o cpu.md5 $originals --hwaccel none >log 2>&1 || fail 'software'
    "$RIFEC" -i out.mkv -o out.md5 $originals --hwaccel none >log 2>&1 || fail 'the output'
    sums() { grep -v '^#' "$1" | awk '{ print $NF }'; }
    sums cpu.md5 >given
    sums out.md5 | awk 'NR % 2' >kept
    cmp given kept || fail 'the originals changed'
    # NVENC works if the card has it; otherwise a clear error names other encoders.
    status=0
    "$RIFEC" -i $in -o nvenc.mp4 --x2 --device cuda -c:v h264_nvenc >log 2>&1 || status=$?
    case $status in
    0) [ -s nvenc.mp4 ] || fail 'no output' ;;
    8) grep -q 'libx264' log || fail 'the error names no other encoder' ;;
    *) fail "h264_nvenc: exit status $status" ;;
    esac
    ;;
cut)
    echo 0.5 >cuts
    for how in dup blend split; do
        "$RIFEC" -i $in -o cpu.md5 -f framemd5 --x2 --device cuda --fp32 --no-audio --no-subs --scene-list cuts \
            --on-cut $how --hwaccel none -y >log 2>&1 || fail 'software'
        on_gpu -i $in -o gpu.md5 -f framemd5 --x2 --device cuda --fp32 --no-audio --no-subs --scene-list cuts \
            --on-cut $how -y
        cmp gpu.md5 cpu.md5 || fail "--on-cut $how differs"
    done
    ;;
esac
