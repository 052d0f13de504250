# Options other than a factor that set the output's times.
. "$(dirname "$0")/lib.sh"

case $1 in
fps)
    # Film to 60 fps: 1001 frames for every 400; here 28 for a little more than eleven.
    synth film.mp4 0.458 24000/1001
    works -i film.mp4 -o out.mp4 --fps 60
    judge rate film.mp4 out.mp4 60 exact
    works -y -i film.mp4 -o out.mp4 --fps ntsc
    judge rate film.mp4 out.mp4 30000/1001 exact
    # A lower rate: an output time on a source frame gives that frame.
    python3 "$tests/e2e/pattern.py" moving 64 48 10 >in.y4m
    works -y -i in.y4m -o down.mkv -c:v ffv1 -r 25/2 --stats stats.json
    judge rate in.y4m down.mkv 25/2
    same "$(frame_sums down.mkv yuv420p)" "$(frame_sums in.y4m yuv420p | sed -n 'p;n')" frames
    judge json stats.json 'output["frames_synthesized"] == 0'
    ;;
cfr)
    synth even.mkv 0.4 25 64x48 -c:v mjpeg -pix_fmt yuvj420p
    # MP4 counts its frames, so the average rate is known.
    quiet_ffmpeg -i even.mkv -c copy -bsf:v 'setts=ts=(N*N*7+N*33)*0.001/TB' uneven.mp4
    works -i uneven.mp4 -o out.mp4 --x2 --cfr
    judge rate uneven.mp4 out.mp4 "$(entry out.mp4 v:0 avg_frame_rate)" exact
    frames=$(count out.mp4)
    [ "$frames" -ge 18 ] && [ "$frames" -le 22 ] || fail "$frames frames from 10 x2"
    ;;
slowmo)
    works -i "$lotus" -o out.mp4 --x3 --slowmo
    says 'warning: slow motion: audio.* left out'
    judge slow "$lotus" out.mp4 3 exact
    same "$(entry out.mp4 '' codec_type)" video streams
    same "$(entry out.mp4 v:0 r_frame_rate)" 12/1 'frame rate'
    ;;
tail)
    python3 "$tests/e2e/pattern.py" moving 64 48 5 >in.y4m
    works -i in.y4m -o hold.mkv -c:v ffv1 --x3 --tail hold
    works -i in.y4m -o drop.mkv -c:v ffv1 --x3 --tail drop
    works -i in.y4m -o loop.mkv -c:v ffv1 --x3 --tail loop
    frame_sums hold.mkv yuv420p >hold
    same "$(frame_sums drop.mkv yuv420p)" "$(head -n 13 hold)" 'all but the tail'
    same "$(tail -n 3 hold | uniq | wc -l)" 1 'different frames held'
    frame_sums loop.mkv yuv420p >loop
    same "$(head -n 13 loop)" "$(head -n 13 hold)" 'all but the tail'
    same "$(sort -u loop | wc -l)" 15 'different frames of the loop'
    ;;
part)
    # From 0.5 s to 1.5 s, with sound and subtitles: the middle half of the clip.
    works -i "$lotus" -o out.mkv -c:v ffv1 --x2 --ss 0.5 --to 1.5
    same "$(frame_sums out.mkv yuv420p | sed -n 'p;n')" "$(frame_sums "$lotus" yuv420p | sed -n 7,18p)" originals
    judge json - 'abs(float(format["duration"]) - 1) < 0.05' <<END
$(ffprobe -v error -show_entries format=duration -of json out.mkv)
END
    works -y -i "$lotus" -o out.mkv --x2 --frames 7
    same "$(count out.mkv)" 7 frames
    intact out.mkv
    ;;
ends)
    # If the picture ends early, sound and subtitles end with it.
    cat >in.srt <<'END'
1
00:00:00,500 --> 00:00:01,000
one

2
00:00:01,500 --> 00:00:09,000
two

3
00:00:05,000 --> 00:00:06,000
three
END
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=10 -f lavfi -i sine=d=10 -i in.srt \
        -map 0 -map 1 -map 2 -c:v ffv1 -c:a aac -c:s srt in.mkv
    for container in mkv mp4; do
        works -i in.mkv -o out.$container --x2 --frames 100 --device cpu
        same "$(count out.$container)" 100 frames
        ends=
        for stream in v:0 a:0 s:0; do
            ends="$ends $(ffprobe -v error -select_streams $stream \
                -show_entries packet=pts_time,duration_time -of csv=p=0 out.$container |
                awk -F, '$1 + $2 > end { end = $1 + $2 } END { print end }')"
        done
        echo $ends | awk '{ exit !($1 > 1.9 && $1 < 2.1 && $2 > $1 - 0.03 && $2 < $1 + 0.05 &&
            $3 > $1 - 0.05 && $3 < $1 + 0.05) }' || fail "picture, sound, subtitles end at $ends"
    done
    # Without a limit, all of the sound is kept.
    works -i in.mkv -o all.mkv --x2 --device cpu
    same "$(packet_sums all.mkv a:0)" "$(packet_sums in.mkv a:0)" 'the sound'
    ;;
slow-sound)
    # The sound lasts as long as the picture, at its original pitch: 440 cycles per
    # second.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=10:d=2 -f lavfi -i sine=440:d=2:r=44100 \
        -c:v libx264 -c:a aac in.mp4
    run -i in.mp4 -o out.mp4 --slowmo-audio --x4
    if grep -q 'built without libavfilter' stderr; then
        same $status 8 'exit status'
        exit 0
    fi
    for container in mp4 mkv webm; do
        works -y -i in.mp4 -o out.$container --slowmo-audio --factor 5/2 --strict
        same "$(entry out.$container v:0 r_frame_rate)" 10/1 'the rate'
        quiet_ffmpeg -i out.$container -map 0:a -ac 1 -ar 8000 -f s16le sound.raw
        python3 - <<'END' || fail "the sound in $container"
import array
d = array.array("h", open("sound.raw", "rb").read())
crossings = sum(1 for i in range(8001, 16000) if d[i - 1] < 0 <= d[i])
print(len(d) / 8000, crossings)
assert abs(len(d) / 8000 - 5) < 0.06 and abs(crossings - 440) < 4
END
    done
    works -y -i in.mp4 -o out.mp4 --slowmo-audio --x4 --frames 40
    ends=$(for stream in v:0 a:0; do
        ffprobe -v error -select_streams $stream -show_entries stream=duration -of csv=p=0 out.mp4
    done | xargs echo)
    echo $ends | awk '{ exit !($1 > 3.9 && $1 < 4.1 && $2 > $1 - 0.2 && $2 < $1 + 0.2) }' ||
        fail "picture and sound end at $ends"
    fails 2 'fps and --slowmo' -y -i in.mp4 -o out.mp4 --slowmo-audio -r 60
    ;;
slow-beat)
    # At every factor, a beep is heard within 10 ms of its picture.
    beeps() {
        quiet_ffmpeg -f lavfi -i color=gray:s=64x48:r=25:d=2.2 -f lavfi -i \
            "aevalsrc='if(lt(mod(t\,0.5)\,0.1)*gte(t\,0.5)\,0.4*sin(6283*t)\,0)':s=$1:d=2.2" \
            -c:v libx264 -c:a $2 $3
    }
    beeps 48000 aac in.mp4
    run -i in.mp4 -o out.mp4 --slowmo-audio --x2
    [ $status = 8 ] && exit 77
    beeps 44100 libmp3lame in.mkv
    beeps 22050 pcm_s16le in.mov
    for job in 'in.mp4 out.mp4 2' 'in.mp4 out.mkv 8' 'in.mkv out.mp4 4' 'in.mov out.mkv 5/2'; do
        set -- $job
        works -y -i $1 -o $2 --slowmo-audio --factor $3 --strict --stats stats.json
        judge json stats.json 'abs(checks["av_offset_us"]) <= 10000'
        judge beeps $1 $2 $3 0.010
    done
    ;;
esac
no_leftovers
