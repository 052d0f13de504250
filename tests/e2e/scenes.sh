# Cuts and repeated frames, in clips made for this test.
. "$(dirname "$0")/lib.sh"

# part NAME FILTER: makes twelve frames at 12 per second.
part() {
    quiet_ffmpeg -f lavfi -i "$2" -frames:v 12 -c:v ffv1 "$1.mkv"
}

# Four scenes of twelve frames: filmed, drawn, noise in motion, filmed again.
joined() {
    quiet_ffmpeg -i "$lotus" -an -sn -vf scale=160:96,format=yuv420p -frames:v 12 -c:v ffv1 0.mkv
    part 1 'testsrc2=s=160x96:r=12,format=yuv420p'
    part 2 'mandelbrot=s=160x96:r=12:start_scale=2,format=yuv420p'
    part 3 'gradients=s=160x96:r=12:speed=0.02:c0=red:c1=blue:n=4:seed=3,format=yuv420p'
    printf "file '%s.mkv'\n" 0 1 2 3 >list
    quiet_ffmpeg -f concat -i list -c copy joined.mkv
}

case $1 in
found)
    joined
    works -v -i joined.mkv -o out.mkv --x2 -c:v ffv1 --stats stats.json
    for cut in 1 2 3; do
        says "cut at $cut\.000 s"
    done
    judge json stats.json 'len(cuts) == 3' \
        'all(abs(a - b) < 0.002 for a, b in zip(cuts, (1, 2, 3)))' \
        'input["frames"] == 48' 'output["frames_planned"] == output["frames_written"] == 96'
    # No frame mixes two scenes: at a cut the earlier frame is repeated.
    for cut in 12 24 36; do
        frame_sums out.mkv yuv420p >sums
        same "$(sed -n "$((2 * cut))p" sums)" "$(sed -n "$((2 * cut - 1))p" sums)" 'at a cut'
    done
    ;;
off)
    joined
    works -i joined.mkv -o out.mkv --x2 -c:v ffv1 --scene off --stats stats.json
    judge json stats.json 'cuts == []' 'output["frames_synthesized"] == 47'
    # A threshold that no score reaches gives the same; a very low one finds cuts in
    # motion.
    works -i joined.mkv -f null --x2 --scene-threshold 1 --stats stats.json
    judge json stats.json 'cuts == []'
    works -i joined.mkv -f null --x2 --scene-threshold 0.001 --stats stats.json
    judge json stats.json 'len(cuts) > 3'
    ;;
list)
    joined
    printf '# of the second scene only\n0:02\n' >cuts.txt
    works -i joined.mkv -o out.mkv --x2 -c:v ffv1 --scene-list cuts.txt --stats stats.json
    judge json stats.json 'cuts == [2]' 'output["frames_synthesized"] == 46'
    fails 3 'list:1' -i joined.mkv -o no.mkv --scene-list list
    ;;
split)
    joined
    works -i joined.mkv -o out.mkv --x4 -c:v ffv1 --on-cut split
    frame_sums out.mkv yuv420p >sums
    # Frames 44..48 around the first cut: 44 original, 45 like it, 46 and 47 like 48.
    same "$(sed -n 46p sums)" "$(sed -n 45p sums)" 'before half way'
    same "$(sed -n 47p sums)" "$(sed -n 49p sums)" 'at half way'
    same "$(sed -n 48p sums)" "$(sed -n 49p sums)" 'after half way'
    ;;
blend)
    # Black to white is a cut if the list says so; otherwise gray is between them.
    quiet_ffmpeg -f lavfi -i color=black:s=64x48:r=4:d=0.25 -vf format=gray -c:v ffv1 0.mkv
    quiet_ffmpeg -f lavfi -i color=white:s=64x48:r=4:d=0.25 -vf format=gray -c:v ffv1 1.mkv
    printf "file '%s.mkv'\n" 0 1 >list
    quiet_ffmpeg -f concat -i list -c copy two.mkv
    echo 0.25 >cuts.txt
    works -i two.mkv -o out.mkv --x4 -c:v ffv1 --scene-list cuts.txt --on-cut blend
    quiet_ffmpeg -i out.mkv -vf scale=1:1 -vsync passthrough -f rawvideo -pix_fmt gray raw
    python3 - <<'END' || fail 'the mix'
levels = open("raw", "rb").read()
low, high = levels[0], levels[4]
want = [low, low + (high - low) / 4, (low + high) / 2, high - (high - low) / 4]
assert all(abs(a - b) <= 1 for a, b in zip(levels, want)), (levels, want)
END
    ;;
smooth)
    # Animation on twos shows every drawing twice. With smooth, each frame differs from
    # the one before it; with hold, every second frame does not.
    quiet_ffmpeg -i "$lotus" -an -sn -vf 'scale=160:96,format=yuv420p,setpts=2*PTS' \
        -frames:v 8 -r 6 -c:v ffv1 slow.mkv
    quiet_ffmpeg -i slow.mkv -r 12 -vsync cfr -c:v ffv1 twos.mkv
    works -i twos.mkv -o held.mkv --x2 -c:v ffv1 --stats held.json
    works -i twos.mkv -o out.mkv --x2 -c:v ffv1 --dedup smooth --stats out.json
    n=$(count twos.mkv)
    same "$(count out.mkv)" $((2 * n)) frames
    judge json held.json "input['duplicates'] == $((n / 2))" \
        "output['frames_synthesized'] == $((n / 2 - 1))"
    # Between a drawing and its repetition there is the same drawing. With --dedup off the
    # network interpolates the two: the result is sometimes the same, but not always.
    works -i twos.mkv -o off.mkv --x2 -c:v ffv1 --dedup off --stats off.json
    judge json off.json "output['frames_synthesized'] == $((n - 1))"
    for out in held off; do
        frame_sums $out.mkv yuv420p | awk 'NR % 4 == 1 { a = $0 } NR % 4 == 2 { n += a == $0 }
            NR % 4 == 3 && a != $0 { print "a drawing is lost" } END { print n + 0 }' >$out
    done
    same "$(cat held)" $((n / 2)) 'drawings between drawings'
    [ "$(cat off)" -lt $((n / 2)) ] || fail 'the network makes nothing with --dedup off'
    judge json out.json "input['duplicates'] == $((n / 2))" \
        'output["frames_held"] <= 3' 'output["frames_planned"] == output["frames_written"]'
    frame_sums out.mkv yuv420p | head -n $((2 * n - 4)) | uniq -d >repeated
    [ ! -s repeated ] || fail 'frames repeat in smooth motion'
    ;;
*)
    fail "no case $1"
    ;;
esac
