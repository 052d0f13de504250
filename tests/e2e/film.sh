# A filmed clip with sound and a subtitle, as a user would run it.
. "$(dirname "$0")/lib.sh"

works -i "$lotus" -o out.mp4 "$@"
same "$(count out.mp4)" 48 frames
judge times "$lotus" out.mp4 2 exact
same "$(entry out.mp4 v:0 r_frame_rate)" 24/1 'frame rate'
same "$(entry out.mp4 '' codec_name)" "$(entry "$lotus" '' codec_name)" streams
grep -aq 'crf=16\.0' out.mp4 || fail 'not encoded with crf 16'
intact out.mp4

# Every second frame is removed and interpolated: the result is closer to the original
# than the mean of its neighbours.
quiet_ffmpeg -i "$lotus" -vf "select='not(mod(n,2))'" -vsync passthrough -c:v ffv1 half.mkv
works -i half.mkv -o whole.mkv --x2 -c:v ffv1 "$@"
judge recovers "$lotus" whole.mkv
