# Encoder options arrive; containers choose a codec they can hold.
. "$(dirname "$0")/lib.sh"

synth in.mkv 0.2
x264_says() {
    grep -aoE "$1=[^ ]*" out.mkv | head -n 1
}
works -i in.mkv -o out.mkv --x2
same "$(x264_says crf)" crf=16.0 'default quality'
works -y -i in.mkv -o out.mkv --x2 --crf 30 --preset veryfast -e g=7 -e bf=0
same "$(x264_says crf)" crf=30.0 --crf
same "$(x264_says keyint)" keyint=7 'a key of the encoder'
same "$(x264_says bframes)" bframes=0 'a key of the encoder'
same "$(x264_says ref)" ref=1 --preset
works -y -i in.mkv -o out.mkv --x2 -c:v libx264 --pix-fmt yuv444p
same "$(entry out.mkv v:0 pix_fmt)" yuv444p --pix-fmt
for out in out.mp4:h264 out.mov:h264 out.webm:vp9 out.avi:h264; do
    works -i in.mkv -o "${out%:*}" --x2
    same "$(entry "${out%:*}" v:0 codec_name)" "${out#*:}" "codec in ${out%:*}"
    same "$(count "${out%:*}")" 10 "frames in ${out%:*}"
done
