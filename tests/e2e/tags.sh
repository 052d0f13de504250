# Metadata of the file and its streams: titles, chapters, timecode and rotation.
. "$(dirname "$0")/lib.sh"

printf ';FFMETADATA1\ntitle=A title\nartist=Somebody\ncomment=Words\ngenre=Test\ndate=2020-01-02\n%s' \
    '[CHAPTER]
TIMEBASE=1/1000
START=0
END=320
title=Begin
[CHAPTER]
TIMEBASE=1/1000
START=320
END=480
title=Middle
[CHAPTER]
TIMEBASE=1/1000
START=480
END=800
title=End
' >meta.txt

# clip FILE [options]: makes 0.8 s with these tags and chapters.
clip() {
    to=$1
    shift
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -f lavfi -i sine=440:d=0.8 -i meta.txt \
        -map 0 -map 1 -map_metadata 2 -map_chapters 2 -c:a aac "$@" "$to"
}

chapters() {
    ffprobe -v error -show_entries chapter=start_time,end_time:chapter_tags=title -of csv=p=0 "$1"
}

file_tags() {
    ffprobe -v error -show_entries format_tags="${2:-title,artist,comment,genre,date}" \
        -of default=nw=1 "$1" | tr '[:upper:]' '[:lower:]' | sort
}

stream_tag() {
    ffprobe -v error -select_streams "$2" -show_entries stream_tags="$3" -of csv=p=0 "$1" | head -n 1
}

case $1 in
file)
    clip in.mkv -metadata:s:a title=Commentary -metadata:s:v BPS=12345
    for out in out.mkv out.mp4 out.mov; do
        works -i in.mkv -o $out --x2
        same "$(file_tags $out)" "$(file_tags in.mkv)" "tags in $out"
        same "$(chapters $out)" "$(chapters in.mkv)" "chapters in $out"
        ! warned || fail 'a warning, though nothing is lost'
    done
    works -i in.mkv -o out2.mkv --x2 --no-metadata
    same "$(file_tags out2.mkv)" '' 'tags that are not wanted'
    same "$(chapters out2.mkv)" "$(chapters in.mkv)" chapters
    # FFmpeg's statistics of the input's video are wrong for the output's.
    same "$(stream_tag in.mkv v:0 BPS)" 12345 'the test itself: statistics'
    same "$(stream_tag out.mkv v:0 BPS,ENCODER)" '' 'tags of the old picture'
    same "$(stream_tag out.mkv a:0 title)" Commentary 'title of the sound'
    ;;
phone)
    # MP4 keeps any tag if the input had it in MP4's form.
    clip in.mov -metadata com.apple.quicktime.make=Maker -metadata com.apple.quicktime.model=One \
        -movflags use_metadata_tags
    keys=com.apple.quicktime.make,com.apple.quicktime.model,title
    for out in out.mov out.mp4; do
        works -i in.mov -o $out --x2
        same "$(file_tags $out $keys)" "$(file_tags in.mov $keys)" "tags in $out"
    done
    ;;
chapters)
    clip in.mp4
    works -i in.mp4 -o out.mkv --x2
    same "$(chapters out.mkv)" "$(chapters in.mp4)" 'chapters'
    same "$(entry out.mkv '' codec_type | tr '\n' ' ')" 'video audio ' 'streams'
    ! warned || fail 'a warning, though nothing is lost'
    works -i in.mp4 -o again.mp4 --x2
    same "$(chapters again.mp4)" "$(chapters in.mp4)" 'chapters'
    works -i in.mp4 -o none.mp4 --x2 --no-chapters
    same "$(chapters none.mp4)" '' 'chapters that are not wanted'
    works -i in.mp4 -o out.avi --x2
    says 'warning: 3 chapters are left out: avi cannot.*\.mkv'
    ;;
part)
    clip in.mkv -c:a flac
    works -i in.mkv -o out.mkv --x2 --ss 0.4 --to 0.72
    same "$(chapters out.mkv)" '0.000000,0.080000,Middle
0.080000,0.320000,End' 'chapters of the part'
    works -i in.mkv -o out.mp4 --x2 --ss 0.4 --to 0.72
    same "$(chapters out.mp4)" "$(chapters out.mkv)" 'chapters of the part in MP4'
    works -i in.mkv -o end.mkv --x2 --ss 0.48
    same "$(chapters end.mkv)" '0.000000,0.320000,End' 'a part that begins with a chapter'
    works -i in.mkv -o begin.mkv --x2 --to 0.32
    same "$(chapters begin.mkv)" '0.000000,0.320000,Begin' 'a part that ends with a chapter'
    works -i in.mkv -o slow.mkv --x2 --slowmo --ss 0.4 --to 0.72
    same "$(chapters slow.mkv)" '0.000000,0.160000,Middle
0.160000,0.640000,End' 'chapters of a part in slow motion'
    # FFmpeg 7 also reports sound that only prepares the decoder before 0, and such a part
    # begins before 0 as well.
    clip early.mkv
    works -i early.mkv -o out2.mkv --x2 --ss 0.4 --to 0.72
    same "$(chapters out2.mkv | sed 's/.*,//' | tr '\n' ' ')" 'Middle End ' 'chapters after early sound'
    chapters out2.mkv | grep -q '^0\.000000,0\.080000,' || fail "$(chapters out2.mkv)"
    ;;
unsorted)
    # Matroska and MP4 lose a chapter that begins before the chapter written before it.
    clip plain.mkv
    for times in 500,700 0,300 200,500; do
        printf '[CHAPTER]\nTIMEBASE=1/1000\nSTART=%s\nEND=%s\n' ${times%,*} ${times#*,}
    done | { echo ';FFMETADATA1'; cat; } >odd.txt
    quiet_ffmpeg -i plain.mkv -i odd.txt -map 0 -map_chapters 1 -c copy in.nut
    starts() {
        ffprobe -v error -show_entries chapter=start_time -of csv=p=0 "$1" | tr -d , | tr '\n' ' '
    }
    same "$(starts in.nut)" '0.500000 0.000000 0.200000 ' 'the test itself: order'
    # The output begins at zero, this clip does not, and its chapters move as well.
    begin=$(ffprobe -v error -show_entries format=start_time -of csv=p=0 in.nut)
    expected=$(python3 -c "print(*('%.3f000' % max(0, t - $begin) for t in (0, .2, .5)), '')")
    for out in out.mkv out.mp4; do
        works -i in.nut -o $out --x2
        same "$(starts $out)" "$expected" "chapters in $out"
    done
    ;;
slow)
    clip in.mkv
    works -i in.mkv -o out.mkv --x2 --slowmo
    same "$(chapters out.mkv)" '0.000000,0.640000,Begin
0.640000,0.960000,Middle
0.960000,1.600000,End' 'chapters, as slow as the picture'
    says 'warning: slow motion: audio'
    same "$(entry out.mkv '' codec_type)" video streams
    ;;
timecode)
    # The last field counts frames, and the output has more of them.
    clip in.mov -timecode 01:02:03:12
    same "$(stream_tag in.mov v:0 timecode)" 01:02:03:12 'the test itself: timecode'
    works -i in.mov -o out.mov --x2
    same "$(stream_tag out.mov v:0 timecode)" 01:02:03:24 'at twice the rate'
    ! warned || fail 'a warning, though nothing is lost'
    works -i in.mov -o out.mkv --x2 --ss 0.52
    same "$(stream_tag out.mkv v:0 TIMECODE)" 01:02:04:00 'later by 13 of 25 frames'
    works -i in.mov -o out3.mov --x3
    intact out3.mov
    ;;
turned)
    clip straight.mp4
    python3 "$tests/e2e/craft.py" turned straight.mp4 in.mp4
    same "$(side in.mp4 v:0 rotation)" -90 'the test itself: rotation'
    for out in out.mp4 out.mov; do
        works -i in.mp4 -o $out --x2
        same "$(side $out v:0 rotation)" -90 "rotation in $out"
        same "$(entry $out v:0 width,height)" "$(entry in.mp4 v:0 width,height)" "size in $out"
    done
    # Nothing is lost without a message.
    works -i in.mp4 -o out.mkv --x2
    [ "$(side out.mkv v:0 rotation)" = -90 ] || says 'warning: .*appear sideways; use \.mp4'
    ;;
exif)
    # Images of a camera that was held upright are rotated as the first of them says.
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.16 plain%d.jpg
    for i in 1 2 3 4; do
        python3 "$tests/e2e/craft.py" exif plain$i.jpg turned$i.jpg 6
    done
    works -i turned%d.jpg -o out.mp4 --factor 1
    same "$(side out.mp4 v:0 rotation)" -90 'rotation'
    ! warned || fail 'a warning'
    cp plain3.jpg turned3.jpg
    works -y -i turned%d.jpg -o out.mov --factor 1
    says 'warning: .* frame 2 has another rotation'
    works -i turned%d.jpg -o out%d.png --factor 1
    says 'warning: .*appear sideways'
    ;;
shape)
    # Pixels that are not square, and two pictures in one.
    clip wide.mkv -vf scale=48:48,setsar=4/3
    clip pair.mkv -metadata:s:v stereo_mode=left_right
    for out in out.mkv out.mp4 out.mov; do
        works -y -i wide.mkv -o $out --x2
        same "$(entry $out v:0 sample_aspect_ratio,display_aspect_ratio | tr '\n' ' ')" '4:3 4:3 ' \
            "aspect in $out"
        [ $out != out.mov ] || continue # FFmpeg writes this into MP4 only
        works -y -i pair.mkv -o $out --x2
        same "$(entry $out v:0 sample_aspect_ratio)" "$(entry pair.mkv v:0 sample_aspect_ratio)" \
            "the container's aspect in $out"
        # In MP4, FFmpeg 7.1 loses which half is left, here as with `-c copy`.
        quiet_ffmpeg -i pair.mkv -c copy -strict unofficial copy.${out#*.}
        same "$(side $out v:0 side_data_type,type,inverted)" \
            "$(side copy.${out#*.} v:0 side_data_type,type,inverted)" "stereo in $out"
        [ -n "$(side $out v:0 type)" ] || fail "no stereo in $out"
    done
    ;;
esac
no_leftovers
