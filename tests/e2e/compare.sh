#!/bin/sh
# --compare and --side-by-side.
# Usage: compare.sh CASE
. "$(dirname "$0")/lib.sh"

quiet_ffmpeg -i "$lotus" -map 0:v -frames:v 6 -vf scale=96:54 -c:v ffv1 in.mkv
quiet_ffmpeg -i in.mkv -c:v mpeg4 -q:v 9 lossy.avi

case $1 in
equal)
    run --compare in.mkv in.mkv --max-abs 0 --min-psnr 100 --min-ssim 1
    same $status 0
    same "$(grep -c ': equal$' stdout)" 6
    grep -q '^6 frames: PSNR 100.00 dB .*, largest difference 0$' stdout || fail 'no sum'
    ;;
figures) # are those of FFmpeg's filters
    run --compare in.mkv lossy.avi
    same $status 0
    quiet_ffmpeg -i lossy.avi -i in.mkv -lavfi '[0]settb=1/25,setpts=N[a];[1]settb=1/25,setpts=N[b];[a][b]psnr=stats_file=psnr.txt' -f null -
    sed -n 's/.*psnr_avg:\([^ ]*\).*/\1/p' psnr.txt >theirs
    sed -n 's/^frame .*PSNR \([^ ]*\) dB.*/\1/p' stdout >ours
    diff ours theirs || fail 'other figures'
    run -q --compare in.mkv lossy.avi
    same "$(wc -l <stdout)" 1 'lines with -q'
    ;;
bounds)
    for bound in '--min-psnr 60' '--min-ssim 0.9999' '--max-abs 1'; do
        run --compare in.mkv lossy.avi $bound
        same $status 9 "status with $bound"
        says '6 of 6 frames are beyond the bounds'
    done
    run --compare in.mkv lossy.avi --min-psnr 10 --min-ssim 0.1 --max-abs 254
    same $status 0
    ;;
step) # originals come out of the interpolation as they went in
    works -q -i in.mkv -o out.mkv -c:v ffv1
    run --compare in.mkv out.mkv --step 2 --max-abs 0
    same $status 0
    says 'comparing all frames of in.mkv with one in 2 of out.mkv'
    same "$(grep -c ': equal$' stdout)" 6
    run --compare in.mkv in.mkv --step 2
    says 'comparing one in 2 frames of both videos'
    same "$(grep -c ': equal$' stdout)" 3
    run --compare in.mkv out.mkv
    same $status 9
    says 'in.mkv ends after 6 compared frames, and out.mkv goes on'
    ;;
other) # sizes, formats, damage
    synth other.mkv 0.4 25 64x48 -c:v ffv1
    run --compare in.mkv other.mkv
    same $status 3
    says 'in.mkv is 96x54, but other.mkv is 64x48'
    quiet_ffmpeg -i in.mkv -pix_fmt yuv444p -c:v ffv1 wide.mkv
    run --compare in.mkv wide.mkv --min-psnr 40
    same $status 0
    says 'wide.mkv is yuv444p, converted to yuv420p of in.mkv'
    head -c $(($(wc -c <in.mkv) * 6 / 10)) in.mkv >cut.mkv
    run --compare cut.mkv cut.mkv
    same $status 3
    says 'cut.mkv: is damaged, and not all of it was compared'
    run --compare in.mkv missing.mkv
    same $status 3
    ;;
beside)
    works -q -i in.mkv -o out.mkv --side-by-side both.mp4
    same "$(entry both.mp4 v:0 width,height | tr '\n' ' ')" '192 54 '
    same "$(ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 both.mp4)" 12
    run --compare in.mkv lossy.avi --side-by-side two.mkv
    same $status 0
    same "$(entry two.mkv v:0 width,height | tr '\n' ' ')" '192 54 '
    # Left is left: that half is the source, but for the encoder and the label.
    quiet_ffmpeg -i two.mkv -vf crop=96:24:0:30 -c:v ffv1 left.mkv
    quiet_ffmpeg -i in.mkv -vf crop=96:24:0:30 -c:v ffv1 source.mkv
    run --compare source.mkv left.mkv --min-psnr 30
    same $status 0
    fails 4 'two.mkv: already exists' --compare in.mkv lossy.avi -q --side-by-side two.mkv
    fails 4 'is one of the two videos to compare' --compare in.mkv lossy.avi -y --side-by-side ./in.mkv
    no_leftovers
    ;;
usage)
    fails 2 'takes two videos' --compare in.mkv
    fails 2 'takes two videos' --compare in.mkv in.mkv in.mkv
    fails 2 'writes no video' --compare in.mkv in.mkv -o out.mkv
    fails 2 'min-psnr needs --compare' -i in.mkv -o out.mkv --min-psnr 40
    fails 2 'min-ssim takes a number above 0, up to 1' --compare in.mkv in.mkv --min-ssim 2
    fails 2 'side-by-side needs one input' -i in.mkv -o - --side-by-side two.mkv
    ;;
*) fail "no case $1" ;;
esac
