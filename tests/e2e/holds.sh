# Everything that a container can hold is copied, whatever FFmpeg's tables say, because
# the muxer itself is asked. Other streams are left out with a warning, and its advice is
# true.
. "$(dirname "$0")/lib.sh"

# film FILE [encoder options]: makes a video with sound.
film() {
    out=$1
    shift
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -f lavfi -i sine=440:d=0.4:r=48000 \
        -c:v mpeg4 "$@" "$out"
}

# Prints the bytes of a sound stream, however they are cut into packets.
sound() {
    quiet_ffmpeg -i "$1" -map 0:a:0 -c copy -f data - | cksum
}

# copied IN OUT [OPTIONS]: the output has the same sound and the same audio codec.
copied() {
    in=$1 out=$2
    shift 2
    works -y -i "$in" -o "$out" --factor 1 "$@"
    same "$(entry "$out" a:0 codec_name)" "$(entry "$in" a:0 codec_name)" "the sound of $in in $out"
    same "$(sound "$out")" "$(sound "$in")" "the bytes of the sound of $in in $out"
    ! warned || fail 'a warning, though nothing is lost'
}

case $1 in
untold)
    # Matroska can hold what AVI, ASF and QuickTime hold; FFmpeg's table has only its own
    # codecs.
    film wma.wmv -c:v wmv2 -c:a wmav2
    film adpcm.avi -c:a adpcm_ms
    film mulaw.mov -c:a pcm_mulaw
    film g722.avi -c:a g722 -ar 16000
    for in in wma.wmv adpcm.avi mulaw.mov g722.avi; do
        copied $in $in.mkv
        copied $in.mkv again.mkv
    done
    # The same is true of a video that is encoded.
    works -y -i mulaw.mov -o out.mkv --factor 1 -c:v wmv2
    same "$(entry out.mkv v:0 codec_name)" wmv2 'the codec of the picture'
    ;;
mxf)
    # MXF has no table at all, and needs the video stream first.
    film in.mxf -c:v mpeg2video -c:a pcm_s24le
    copied in.mxf out.mxf -c:v mpeg2video --cfr
    quiet_ffmpeg -i in.mxf -map 0:a -map 0:v -c copy turned.mov
    copied turned.mov out.mxf -c:v mpeg2video --cfr
    ;;
bluray)
    film in.m2ts -c:v libx264 -c:a pcm_bluray
    copied in.m2ts out.m2ts
    # Of the two kinds of transport stream, only Blu-ray's can hold it.
    works -i in.m2ts -o out.ts --factor 1
    says 'warning: stream 1 \(audio, pcm_bluray.*\) .*mpegts cannot.*\.m2ts can'
    # The stream numbers of the other kind may be in use there.
    film in.ts -c:v libx264 -c:a ac3
    copied in.ts out.m2ts
    ;;
experimental)
    # FFmpeg before 7 writes FLAC into MP4 only with -strict experimental.
    film in.mkv -c:a flac
    copied in.mkv out.mp4
    ;;
unreadable)
    # NUT has a tag for WMA but no place for its decoder's parameters.
    film wma.wmv -c:v wmv2 -c:a wmav2
    works -i wma.wmv -o out.nut --factor 1
    says 'warning: stream 1 \(audio, wmav2\) is left out: nut cannot hold it; \.mkv can'
    ;;
both)
    # FLV can hold AAC, but not two streams of it.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -f lavfi -i sine=440:d=0.4 \
        -f lavfi -i sine=880:d=0.4 -map 0 -map 1 -map 2 -c:a aac in.mkv
    works -i in.mkv -o out.flv --factor 1
    same "$(entry out.flv '' codec_name | tr '\n' ' ')" 'h264 aac ' streams
    says 'warning: stream 2 \(audio, aac\) is left out: flv cannot hold it; \.mkv can'
    ;;
announced)
    # A channel announces a sound that it does not send: nothing is missing.
    film in.ts -c:v libx264 -c:a aac
    python3 "$tests/e2e/craft.py" unsent in.ts none.ts 257 1
    same "$(entry none.ts a:0 codec_name | head -n 1)" aac 'the test itself: announced'
    for out in mkv mp4 ts; do
        works -i none.ts -o out.$out --factor 1
        same "$(entry out.$out a codec_name)" '' 'sound'
        ! warned || fail 'a warning, though nothing is lost'
    done
    ;;
late)
    # It sends the sound after the output's header had to be written: that is a loss.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=10:d=20 -f lavfi -i sine=d=20 -c:v libx264 \
        -preset ultrafast -g 10 -c:a aac in.ts
    python3 "$tests/e2e/craft.py" unsent in.ts late.ts 257 0.8
    fails 3 'warning: stream 1 \(audio, aac\) is missing: it begins after' -i late.ts -o out.mkv --factor 1
    same "$(count out.mkv)" 200 frames
    works -i late.ts -o out.mkv -y --factor 1 --no-audio
    ;;
first-packet)
    # Matroska's form of AAC depends on the first packet, so a damaged packet is not used.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=440:d=2 -c:v libx264 \
        -c:a aac in.ts
    python3 "$tests/e2e/craft.py" adts in.ts bad.ts 0 1 2
    fails 3 'warning: stream 1 \(audio, aac\): [0-9]+ damaged audio packets? w' \
        -i bad.ts -o out.mkv --factor 1
    packets=$(packet_sums out.mkv a:0 | wc -l)
    [ "$packets" -ge 80 ] || fail "$packets packets of sound"
    # If damage hides the codec, the warning says so; the container is not at fault.
    film in.ts -c:v libx264 -c:a aac
    python3 "$tests/e2e/craft.py" adts in.ts bad.ts 0 1
    fails 3 'warning: stream 1 .*cannot find out its sample rate' -i bad.ts -o none.mkv --factor 1
    ;;
strict)
    film in.mkv -c:a aac
    fails 9 'out\.webm: 1 of the input.s streams is missing' -i in.mkv -o out.webm --factor 1 --strict
    works -y -i in.mkv -o out.webm --factor 1 --strict --no-audio
    ;;
esac
no_leftovers
