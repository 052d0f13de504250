# Damage anywhere in the input is reported, with exit status 3, and the rest is kept.
. "$(dirname "$0")/../e2e/lib.sh"

# film FILE SECONDS: makes a video with sound as in television broadcasts.
film() {
    quiet_ffmpeg -f lavfi -i "testsrc2=s=64x48:r=25:d=$2" -f lavfi -i "sine=440:d=$2" \
        -c:v libx264 -g 25 -bf 2 -c:a aac "$1"
}

packets() {
    ffprobe -v error -count_packets -select_streams "$2" -show_entries stream=nb_read_packets \
        -of csv=p=0 "$1" | tr -cd 0-9
}

case $1 in
sound-packet)
    # The filter between ADTS and MP4 refuses a packet: it is dropped, and everything else
    # is kept.
    film good.ts 1
    python3 "$tests/e2e/craft.py" adts good.ts bad.ts 20
    for out in out.mp4 out.mkv; do
        fails 3 'warning: stream 1 \(audio, aac\): [12] damaged audio packets? w' \
            -i bad.ts -o $out --factor 1 --stats stats.json
        same "$(count $out)" 25 frames
        [ "$(packets $out a:0)" -ge 43 ] || fail 'the sound is gone'
        judge json stats.json 'input["damaged"]' 'exit == 3'
    done
    ;;
sound-slowed)
    # The same when the sound is decoded, slowed down and encoded again.
    film good.ts 1
    python3 "$tests/e2e/craft.py" adts good.ts bad.ts 20
    fails 3 'warning: stream 1 \(audio, aac\): [12] damaged audio packets? w' \
        -i bad.ts -o out.mp4 --x2 --slowmo-audio
    same "$(count out.mp4)" 50 frames
    ;;
limited)
    # --frames and --to end a job early, and the part that was read is damaged.
    film good.ts 6
    python3 - <<'END'
data = bytearray(open("good.ts", "rb").read())
at = len(data) // 8 // 188 * 188
data[at:at + 20 * 188] = bytes(20 * 188)
open("bad.ts", "wb").write(data)
END
    for limit in '' '--to 3' '--frames 60' '--frames 60 --no-audio'; do
        fails 3 'warning: .*bad\.ts' -i bad.ts -o out.mkv -y --factor 1 $limit
    done
    same "$(count out.mkv)" 60 frames
    ;;
no-alarm) # these inputs lose nothing, although they look damaged
    whole() {
        run -i "$1" -f null --factor 1
        same $status 0 "$1: status"
        ! grep -q 'cut off\|cannot be decoded' stderr || fail "$1: $(cat stderr)"
    }
    film='-f lavfi -i testsrc2=s=64x48:r=25:d=1.2'
    # Recordings that begin anywhere; their first pictures need others that come before
    # them.
    x264='-c:v libx264 -preset ultrafast -x264-params open-gop=1:keyint=10:bframes=3:b-adapt=0:scenecut=0'
    quiet_ffmpeg $film $x264 -f mpegts open264.ts
    quiet_ffmpeg $film -c:v mpeg2video -bf 2 -g 12 -f mpegts open2.ts
    for name in open264 open2; do
        size=$(wc -c <$name.ts)
        tail -c +$((size * 3 / 10)) $name.ts >late.ts
        whole late.ts
        says 'late\.ts: the first [0-9]+ pictures need others that the file does not have'
        ffmpeg -v quiet -y -i late.ts -c copy late.mkv
        whole late.mkv
    done
    # A fragmented MP4 of unknown duration, and one that begins within a fragment.
    quiet_ffmpeg $film -c:v libx264 -preset ultrafast -g 25 \
        -movflags frag_keyframe+empty_moov frag.mp4
    python3 - <<'END'
film = bytearray(open('frag.mp4', 'rb').read())
for box, at in (b'mvhd', 20), (b'tkhd', 24), (b'mdhd', 20):
    at += film.index(box)
    film[at:at + 4] = b'\xff' * 4
open('unknown.mp4', 'wb').write(film)
END
    whole unknown.mp4
    ! grep -q '[0-9]:[0-9]' stderr || fail "announced as too long: $(cat stderr)"
    quiet_ffmpeg -ss 0.5 -i frag.mp4 -c copy edited.mp4
    whole edited.mp4
    # Two times are hours ahead.
    for name in stray.mp4 stray.ts stray.mkv; do
        quiet_ffmpeg -i frag.mp4 -c copy \
            -bsf:v 'setts=pts=PTS+if(eq(mod(N\,20)\,15)\,7200/TB\,0):dts=DTS' $name
        whole $name
        ! grep -q '[0-9]:[0-9]' stderr || fail "announced as too long: $(cat stderr)"
    done
    ;;
cut) # the rules of its container tell whether a film is cut off
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=4 -f lavfi -i sine=d=4 -c:v mpeg4 -c:a mp2 \
        -shortest any.mkv
    for name in a.mp4 a.mov a.mkv a.avi a.ts a.nut a.mxf a.mpg a.flv f.mp4; do
        codec='-c copy'
        case $name in
        f.mp4) codec='-c copy -f ismv' ;; # in fragments, of one stream each
        *.flv) codec='-c:v flv -c:a libmp3lame -ar 44100' ;;
        *.mxf | *.mpg) codec='-c:v mpeg2video -an' ;;
        *.ts) codec='-c:v mpeg2video -c:a copy' ;;
        # When times are copied in milliseconds, FFmpeg 7.1 fills a fifth of the file with
        # empty packets.
        *.avi) codec='-r 25 -c:v mpeg4 -c:a copy' ;;
        esac
        quiet_ffmpeg -i any.mkv $codec "$name"
        run -q -i "$name" -f null --factor 1
        same $status 0 "$name, uncut: status"
        size=$(wc -c <"$name")
        for share in 60 95; do
            head -c $((size * share / 100)) "$name" >"cut-$name"
            run -q -i "cut-$name" -f null --factor 1
            same $status 3 "$name, cut at $share %: status"
        done
    done
    ;;
bare) # streams without a container
    # cut FILE: none of several shares of FILE passes, and the whole does.
    cut() {
        run -q -i "$1" -f null --factor 1 --deinterlace off
        same $status 0 "$1, uncut: status"
        size=$(wc -c <"$1")
        for share in 41 53 67 95; do
            head -c $((size * share / 100)) "$1" >"cut.${1#*.}"
            run -q -i "cut.${1#*.}" -f null --factor 1 --deinterlace off
            same $status 3 "$1, cut at $share %: status"
        done
    }
    film='-f lavfi -i testsrc2=s=160x120:r=25:d=1'
    quiet_ffmpeg -f lavfi -i testsrc2=s=720x576:r=25:d=0.4 -f lavfi -i sine=d=0.4:r=48000 \
        -ac 2 -target pal-dv in.dv
    quiet_ffmpeg $film -c:v mjpeg in.mjpeg
    quiet_ffmpeg $film -c:v mpeg2video in.m2v
    quiet_ffmpeg $film -c:v mpeg4 in.m4v
    # The decoder's threads find such damage after the frame is output, or before.
    quiet_ffmpeg $film -c:v libx264 in.h264
    for name in in.dv in.mjpeg in.m2v in.m4v in.h264 in.h264; do
        cut $name
    done
    ;;
bare-av1)
    needs_encoder libaom-av1
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v libaom-av1 -cpu-used 8 in.obu
    run -q -i in.obu -f null --factor 1
    same $status 0 'uncut: status'
    size=$(wc -c <in.obu)
    # Frames are so small that a share of the file may end between two.
    for left in $((size / 3)) $((size - 3)) $((size - 1)); do
        head -c $left in.obu >cut.obu
        run -q -i cut.obu -f null --factor 1
        same $status 3 "$left of $size bytes: status"
    done
    ;;
esac
no_leftovers
