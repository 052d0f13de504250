# Inputs that are wrong in some way: there is a clear message and the right status, and
# rifec keeps what it can.
. "$(dirname "$0")/../e2e/lib.sh"

# rifec refuses this and writes nothing.
refused() {
    fails 3 "$1" -i "$2" -o out.mp4 --x2
    [ ! -e out.mp4 ] || fail 'an output of nothing'
}

# The input ends early: the output is valid and has all the frames that FFmpeg can decode,
# at the right times.
saved() {
    fails 3 "warning: .*$1" -i "$1" -o out.mp4 --x2 --stats stats.json
    intact out.mp4
    readable=$(count "$1")
    [ "$readable" -gt 5 ] || fail 'the test itself: too little to read'
    same "$(count out.mp4)" $((2 * readable)) 'frames saved'
    judge times "$1" out.mp4 2 exact
    judge json stats.json 'input["damaged"]' 'exit == 3' 'len(warnings) >= 1' \
        "input['frames'] == $readable"
}

case $1 in
missing)
    refused 'missing\.mp4: No such file' missing.mp4
    refused 'no/such/in\.mp4: No such file' no/such/in.mp4
    ;;
empty)
    : >empty.mp4
    refused 'empty\.mp4: .*empty' empty.mp4
    ;;
directory)
    mkdir folder.mp4
    refused 'folder\.mp4: .*directory' folder.mp4
    ;;
text)
    seq 1 2000 >text.mp4
    refused 'text\.mp4: ' text.mp4
    ;;
opens-others)
    # A text file that makes FFmpeg open other files opens none of them, whatever its
    # name.
    synth secret.ts 0.2
    printf '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n%s\n#EXT-X-ENDLIST\n' \
        "$PWD/secret.ts" >hls.mp4
    printf 'ffconcat version 1.0\nfile secret.ts\n' >concat.mkv
    printf '\357\273\277#EXTM3U\nsecret.ts\n' >m3u.ts
    printf '[playlist]\nFile1=secret.ts\n' >pls.mp4
    printf '# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n' >vobsub.avi
    printf 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5000 RTP/AVP 96\n' \
        >sdp.mov
    cat >dash.webm <<END
<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="1" bandwidth="1"><BaseURL>$PWD/secret.ts</BaseURL></Representation>
</AdaptationSet></Period></MPD>
END
    for file in hls.mp4 concat.mkv dash.webm sdp.mov vobsub.avi; do
        refused "$file: this is not a video but an? .*--input-format ${file%.*}" $file
        status=0
        "$RIFEC" -i - -o out.mp4 <$file 2>stderr || status=$?
        same $status 3 "exit status with $file at stdin"
        says 'stdin: this is not a video but'
    done
    refused 'm3u\.ts: this is not a video but a playlist' m3u.ts
    refused 'pls\.mp4: this is not a video but a playlist' pls.mp4
    # --input-format selects such a format, but it still opens nothing from the network.
    works -i hls.mp4 --input-format hls -o out.mp4
    printf '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n' >net.m3u8
    run -vv -i net.m3u8 --input-format hls -y -o out.mp4
    same $status 3 'exit status'
    grep -qi "whitelist" stderr || fail 'the network is not refused'
    # A name that is a pattern for other files is a plain name if that file exists.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:d=0.2 out%d.png
    cp out1.png 'out%d.png'
    works -y -i 'out%d.png' -o one.mp4
    same "$(count one.mp4)" 2 'frames'
    ;;
encrypted)
    key=76a6c65c5ea762046bd749a2e632ccbb
    synth clear.mp4 0.4
    quiet_ffmpeg -i clear.mp4 -c copy -encryption_scheme cenc-aes-ctr -encryption_key $key \
        -encryption_kid a7e61c373e219033c21091fa607bf3b8 secret.mp4
    refused 'secret\.mp4: its video is encrypted' secret.mp4
    ;;
audio-only)
    quiet_ffmpeg -f lavfi -i sine=440:d=0.5 -c:a aac song.m4a
    refused 'song\.m4a: has no video' song.m4a
    ;;
cover-art)
    synth cover.png 0.04
    quiet_ffmpeg -f lavfi -i sine=440:d=0.5 -i cover.png -map 0 -map 1 -c:a flac -c:v png \
        -disposition:v attached_pic song.flac
    refused 'song\.flac: has no video' song.flac
    ;;
no-frames)
    echo 'YUV4MPEG2 W64 H48 F25:1 Ip A1:1 C420jpeg' >none.y4m
    refused 'none\.y4m: ' none.y4m
    ;;
one-frame)
    # A complete video of one frame is held for its duration.
    synth one.mp4 0.04
    same "$(count one.mp4)" 1 'the test itself: frames'
    works -i one.mp4 -o out.mp4 --x3
    judge times one.mp4 out.mp4 3 exact
    same "$(frame_sums out.mp4 yuv420p | wc -l)" 3 frames
    ;;
truncated-mp4)
    # The index comes first, so everything except the lost part can be found.
    synth whole.mp4 2 25 160x96 -movflags +faststart -c:v libx264 -bf 2 -g 10
    head -c "$(($(wc -c <whole.mp4) * 6 / 10))" whole.mp4 >cut.mp4
    saved cut.mp4
    ;;
truncated-mkv)
    synth whole.mkv 2 25 160x96 -c:v libx264 -bf 2 -g 10
    head -c "$(($(wc -c <whole.mkv) * 6 / 10))" whole.mkv >cut.mkv
    saved cut.mkv
    ;;
damaged)
    # Junk in the middle is reported, and the rest is kept. In MP4 the decoder meets it;
    # in Matroska the demultiplexer skips it, and frames with it.
    for whole in whole.mp4 whole.mkv; do
        synth $whole 2 25 160x96 -c:v libx264 -bf 2 -g 10
        middle=$(($(wc -c <$whole) / 2))
        junk=junk.${whole#*.}
        { head -c $middle $whole; seq 1 800 | head -c 3000; tail -c +$((middle + 3001)) $whole; } >$junk
        run -y -i $junk -o out.mp4 --x2
        same $status 3 "exit status for $junk"
        says "warning: .*$junk"
        intact out.mp4
        [ "$(count out.mp4)" -ge 60 ] || fail 'little is left'
    done
    ;;
absurd)
    # A table that claims two billion entries is damage, not a lack of memory.
    synth whole.mp4 0.4 25 64x48 -c:v libx264
    python3 - <<'END'
film = bytearray(open("whole.mp4", "rb").read())
film[film.index(b"stts") + 8] |= 0x80
open("absurd.mp4", "wb").write(film)
END
    refused 'absurd\.mp4: .*absurd amount of memory; it is probably damaged' absurd.mp4
    ;;
range)
    synth in.mkv 1
    fails 3 'no frame lies between --ss.*lasts 1\.0' -i in.mkv -o out.mp4 --ss 5
    fails 3 'no frame lies between --ss' -i in.mkv -o out.mp4 --ss 5 --to 6
    [ ! -e out.mp4 ] || fail 'an output'
    ;;
size-change)
    # The frame size changes half-way: the frames before it are kept, and the message
    # gives the reason.
    synth small.ts 0.4 25 64x48 -c:v libx264
    synth large.ts 0.4 25 96x64 -c:v libx264 -output_ts_offset 0.4
    cat small.ts large.ts >mixed.ts
    fails 3 '64x48.*96x64|96x64.*64x48' -i mixed.ts -o out.mp4 --x2
    intact out.mp4
    same "$(count out.mp4)" 20 'frames of the first size'
    same "$(entry out.mp4 v:0 width,height | tr '\n' x)" 64x48x size
    ;;
esac
no_leftovers
