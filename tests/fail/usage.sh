# Wrong options are reported at once, before any file is touched.
. "$(dirname "$0")/../e2e/lib.sh"

synth in.mkv 0.12

# refused STATUS PATTERN ARGUMENTS: runs them with an input and an output.
refused() {
    expected=$1 pattern=$2
    shift 2
    fails "$expected" "$pattern" -i in.mkv -o out.mkv "$@"
    [ ! -e out.mkv ] || fail 'an output'
    no_leftovers
}

case $1 in
flag)
    refused 2 --frobnicate --frobnicate 3
    refused 2 "'--x5'" --x5
    refused 2 --factor --facter 2
    ;;
habit)
    # -vf was once read as -v -f, and -hide_banner printed the help with status 0.
    refused 2 'ffmpeg apply them' -vf null
    refused 2 'video is always|cannot be copied' -c:v copy
    works -hide_banner -nostdin -v error -y -i in.mkv -c copy -map 0 -f null -
    works -i in.mkv -c copy -t 0.1 -o out.mkv
    says 'the video is always encoded'
    ;;
key)
    refused 2 nonsense --x2 -e nonsense=1
    refused 2 nonsense --x2 -c:v ffv1 -e nonsense=1
    refused 2 crf --x2 -c:v ffv1 --crf 20
    refused 2 nonsense --x2 -e nonsense
    ;;
codec)
    refused 8 nonsense --x2 -c:v nonsense
    # A decoder and an audio encoder: names that FFmpeg knows, but not video encoders.
    refused 8 aac --x2 -c:v aac
    ;;
device)
    if [ -e /dev/nvidiactl ]; then
        echo 'skipped: this machine has a GPU'
        exit 77
    fi
    refused 6 cuda --x2 --device cuda
    refused 2 vulkan --x2 --device vulkan
    ;;
argument)
    for factor in 0 1/2 -1 2,5 x 5/0 5/ 99999999999999999999; do
        refused 2 factor --factor $factor
    done
    refused 2 scale --x2 --scale 3
    refused 2 threads --x2 --threads many
    refused 2 pix --x2 --pix-fmt nonsense
    fails 2 '-o' -i in.mkv
    fails 2 '-i' -o out.mkv
    fails 2 'extra' -i in.mkv -o out.mkv extra
    ;;
contradiction)
    refused 2 'x2.*x4|x4.*x2' --x2 --x4
    refused 2 'fp16.*fp32|fp32.*fp16' --fp16 --fp32
    ;;
esac
