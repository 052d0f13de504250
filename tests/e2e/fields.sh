# Interlaced frames are never interpolated by accident: they are refused with advice,
# deinterlaced by FFmpeg, or used unchanged if the user says so.
. "$(dirname "$0")/lib.sh"

# woven FILE [encoder options]: makes 0.8 s of 25 interlaced frames per second.
woven() {
    to=$1
    shift
    quiet_ffmpeg -f lavfi -i testsrc2=s=64x48:r=50:d=0.8 \
        -vf format=yuv420p,tinterlace=interleave_top,setfield=tff "$@" "$to"
}
marked='-c:v libx264 -crf 10 -flags +ildct+ilme -x264opts tff=1'

# whole MODE FILTER RATE: the output's originals are equal to FFmpeg's result.
whole() {
    woven in.mkv $marked
    run -i in.mkv -o out.mkv --x2 -c:v ffv1 --deinterlace "$1"
    if grep -q 'built without libavfilter' stderr; then
        same $status 8 'exit status'
        echo 'skipped: no libavfilter'
        exit 77
    fi
    [ $status = 0 ] || fail "exit status $status"
    quiet_ffmpeg -i in.mkv -vf "$2" -c:v ffv1 wanted.mkv
    same "$(frame_sums out.mkv yuv420p | sed -n 'p;n')" "$(frame_sums wanted.mkv yuv420p)" 'whole frames'
    same "$(entry out.mkv v:0 field_order)" progressive 'field order'
    same "$(entry out.mkv v:0 avg_frame_rate)" "$3/1" 'frame rate'
}

# in.ts: ten progressive frames, then interlaced ones.
later() {
    synth a.ts 0.4 25 64x48 -pix_fmt yuv420p -c:v mpeg2video -q:v 2
    woven b.ts -c:v mpeg2video -q:v 2 -flags +ildct+ilme -top 1 -output_ts_offset 0.4
    cat a.ts b.ts >in.ts
}

case $1 in
refused)
    woven in.mkv $marked
    fails 3 'in\.mkv: the video is interlaced.*--deinterlace bwdif.*--deinterlace off' -i in.mkv -o out.mkv
    [ ! -e out.mkv ] || fail 'an output'
    # Only the container says that the video is interlaced.
    woven raw.mov -c:v prores_ks -flags +ildct
    same "$(entry raw.mov v:0 field_order)" tb 'the test itself: field order'
    fails 3 'raw\.mov: the video is interlaced' -i raw.mov -o out.mkv
    ;;
bwdif)
    whole bwdif bwdif=mode=send_frame:deint=interlaced 50
    ;;
yadif)
    whole yadif yadif=mode=send_frame:deint=interlaced 50
    ;;
bob)
    whole bob bwdif=mode=send_field:deint=interlaced 100
    judge json - 'len(frames) == 80 and frames[1]["best_effort_timestamp_time"] == "0.010000"' <<END
$(ffprobe -v error -show_entries frame=best_effort_timestamp_time -of json out.mkv)
END
    ;;
off)
    # Used unchanged, they are still marked as interlaced, in the frames and in the file.
    fields() {
        ffprobe -v error -select_streams v:0 -show_entries frame=interlaced_frame,top_field_first \
            -of csv=p=0 "$1" | cut -d, -f1,2 | grep . | sort -u
    }
    woven in.mkv $marked
    same "$(fields in.mkv)" 1,1 'the test itself: fields'
    works -i in.mkv -o out.mkv --x2 -c:v ffv1 --deinterlace off
    same "$(frame_sums out.mkv yuv420p | sed -n 'p;n')" "$(frame_sums in.mkv yuv420p)" 'frames as they are'
    same "$(entry out.mkv v:0 field_order)" tt 'field order'
    for out in out.mp4 out.ts; do
        works -i in.mkv -o $out --x2 --deinterlace off
        same "$(fields $out)" 1,1 "fields in $out"
        same "$(entry $out v:0 field_order | head -n 1)" tt "field order in $out"
    done
    ;;
unmarked)
    # An explicit --deinterlace is reported; progressive video needs none.
    synth in.mkv 0.4
    works -i in.mkv -o out.mkv --x2
    ! grep -q interlaced stderr || fail 'a word on fields'
    run -i in.mkv -o out.mkv -y --x2 --deinterlace bwdif
    [ $status = 8 ] || says 'warning: in\.mkv: the video is not marked as interlaced'
    ;;
later)
    # If interlaced frames appear too late to be refused, there is at least a warning.
    later
    run -i in.ts -o out.mkv --x2 # the frame at the joint may not decode: 0 or 3
    says 'warning: in\.ts: the video is interlaced from frame [0-9]+ on.*--deinterlace auto'
    ;;
auto)
    # In a batch of mixed files, progressive frames pass bit by bit and without a message,
    # ...
    synth in.mkv 0.4
    works -i in.mkv -o plain.mkv --x2 -c:v ffv1 --deinterlace auto
    same "$(frame_sums plain.mkv yuv420p | sed -n 'p;n')" "$(frame_sums in.mkv yuv420p)" 'whole frames'
    ! grep -q interlaced stderr || fail 'a word on fields'
    # ... interlaced ones are deinterlaced as with bwdif, from the first one on.
    whole auto bwdif=mode=send_frame:deint=interlaced 50
    later
    run -i in.ts -o taken.mkv --x2 -c:v ffv1
    from=$(sed -n 's/.* interlaced from frame \([0-9]*\) on.*/\1/p' stderr)
    run -i in.ts -o made.mkv --x2 -c:v ffv1 --deinterlace auto
    ! grep -q interlaced stderr || fail 'a word on fields'
    for out in taken made; do
        frame_sums $out.mkv yuv420p | sed -n 'p;n' >$out
    done
    same "$(wc -l <made)" "$(wc -l <taken)" 'originals'
    same "$(head -n "$from" made)" "$(head -n "$from" taken)" 'frames before the first of two fields'
    ! tail -n +$((from + 1)) made | grep -qFf taken || fail 'frames of two fields are left as they were'
    ;;
film)
    clip=$(eval_clip e14_interlaced_tff_720x480.mkv)
    fails 3 'is interlaced' -i "$clip" -o out.mp4
    run -i "$clip" -o out.mp4 --deinterlace bwdif --frames 4 --preset ultrafast
    [ $status = 8 ] && exit 77
    same "$status" 0 'exit status'
    same "$(entry out.mp4 v:0 sample_aspect_ratio)" 32:27 'aspect'
    ;;
esac
no_leftovers
