# Streams other than the video are copied packet by packet.
. "$(dirname "$0")/lib.sh"

# Makes in.mkv with one stream of each kind that Matroska can hold.
everything() {
    printf '1\n00:00:00,100 --> 00:00:00,300\nOne\n\n2\n00:00:00,400 --> 00:00:00,700\nTwo\n' >in.srt
    quiet_ffmpeg -i in.srt in.ass
    quiet_ffmpeg -f lavfi -i color=red:s=32x32 -frames:v 1 picture.jpg
    head -c 3000 "$RIFEC" >font.ttf
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8 \
        -f lavfi -i sine=880:d=0.8 -i in.srt -i in.ass -f lavfi -i testsrc=s=32x32:r=25:d=0.8 \
        -map 0 -map 1 -map 2 -map 3 -map 4 -map 5 -attach font.ttf -attach picture.jpg \
        -metadata:s:t:0 mimetype=font/ttf -metadata:s:t:1 mimetype=image/jpeg \
        -metadata:s:t:1 filename=cover.jpg -c:a:0 aac -c:a:1 libopus -c:s:0 srt -c:s:1 ass \
        -metadata:s:a:0 language=fin -metadata:s:s:0 language=swe -metadata:s:s:0 title='For all' \
        -disposition:a:0 0 -disposition:a:1 default+hearing_impaired -disposition:s:1 forced in.mkv
}

streams() {
    entry "$1" "${2:-}" codec_name | tr '\n' ' '
}

case $1 in
mp4)
    works -i "$lotus" -o out.mp4 --x2
    for stream in a:0 s:0; do
        same "$(packet_sums out.mp4 $stream)" "$(packet_sums "$lotus" $stream)" "packets of $stream"
    done
    same "$(entry out.mp4 s:0 codec_name)" mov_text subtitle
    ;;
mkv)
    everything
    works -i in.mkv -o out.mkv --x2
    same "$(streams out.mkv)" "$(streams in.mkv)" streams
    for stream in a:0 s:0 s:1 v:1; do
        same "$(packet_sums out.mkv $stream)" "$(packet_sums in.mkv $stream)" "packets of $stream"
    done
    # FFmpeg loses the 6.5 ms of Opus padding here, as it does with `-c copy`.
    same "$(packet_sums out.mkv a:1 | cut -d, -f4-)" "$(packet_sums in.mkv a:1 | cut -d, -f4-)" \
        'packets of a:1'
    quiet_ffmpeg -dump_attachment:t:0 font.out -i out.mkv 2>/dev/null || true # no output
    cmp font.ttf font.out || fail 'the font has changed'
    quiet_ffmpeg -i out.mkv -map 0:v:2 -c copy picture.out.jpg
    cmp picture.jpg picture.out.jpg || fail 'the cover has changed'
    about=stream_disposition:stream_tags=language,title,filename,mimetype
    same "$(ffprobe -v error -show_entries $about out.mkv)" \
        "$(ffprobe -v error -show_entries $about in.mkv)" 'dispositions, languages and names'
    ! warned || fail 'a warning, though nothing is lost'
    ;;
left-out)
    works -i "$lotus" -o out.mp4 --x2 --no-audio
    same "$(entry out.mp4 '' codec_type | tr '\n' ' ')" 'video subtitle ' streams
    works -i "$lotus" -o out.mp4 -y --x2 --no-subs
    same "$(entry out.mp4 '' codec_type | tr '\n' ' ')" 'video audio ' streams
    everything
    works -i in.mkv -o out.mkv --x2 --no-attachments --no-audio
    same "$(streams out.mkv)" 'h264 subrip ass h264 ' streams
    ! warned || fail 'a warning about what is not wanted'
    ;;
cannot-hold)
    # Each stream that is left out is named, with a container that can hold it; the rest
    # is done.
    everything
    works -i in.mkv -o out.webm --x2
    same "$(streams out.webm)" 'vp9 opus webvtt webvtt ' streams
    says 'warning: stream 1 \(audio, aac, fin\) .*webm cannot.*\.mkv'
    says 'warning: stream 5 \(video, h264\) .*webm cannot.*\.mkv'
    says 'warning: stream 6 \(attachment, [a-z]+, font\.ttf\) .*webm cannot.*\.mkv'
    says 'warning: stream 7 \(cover picture, mjpeg, cover\.jpg\) .*webm cannot.*\.mkv'
    same "$(grep -c 'warning' stderr)" 4 'warnings'
    works -i in.mkv -o out.avi --x2
    same "$(streams out.avi)" 'h264 aac ' streams
    works -i in.mkv -o out.ts --x2
    ffprobe -v error -show_streams -of json out.ts >out.json
    judge json out.json '[s["codec_name"] for s in streams] == ["h264", "aac", "opus", "h264"]'
    ;;
cover)
    everything
    works -i in.mkv -o out.mp4 --x2
    same "$(streams out.mp4 v)" 'h264 h264 mjpeg ' 'video and cover'
    quiet_ffmpeg -i out.mp4 -map 0:v:2 -c copy picture.out.jpg
    cmp picture.jpg picture.out.jpg || fail 'the cover has changed'
    # ... and back from MP4, where the streams have no titles yet.
    works -i out.mp4 -o back.mkv --x2 --ss 0.2
    quiet_ffmpeg -i back.mkv -map 0:v:2 -c copy picture.back.jpg
    cmp picture.jpg picture.back.jpg || fail 'the cover has changed'
    same "$(ffprobe -v error -select_streams v:2 -show_entries stream_tags=filename -of csv=p=0 back.mkv)" \
        cover.jpg 'name of the cover'
    works -i in.mkv -o out.mov --x2
    says 'warning: stream 7 \(cover picture.*mov cannot'
    ;;
offset)
    # Picture and sound that start late, and at different times, keep their offset.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8 \
        -filter_complex '[0:v]setpts=PTS+1.2/TB[v];[1:a]asetpts=PTS+1.0/TB[a]' \
        -map '[v]' -map '[a]' -copyts -c:a flac in.mkv
    same "$(entry in.mkv v:0 start_time)" 1.200000 'the test itself: start'
    works -i in.mkv -o out.mkv --x2
    # ... and start from zero, because the start of a file's clock has no meaning.
    quiet_ffmpeg -i in.mkv -map 0 -c copy -f nut zero.nut
    judge times zero.nut out.mkv 2
    same "$(packet_sums out.mkv a:0)" "$(quiet_ffmpeg -i in.mkv -c copy zero.mkv
        packet_sums zero.mkv a:0)" 'packets of the sound'
    # AVI has no start time; the picture still comes as long after the sound as before,
    # and the sound has no gap after its first packet.
    works -i in.mkv -o out.avi --x2
    ffprobe -v error -select_streams v:0 -show_entries frame=best_effort_timestamp_time \
        -of csv=p=0 out.avi | awk 'NR == 1 { exit !($1 > 0.17 && $1 < 0.23) }' ||
        fail 'the picture in AVI'
    ffprobe -v error -select_streams a:0 -show_entries packet=pts_time -of csv=p=0 out.avi |
        awk 'NR == 2 { exit !($1 > 0 && $1 < 0.2) }' || fail 'the sound in AVI'
    ;;
programs)
    # A transport stream keeps its services and its stream numbers.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8 \
        -f lavfi -i sine=880:d=0.8 -map 0 -map 1 -map 2 -c:v libx264 -c:a mp2 \
        -program title=First:program_num=7:st=0:st=1 -program title=Second:program_num=9:st=2 \
        -streamid 0:300 -streamid 1:301 -streamid 2:302 in.ts
    works -i in.ts -o out.ts --x2
    list() {
        ffprobe -v error -show_entries program=program_num:program_tags=service_name:program_stream=id \
            -of compact "$1"
    }
    list in.ts | grep -q 'service_name=Second' || fail 'the test itself: programs'
    same "$(list out.ts)" "$(list in.ts)" programs
    ;;
backwards)
    # Times that go back are repaired and counted, once.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8 \
        -c:v flv1 -c:a libmp3lame -ar 22050 good.flv
    python3 "$tests/e2e/craft.py" backwards good.flv in.flv
    for out in out.mkv out.mp4; do
        works -i in.flv -o $out --x2
        says 'warning: repaired 1 non-increasing'
        same "$(packet_sums $out a:0 | cut -d, -f5-)" "$(packet_sums good.flv a:0 | cut -d, -f5-)" sound
        ffprobe -v error -select_streams a -show_entries packet=dts -of csv=p=0 $out | sort -nc ||
            fail 'times go back'
    done
    ;;
phone)
    # A phone's file: rotation, a second picture, and data that no container can hold.
    clip=$(eval_clip e04_rot90_face_vfr.mp4)
    works -i "$clip" -o out.mp4 --factor 1 --to 0.1 --preset ultrafast
    same "$(entry out.mp4 '' codec_name | tr '\n' ' ')" 'h264 hevc ' streams
    for stream in v:0 v:1; do
        same "$(side out.mp4 $stream rotation)" 90 "rotation of $stream"
    done
    same "$(grep -c 'warning: stream [23] (data, mett, eng) is left out' stderr)" 2 warnings
    ;;
late-clock)
    # A recording whose clock began long before it does not become longer.
    sources='-f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8'
    quiet_ffmpeg $sources -c:v libx264 -c:a aac -output_ts_offset 50000 in.flv
    quiet_ffmpeg $sources -c:v libx264 -c:a aac -output_ts_offset 1670000000 in.mkv
    quiet_ffmpeg $sources -c:v libx264 -c:a aac -movflags frag_keyframe+empty_moov \
        -output_ts_offset 7000 in.mp4
    quiet_ffmpeg $sources -c:v libx264 -c:a aac -output_ts_offset 7 in.mov
    for in in in.flv in.mkv in.mp4 in.mov; do
        out=out.mp4 part=
        [ $in = in.flv ] || [ $in = in.mov ] || { out=out.mkv part='--ss 0.2 --to 0.6'; }
        works -y -i $in -o $out --factor 1 --strict $part --stats stats.json
        judge json stats.json 'input["duration_s"] < 0.9'
        [ -z "$part" ] || same "$(count $out)" 10 'frames of the part'
        ffprobe -v error -show_entries stream=start_time:format=duration -of json $out >out.json
        judge json out.json 'float(format["duration"]) < 0.95' \
            'all(float(s["start_time"]) < 0.1 for s in streams)'
    done
    # Chapters are counted by the same clock, or by one that begins at zero.
    printf ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/10\nSTART=70002\nEND=70006\ntitle=x\n' >late.txt
    printf ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/10\nSTART=2\nEND=6\ntitle=x\n' >zero.txt
    for chapters in late zero; do
        quiet_ffmpeg $sources -copyts -f ffmetadata -i $chapters.txt -map 0 -map 1 \
            -map_chapters 2 -output_ts_offset 7000 -c:v libx264 chapters.mkv
        works -y -i chapters.mkv -o out.mkv --factor 1
        ffprobe -v error -show_chapters -of json out.mkv >out.json
        judge json out.json '[c["start_time"][:3] for c in chapters] == ["0.2"]'
    done
    ;;
apart)
    # Two programmes with different clocks are aligned, and the film has its own length.
    sources='-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=440:d=1'
    quiet_ffmpeg $sources $sources -map 0 -map 1 -map 2 -map 3 -c:v libx264 -c:a mp2 \
        -bsf:v:1 setts=ts=TS+450000000 -bsf:a:1 setts=ts=TS+450000000 \
        -program program_num=1:st=0:st=1 -program program_num=2:st=2:st=3 in.ts
    for out in out.mkv out.ts; do
        works -i in.ts -o $out --factor 1 --strict
        ! warned || fail 'a warning'
        ffprobe -v error -show_entries stream=start_time:format=duration -of json $out >out.json
        judge json out.json '0.9 < float(format["duration"]) < 1.3' \
            'all(float(s["start_time"]) < 0.3 for s in streams)'
    done
    ;;
joined)
    # Two recordings in one file: the clock jumps back, and the film continues.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=440:d=2 \
        -c:v libx264 -c:a aac one.ts
    cat one.ts one.ts >two.ts
    run -i two.ts -o out.mp4 --x2 --strict
    says 'timestamps jump 1 times'
    same "$(count out.mp4)" 200 frames
    for stream in v:0 a:0; do
        echo "{\"start\": $(entry out.mp4 $stream start_time), \"length\": $(entry out.mp4 $stream duration)}" >span
        judge json span '0 <= start < 0.05' '3.95 < length < 4.1'
    done
    run -i two.ts -o part.mp4 --x2 --ss 1 --to 3
    same "$(count part.mp4)" 100 'frames of the part'
    ;;
edited)
    # Edit lists of MP4: frames before the cut are decoded and never shown; a track that
    # begins late still does.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=440:d=1 \
        -c:v libx264 -g 25 -bf 2 -c:a aac whole.mp4
    quiet_ffmpeg -ss 0.5 -i whole.mp4 -c copy cut.mp4
    quiet_ffmpeg -itsoffset 0.3 -i whole.mp4 -i whole.mp4 -map 0:v -map 1:a -c copy late.mp4
    [ "$(entry cut.mp4 v:0 nb_frames)" -gt "$(count cut.mp4)" ] || fail 'the test itself: cut'
    same "$(entry late.mp4 v:0 start_time)" 0.300000 'the test itself: start'
    for in in cut late; do
        works -i $in.mp4 -o $in.out.mp4 --x2 --strict
        judge times $in.mp4 $in.out.mp4 2 exact
        same "$(packet_sums $in.out.mp4 a:0)" "$(packet_sums $in.mp4 a:0)" "sound of $in"
    done
    ;;
unplayed)
    # Content that an edit list removes does not return in containers without edit lists:
    # no sound at all, and of a second video only the frames that decoding needs.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=440:d=2 \
        -f lavfi -i testsrc=s=64x48:r=25:d=2 -map 0 -map 1 -map 2 -c:v libx264 -c:a aac whole.mp4
    quiet_ffmpeg -ss 1 -i whole.mp4 -map 0 -c copy cut.mp4
    for out in out.mkv out.ts; do
        works -i cut.mp4 -o $out --factor 1 --strict
        ffprobe -v error -show_entries format=duration:stream=nb_read_packets -count_packets \
            -of json $out >out.json
        judge json out.json 'float(format["duration"]) < 1.1' \
            '[int(s["nb_read_packets"]) // 5 for s in streams] == [5, 8, 10]'
        intact $out
    done
    # The packets that only prepare the decoder stay.
    works -y -i whole.mp4 -o out.mkv --factor 1
    same "$(packet_sums out.mkv a:0 | wc -l)" "$(packet_sums whole.mp4 a:0 | wc -l)" 'packets of the sound'
    ;;
which-video)
    # rifec takes the largest video that moves, whatever its position and frame rate.
    quiet_ffmpeg -f lavfi -i testsrc2=s=96x64:r=5:d=0.6 -f lavfi -i testsrc2=s=64x48:r=30:d=0.6 \
        -f lavfi -i testsrc2=s=320x240:d=0.04 -map 0 -map 1 -map 2 -c:v libx264 -c:v:2 png in.mkv
    quiet_ffmpeg -i in.mkv -map 0:v:0 -map 0:v:1 -c copy in.ts
    quiet_ffmpeg -i in.mkv -map 0:v:2 -map 0:v:1 -map 0:v:0 -c copy in.mov
    chosen() {
        works -y -i $1 -o out.mkv --factor 1 -c:v ffv1 ${3:-}
        same "$(ffprobe -v error -show_entries stream=codec_name,width -of csv=p=0 out.mkv |
            grep ffv1)" "ffv1,$2" "chosen of $1"
    }
    chosen in.ts 96
    says 'in\.ts: has 2 videos; v:0 \(h264, 96x64\) is interpolated.*--video-stream'
    chosen in.mkv 96
    chosen in.mov 96
    says 'has 3 videos; v:2'
    chosen in.mov 64 '--video-stream 1'
    fails 2 'in\.ts: --video-stream 2 is none .* numbered 0 to 1' -i in.ts -o no.mkv --video-stream 2
    # Transparency in a separate stream is a gray video of the same size.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:d=0.4 -f lavfi -i testsrc2=s=96x64:d=0.4 \
        -map 1 -map 0 -c:v ffv1 -pix_fmt:v:0 gray -pix_fmt:v:1 yuv420p alpha.mkv
    works -y -i alpha.mkv -o out.mkv --factor 1
    says 'has 2 videos; v:1 \(ffv1, 64x48\)'
    ;;
timeless)
    # A raw stream has no times: its frames follow each other at one period.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.6 -c:v libx264 -bf 2 in.h264
    works -i in.h264 -o out.mp4 --x2 --strict
    says 'warning: in.h264: repaired [0-9]+ missing or non-increasing timestamps'
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.6 -c:v ffv1 timed.mkv
    judge times timed.mkv out.mp4 2 exact
    ;;
negative)
    # Players drop times below zero, so all streams move up together.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=440:d=1 \
        -c:v libx264 -bf 2 -c:a flac zero.mkv
    quiet_ffmpeg -i zero.mkv -c copy -output_ts_offset -0.4 -avoid_negative_ts disabled in.mkv
    [ "$(entry in.mkv a:0 start_time | cut -c1)" = - ] || fail 'the test itself: no time is negative'
    works -i in.mkv -o out.mkv --x2 --strict
    same "$(count out.mkv)" 50 frames
    for stream in v:0 a:0; do
        ffprobe -v error -select_streams $stream -show_entries packet=pts_time -of csv=p=0 out.mkv |
            tr -d , | sort -n | head -n 1
    done | xargs echo | awk '{ print; exit !($1 >= 0 && $2 >= 0 && $1 - $2 < 0.003 && $2 - $1 < 0.003) }' ||
        fail 'picture and sound moved apart'
    ;;
longer)
    # Sound that is longer than the picture and is left out does not shorten anything.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -f lavfi -i sine=440:d=4 \
        -c:v libx264 -c:a aac in.mp4
    works -i in.mp4 -o out.mkv --x2 --no-audio
    same "$(count out.mkv)" 20 frames
    ;;
second-video)
    # A second video that is cut begins with a keyframe.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=4 -f lavfi -i testsrc2=s=32x32:r=25:d=4 \
        -map 0 -map 1 -c:v libx264 -g 40 -sc_threshold 0 in.mkv
    works -i in.mkv -o out.mkv --x2 --ss 1 --to 3
    complaints=$(ffmpeg -nostdin -v error -i out.mkv -map 0:v:1 -vsync passthrough -f null - 2>&1) || true
    same "$complaints" '' 'what FFmpeg says of the second video'
    same "$(entry out.mkv v:1 width)" 32 'its width'
    ffprobe -v error -select_streams v:1 -show_entries packet=pts_time -of csv=p=0 out.mkv |
        awk '{ if (NR == 1 || $1 < b) b = $1; if ($1 > e) e = $1 } END { exit !(b >= 0.55 && b <= 0.65 && e < 2.2) }' ||
        fail 'it is not where it was'
    ;;
esac
no_leftovers
