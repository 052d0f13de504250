# Encoder options reach the encoder; impossible ones are refused, with possible ones
# named.
. "$(dirname "$0")/lib.sh"

x264_says() {
    grep -aoE "$1=[^ ]*" out.mkv | head -n 1
}

size_of() {
    wc -c <"$1"
}

# nothing PATTERN STATUS ARGUMENTS: rifec refuses this before it creates a file.
nothing() {
    pattern=$1 expected=$2
    shift 2
    fails "$expected" "$pattern" -i in.mkv "$@"
    same "$(ls -A | grep -Ev '^(in|odd|clock)\.|^std')" '' 'files that were made'
}

case $1 in
options)
    synth in.mkv 0.2
    works -i in.mkv -o out.mkv --x2
    same "$(x264_says crf)" crf=16.0 'default quality'
    works -y -i in.mkv -o out.mkv --x2 --crf 30 --preset veryfast -e g=7 -e bf=0
    same "$(x264_says crf)" crf=30.0 --crf
    same "$(x264_says keyint)" keyint=7 'a key of the encoder'
    same "$(x264_says bframes)" bframes=0 'a key of the encoder'
    same "$(x264_says ref)" ref=1 --preset
    works -y -i in.mkv -o out.mkv --x2 -b:v 2M
    same "$(x264_says bitrate)" bitrate=2000 -b:v
    works -y -i in.mkv -o out.mkv --x2 -c:v libx264 --pix-fmt yuv444p
    same "$(entry out.mkv v:0 pix_fmt)" yuv444p --pix-fmt
    works -y -i in.mkv -o out.mp4 --x2 -c:v h264
    same "$(entry out.mp4 v:0 codec_name)" h264 'a codec by its name'
    for out in out.mp4:h264 out.mov:h264 out.webm:vp9 out.avi:h264; do
        works -y -i in.mkv -o "${out%:*}" --x2
        same "$(entry "${out%:*}" v:0 codec_name)" "${out#*:}" "codec in ${out%:*}"
        same "$(count "${out%:*}")" 10 "frames in ${out%:*}"
    done
    ;;
drops)
    # An encoder that drops frames violates the plan: the output exists, with an error.
    synth in.mkv
    fails 9 'out\.mkv: 20 frames were planned but [0-9] written' -i in.mkv -o out.mkv --x2 \
        -c:v mpeg4 -e skip_threshold=1000000 --stats stats.json
    [ "$(count out.mkv)" -lt 10 ] || fail 'the encoder dropped nothing'
    judge json stats.json 'not checks["framecount_ok"]' 'exit == 9' \
        'output["frames_planned"] == 20' 'output["frames_written"] < 10'
    ;;
libx264 | libx264rgb | libx265 | libsvtav1 | libaom-av1 | libvpx-vp9 | libvpx)
    needs_encoder "$1"
    synth in.mkv 0.2 25 128x96
    for words in '' '--crf 45' '-b:v 100k' '--preset ultrafast' '--preset slow'; do
        works -y -i in.mkv -o "out$(echo $words | tr -cd 0-9).mkv" --x2 -c:v "$1" $words
        same "$(count "out$(echo $words | tr -cd 0-9).mkv")" 10 "frames with '$words'"
    done
    works -y -i in.mkv -o out.mkv --x2 -c:v "$1"
    [ "$(size_of out45.mkv)" -lt $(($(size_of out.mkv) * 2 / 3)) ] || fail '--crf does nothing'
    [ "$(size_of out100.mkv)" -lt "$(size_of out.mkv)" ] || fail '-b:v does nothing'
    # With -q the encoder's own messages are hidden, except errors.
    works -q -y -i in.mkv -o out.mkv --x2 -c:v "$1"
    same "$(cat stderr)" '' 'words with -q'
    # The picture is nearly equal to its source; RGB loses half of its chroma here. (The
    # chroma position is left, where rifec puts it; ffmpeg does not by default.)
    left='scale=out_h_chr_pos=0:out_v_chr_pos=128:flags=accurate_rnd+full_chroma_int+full_chroma_inp+bicubic'
    left=$left,format=yuv420p
    least=34
    [ "$1" != libx264rgb ] || least=33 # chroma is converted twice
    quiet_ffmpeg -i in.mkv -vf "$left" -c:v ffv1 source.mkv
    db=$(ffmpeg -nostdin -hide_banner -i out.mkv -i source.mkv -lavfi \
        "[0:v]select='not(mod(n,2))',$left,setpts=N[a];[1:v]setpts=N[b];[a][b]psnr" \
        -f null - 2>&1 | grep -o 'average:[0-9]*')
    [ "${db#average:}" -ge $least ] || fail "$db dB"
    ;;
lossless)
    synth in.mkv 0.2
    works -i in.mkv -o out.mkv --x2 -c:v ffv1
    fails 2 'lossless' -y -i in.mkv -o out.mkv -c:v ffv1 --crf 20
    fails 2 'lossless' -y -i in.mkv -o out.mkv -c:v ffv1 -b:v 2M
    fails 2 'ffv1 has no presets' -y -i in.mkv -o out.mkv -c:v ffv1 --preset slow
    fails 2 'uncompressed video has no presets' -i in.mkv -o out.y4m --preset slow
    fails 2 'uncompressed video has no crf: it is lossless' -i in.mkv -f null --crf 20
    ;;
prores)
    synth in.mkv 0.2
    works -i in.mkv -o out.mov --x2 -c:v prores_ks
    same "$(entry out.mov v:0 codec_tag_string)" apch 'profile hq'
    works -y -i in.mkv -o out.mov --x2 -c:v prores_ks -e profile=lt
    same "$(entry out.mov v:0 codec_tag_string)" apcs 'profile lt'
    fails 2 'profile=' -y -i in.mkv -o out.mov -c:v prores_ks --crf 20
    fails 2 'profile=' -y -i in.mkv -o out.mov -c:v prores_ks -b:v 2M
    ;;
theora)
    # Theora has a frame rate in place of times, and FFmpeg gives it the encoder's time
    # base: 5 of 25 frames could be read. Frames without change have empty packets, which
    # FFmpeg does not read.
    needs_encoder libtheora
    quiet_ffmpeg -f lavfi -i 'nullsrc=s=64x48:r=25:d=1,geq=lum=mod(X*N*3+Y*5\,256):cb=128:cr=128' \
        -pix_fmt yuv420p -c:v ffv1 in.mkv
    works -i in.mkv -o out.ogv --factor 1
    same "$(entry out.ogv v:0 r_frame_rate)" 25/1 rate
    same "$(count out.ogv)" 25 frames
    # If the times are not on its clock, a message says so.
    quiet_ffmpeg -itsoffset 0.013 -i in.mkv -f lavfi -i sine=d=1 -map 0 -map 1 -c:v copy -c:a flac \
        late.mkv
    fails 8 'libtheora has frames of one length only' -i late.mkv -o late.ogv --factor 1
    ;;
containers)
    synth in.mkv 0.2
    nothing '\.mov or \.mkv' 8 -o out.mp4 -c:v prores_ks
    nothing '\.mkv.*libx264' 8 -o out.mp4 -c:v ffv1
    nothing 'libvpx-vp9' 8 -o out.webm -c:v libx264
    nothing 'libx264' 8 -o out.ts -c:v libvpx-vp9
    nothing 'cannot hold' 8 -o out.y4m -c:v libx264
    nothing 'cannot hold' 8 -o out.gif -c:v libx264
    for name in mp3 wav flac opus m4a.mp3 mka; do
        nothing 'only for sound.*\.mp4' 4 -o out.$name
        nothing 'only for sound.*\.mp4' 4 -o out.$name -c:v libx264
    done
    nothing 'cannot hold video.*\.mp4' 8 -o out.srt
    nothing 'not a video encoder.*libx264' 8 -o out.mp4 -c:v aac
    nothing 'cannot be copied' 2 -o out.mp4 -c:v copy
    nothing 'libx264' 8 -o out.mp4 -c:v h264_wonder
    works -i in.mkv -o apple.mp4 -c:v libx265
    same "$(entry apple.mp4 v:0 codec_tag_string)" hvc1 'the tag that Apple plays'
    rm apple.mp4
    # MPEG-4's clock has 16 bits.
    quiet_ffmpeg -i in.mkv -video_track_timescale 90000 clock.mov
    fails 8 'MPEG-4.*65535.*libx264' -i clock.mov -o out.mp4 -c:v mpeg4
    works -i in.mkv -o out.mp4 -c:v mpeg4
    ;;
odd)
    quiet_ffmpeg -f lavfi -i testsrc2=s=66x66:r=25:d=0.2,format=yuv420p,crop=65:65:exact=1 \
        -c:v ffv1 in.mkv
    same "$(entry in.mkv v:0 width)" 65 'the input'
    works -i in.mkv -o out.mp4
    same "$(entry out.mp4 v:0 width,height,pix_fmt | tr '\n' ' ')" '65 65 yuv444p ' 'an odd size'
    fails 8 'yuv444p' -y -i in.mkv -o out.mp4 -c:v libx264 --pix-fmt yuv420p
    if ffmpeg -v error -encoders | grep -q ' libsvtav1 '; then
        fails 8 'libaom-av1' -y -i in.mkv -o out.mp4 -c:v libsvtav1
    fi
    quiet_ffmpeg -i in.mkv -pix_fmt gbrp -c:v ffv1 rgb.mkv
    works -i rgb.mkv -o rgb.mp4
    says 'libx264rgb keeps RGB'
    works -y -i rgb.mkv -o rgb.mp4 -c:v libx264rgb
    ;;
plays)
    # MP4 and MOV get formats that players support: H.265 for HDR and for more than 8
    # bits, 4:2:0 for RGB and gray, each reported in one line. A codec or format that the
    # user names is used, and Matroska keeps the input's format.
    needs_encoder libx265
    of() {
        entry "$1" v:0 codec_name,codec_tag_string,pix_fmt | tr '\n' ' '
    }
    # becomes INPUT OUTPUT STREAM LINES [options]: LINES lines give a reason
    becomes() {
        in=$1 out=$2 wanted=$3 lines=$4
        shift 4
        works -y -i "$in" -o "$out" --factor 1 --preset ultrafast "$@"
        same "$(of "$out")" "$wanted " "$in to $out $*"
        same "$(grep -c 'few players' stderr)" "$lines" 'lines that say why'
    }
    # Set by a filter, because FFmpeg 7.1 takes the encoder's colours from the frames.
    hdr='-vf setparams=range=tv:colorspace=bt2020nc:color_primaries=bt2020:color_trc='
    synth ten.mkv 0.08 25 64x48 -pix_fmt yuv420p10le -c:v ffv1
    synth pq.mkv 0.08 25 64x48 -pix_fmt yuv420p10le -c:v ffv1 ${hdr}smpte2084
    synth hlg.mkv 0.08 25 64x48 -pix_fmt yuv420p -c:v ffv1 ${hdr}arib-std-b67
    becomes ten.mkv out.mp4 'hevc hvc1 yuv420p10le' 1
    says 'libx265, because few players show 10-bit video in H.264; -c:v libx264 overrides'
    becomes pq.mkv out.mov 'hevc hvc1 yuv420p10le' 1
    says 'players show PQ \(HDR\)'
    becomes hlg.mkv out.mp4 'hevc hvc1 yuv420p' 1
    says 'players show HLG \(HDR\)'
    becomes pq.mkv out.mkv 'h264 [0][0][0][0] yuv420p10le' 0
    becomes pq.mkv out.mp4 'h264 avc1 yuv420p10le' 0 -c:v libx264
    becomes ten.mkv out.mp4 'h264 avc1 yuv420p' 0 --pix-fmt yuv420p
    # The depth and chroma subsampling of YUV stay.
    synth in.mkv 0.08 25 64x48 -pix_fmt yuv422p10le -c:v ffv1
    becomes in.mkv out.mp4 'hevc hvc1 yuv422p10le' 1
    synth in.mkv 0.08 25 64x48 -pix_fmt yuv444p -c:v ffv1
    becomes in.mkv out.mp4 'h264 avc1 yuv444p' 0
    # Images.
    synth f%d.png 0.08 25 64x48 -pix_fmt rgb24
    becomes f%d.png out.mp4 'h264 avc1 yuv420p' 1
    same "$(entry out.mp4 v:0 color_range,color_space | tr '\n' ' ')" 'tv smpte170m ' tags
    becomes f%d.png out.mkv 'h264 [0][0][0][0] yuv444p' 0
    becomes f%d.png out.mp4 'h264 avc1 yuv444p' 0 --pix-fmt yuv444p
    becomes f%d.png out.mp4 'h264 avc1 gbrp' 0 -c:v libx264rgb
    synth f%d.png 0.08 25 64x48 -pix_fmt rgb48be
    becomes f%d.png out.mov 'hevc hvc1 yuv420p10le' 2
    synth f%d.png 0.08 25 64x48 -pix_fmt gray
    becomes f%d.png out.mp4 'h264 avc1 yuv420p' 1
    # RGB of 720 lines and more becomes a film with the other matrix.
    synth in.mkv 0.04 25 64x720 -pix_fmt bgr0 -c:v ffv1
    becomes in.mkv out.mp4 'h264 avc1 yuv420p' 1
    same "$(entry out.mp4 v:0 color_range,color_space | tr '\n' ' ')" 'tv bt709 ' tags
    ;;
hardware)
    synth in.mkv 0.2
    needs_encoder h264_nvenc
    if [ -e /dev/nvidiactl ]; then
        echo 'skipped: this machine has a GPU'
        exit 77
    fi
    for encoder in h264_nvenc hevc_nvenc; do
        nothing 'NVENC.*libx264, libx265' 8 -o out.mp4 -c:v $encoder
        nothing 'NVENC.*libx264, libx265' 8 -o out.mp4 -c:v $encoder --crf 22 --preset slow
    done
    ffmpeg -v error -encoders | grep -q ' h264_vaapi ' || exit 0
    nothing 'GPU memory.*libx264' 8 -o out.mp4 -c:v h264_vaapi
    ;;
esac
