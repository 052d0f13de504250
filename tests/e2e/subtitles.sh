# Text subtitles that the container cannot hold are converted; words and times stay.
# Subtitles that are images are copied.
. "$(dirname "$0")/lib.sh"

printf '1\n00:00:00,100 --> 00:00:00,300\nOne <i>slanted</i>\n\n2\n00:00:00,400 --> 00:00:00,700\nTwo\nlines\n' >in.srt

# clip CODEC FILE: makes a video with these subtitles, in Finnish.
clip() {
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -i in.srt -map 0 -map 1 \
        -c:s "$1" -metadata:s:s language=fin -disposition:s forced "$2"
}

# Prints texts and times, whatever the codec: as SubRip, to the hundredth.
texts() {
    ffmpeg -nostdin -v error -i "$1" -map 0:s:0 -f srt - | tr -d '\r' | sed -E 's/(,[0-9]{2})[0-9]/\1/g'
}

# becomes IN OUT CODEC
becomes() {
    works -i "$1" -o "$2" --x2
    same "$(entry "$2" s:0 codec_name)" "$3" "subtitles in $2"
    same "$(texts "$2")" "$(texts "$1")" "texts of $1 in $2"
    same "$(ffprobe -v error -select_streams s -show_entries stream_tags=language -of csv=p=0 "$2")" fin language
    says "stream 1 \(subtitle, .*, fin\) is converted to $3, for"
    ! warned || fail 'a warning, though nothing is lost'
}

case $1 in
mp4)
    clip subrip in.mkv
    becomes in.mkv out.mp4 mov_text
    same "$(ffprobe -v error -select_streams s -show_entries stream_disposition=forced -of csv=p=0 out.mp4)" 1 forced
    becomes in.mkv out.mov mov_text
    clip ass ass.mkv
    becomes ass.mkv out2.mp4 mov_text
    clip webvtt webvtt.mkv
    becomes webvtt.mkv out3.mp4 mov_text
    ;;
mkv)
    clip mov_text in.mp4
    becomes in.mp4 out.mkv subrip
    ;;
webm)
    clip subrip in.mkv
    becomes in.mkv out.webm webvtt
    clip mov_text in.mp4
    becomes in.mp4 out2.webm webvtt
    ;;
bitmap)
    python3 "$tests/e2e/craft.py" bitmap in.sup
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=25:d=0.8 -i in.sup -map 0 -map 1 -c:s copy in.mkv
    works -i in.mkv -o out.mp4 --x2
    says 'warning: stream 1 \(subtitle, hdmv_pgs_subtitle\) .*mp4 cannot.*\.mkv'
    same "$(entry out.mp4 '' codec_type)" video streams
    works -i in.mkv -o out.mkv --x2
    same "$(packet_sums out.mkv s:0)" "$(packet_sums in.mkv s:0)" 'packets of the pictures'
    ;;
unreadable)
    # Latin-1 instead of UTF-8: the subtitles are counted, status 3, and the rest is
    # complete.
    printf '1\n00:00:00,100 --> 00:00:00,200\nabc\n\n2\n00:00:00,400 --> 00:00:00,700\nxyz\n' >in.srt
    clip subrip good.mkv
    sed 's/xyz/x\xe4z/' good.mkv >in.mkv
    fails 3 'warning: stream 1 \(subtitle, subrip, fin\): 1 unreadable text was dropped' -i in.mkv -o out.mp4 --x2
    texts out.mp4 | grep -q abc || fail 'the good text is missing'
    ;;
part)
    # Subtitles are moved and cut together with the picture.
    clip subrip in.mkv
    works -i in.mkv -o out.mp4 --x2 --ss 0.2 --to 0.6
    same "$(texts out.mp4 | sed '/^$/d')" '1
00:00:00,00 --> 00:00:00,10
One <i>slanted</i>
2
00:00:00,20 --> 00:00:00,40
Two
lines' 'the texts of the part'
    ;;
film)
    # Real subtitles, from and to both kinds.
    clip=$(eval_clip e13_bbb_audio_subs.mkv)
    works -i "$clip" -o out.mp4 --factor 1 --preset ultrafast
    same "$(texts out.mp4)" "$(texts "$clip")" texts
    same "$(entry out.mp4 '' codec_name | tr '\n' ' ')" 'h264 aac mov_text ' streams
    ;;
esac
no_leftovers
