# --hwaccel on a machine without a GPU: software decoding gives the same output, and one
# line reports it. tests/gpu/nvdec.sh tests decoding on a GPU.
. "$(dirname "$0")/lib.sh"
[ ! -e /dev/nvidiactl ] || { echo 'skipped: there is a GPU'; exit 77; }

case $1 in
fallback)
    run -i "$lotus" -o cuda.md5 -f framemd5 --no-audio --no-subs --frames 8 --hwaccel cuda
    same $status 0 'exit status'
    says 'warning: .*lotus.mp4: h264 is decoded in software, not by NVDEC: .'
    same "$(grep -c NVDEC stderr)" 1 'lines about it'
    works -i "$lotus" -o none.md5 -f framemd5 --no-audio --no-subs --frames 8 --hwaccel none
    same "$(cat cuda.md5)" "$(cat none.md5)" 'frames'
    ;;
silent)
    # The default works without a GPU and without a message.
    works -i "$lotus" -o out.mkv --no-audio --no-subs --frames 4
    ! grep -q NVDEC stderr || fail 'words about NVDEC that nobody asked for'
    # No GPU decodes PNG.
    quiet_ffmpeg -i "$lotus" -frames:v 3 f%d.png
    works -i f%d.png -o out2.mkv --hwaccel cuda
    says 'png is decoded in software'
    ;;
device)
    fails 6 'device cuda' -i "$lotus" -o out.mkv --device cuda:0
    fails 6 'device cuda' -i "$lotus" -o out.mkv --device cuda:7
    ;;
esac
no_leftovers
