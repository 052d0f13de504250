# Sound and subtitles arrive packet by packet as they were.
. "$(dirname "$0")/lib.sh"

case $1 in
mp4)
    works -i "$lotus" -o out.mp4 --x2
    for stream in a:0 s:0; do
        same "$(packet_sums out.mp4 $stream)" "$(packet_sums "$lotus" $stream)" "packets of $stream"
    done
    same "$(entry out.mp4 s:0 codec_name)" mov_text subtitle
    ;;
mkv)
    printf '1\n00:00:00,100 --> 00:00:00,300\nOne\n\n2\n00:00:00,400 --> 00:00:00,700\nTwo\n' >in.srt
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8 \
        -f lavfi -i sine=880:d=0.8 -i in.srt -map 0 -map 1 -map 2 -map 3 \
        -c:a:0 aac -c:a:1 libopus -c:s srt -metadata:s:a:1 language=fin -metadata:s:s:0 language=swe \
        -metadata title='A title' in.mkv
    works -i in.mkv -o out.mkv --x2
    for stream in a:0 s:0; do
        same "$(packet_sums out.mkv $stream)" "$(packet_sums in.mkv $stream)" "packets of $stream"
    done
    # FFmpeg loses Opus's 6.5 ms of padding on the way, here as in `-c copy`.
    same "$(packet_sums out.mkv a:1 | cut -d, -f4-)" "$(packet_sums in.mkv a:1 | cut -d, -f4-)" \
        'packets of a:1'
    same "$(entry out.mkv a:1 codec_name)" opus codec
    same "$(ffprobe -v error -show_entries stream_tags=language:format_tags=title -of csv=p=0 out.mkv)" \
        "$(ffprobe -v error -show_entries stream_tags=language:format_tags=title -of csv=p=0 in.mkv)" tags
    ;;
left-out)
    works -i "$lotus" -o out.mp4 --x2 --no-audio
    same "$(entry out.mp4 '' codec_type | tr '\n' ' ')" 'video subtitle ' streams
    works -i "$lotus" -o out.mp4 -y --x2 --no-subs
    same "$(entry out.mp4 '' codec_type | tr '\n' ' ')" 'video audio ' streams
    ;;
cannot-hold)
    # MP4's subtitles do not fit into Matroska: said, and the rest is done.
    works -i "$lotus" -o out.mkv --x2
    says 'warning: .*subtitle.*mov_text'
    same "$(entry out.mkv '' codec_type | tr '\n' ' ')" 'video audio ' streams
    ;;
offset)
    # Picture and sound that start late, and not together, stay so.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8 \
        -filter_complex '[0:v]setpts=PTS+1.2/TB[v];[1:a]asetpts=PTS+1.0/TB[a]' \
        -map '[v]' -map '[a]' -copyts -c:a flac in.mkv
    same "$(entry in.mkv v:0 start_time)" 1.200000 'the test itself: start'
    works -i in.mkv -o out.mkv --x2
    judge times in.mkv out.mkv 2
    same "$(packet_sums out.mkv a:0)" "$(packet_sums in.mkv a:0)" 'packets of the sound'
    ;;
esac
no_leftovers
