#!/bin/sh
# Golden frames: compares runs with an earlier run, and checks the reports.
# Usage: golden.sh CASE
. "$(dirname "$0")/lib.sh"

report() {
    python3 "$tests/e2e/golden.py" "$@" || fail "golden.py $*"
}

# film [FILE [FRAMES [SIZE]]]: makes a few filmed frames that move, at 25 fps.
film() {
    quiet_ffmpeg -i "$lotus" -map 0:v -frames:v ${2:-4} -r 25 \
        -vf "setpts=N/25/TB,scale=${3:-64:48}:flags=area" -c:v ffv1 "${1:-in.mkv}"
}

# Makes a film and its golden folder G.
begin() {
    film
    works -i in.mkv -o first.mkv -c:v ffv1 --golden G --update-golden --golden-frames "$@"
    says 'G/golden.json: made, 8 frames; the frames are stored'
}

case $1 in
missing) # a missing reference never passes, and the reports say so
    film
    fails 9 'G/golden.json: there is no golden manifest; --update-golden creates it' \
        -i in.mkv -o out.mkv --golden G --golden-report r.html --golden-report r.xml \
        --golden-report r.json
    [ ! -e out.mkv ] || fail 'a failing run has its output'
    [ ! -e G ] || fail 'a comparison makes the folder'
    report html r.html 0 >text
    grep -q 'there is no golden manifest' text || fail 'the page does not say why'
    same "$(report junit r.xml)" '1 1'
    same "$(report json r.json passed)" false
    no_leftovers
    ;;
same) # the same again passes, whatever the number of threads
    begin
    for threads in 1 2 3; do
        works -y -i in.mkv -o out.mkv -c:v ffv1 --golden G --threads $threads
        says 'G/golden.json: 8 frames are the golden ones \(exact; 8 identical, 0 within it\)'
        [ -e out.mkv ] || fail 'no output'
    done
    ;;
deterministic) # the plain kernels give the same frames on every machine
    film in.mkv 2 32:32
    works -i in.mkv -f null --deterministic --golden G --update-golden --golden-frames
    works -i in.mkv -f null --deterministic --golden G --golden-tolerance exact
    works -i in.mkv -f null --golden G
    says 'frames are the golden ones \(oneoff=1;'
    fails 2 'deterministic runs on the CPU' -i in.mkv -f null --deterministic --device cuda
    fails 2 'deterministic and --kernels dnn contradict' -i in.mkv -f null --deterministic \
        --kernels dnn
    ;;
different) # differences are measured and shown, and the output does not get its name
    begin
    fails 9 'G/golden.json: 3 of 8 frames differ' -i in.mkv -o out.mkv --scale 0.5 \
        --golden G --golden-report r.html --golden-report r.json --golden-report r.xml
    says 'frame 1 \(between, pts [0-9]*\): PSNR [0-9.]* dB, SSIM 0\.[0-9]*, largest difference [0-9]* \([yuv]\) at [0-9]*,[0-9]*'
    says 'made with other settings'
    [ ! -e out.mkv ] || fail 'a failing run has its output'
    no_leftovers
    # Three frames: golden, new and the difference of each, whole and enlarged.
    report html r.html 18 >text
    grep -q 'Worst frames' text || fail 'the page has no worst frames'
    same "$(report junit r.xml)" '9 4'
    same "$(report json r.json passed)" false
    same "$(report json r.json counts)" \
        '{"same": 5, "within": 0, "different": 3, "missing": 0, "extra": 0}'
    # The figures are equal to those of FFmpeg's filters.
    works -i in.mkv -o scaled.mkv -c:v ffv1 --scale 0.5
    quiet_ffmpeg -i scaled.mkv -i first.mkv -lavfi 'psnr=stats_file=psnr.txt' -f null -
    quiet_ffmpeg -i scaled.mkv -i first.mkv -lavfi 'ssim=stats_file=ssim.txt' -f null -
    python3 - <<'PYTHON' || fail 'other figures than those of FFmpeg'
import json, re
frames = json.load(open('r.json'))['frames']
for name, key, pattern, near in (('psnr.txt', 'psnr_db', r'psnr_avg:(\S+)', .006),
                                 ('ssim.txt', 'ssim', r'All:(\S+)', 2e-6)):
    for frame, line in zip(frames, open(name)):
        theirs = float(re.search(pattern, line)[1])
        if key in frame and frame['status'] == 'different':
            assert abs(frame[key] - theirs) < near, (frame, line)
        else:
            assert theirs in (1.0, float('inf')), line
PYTHON
    ;;
tolerance)
    begin
    for tier in psnr=5 ssim=0.1 maxabs=255 oneoff=255; do
        works -y -i in.mkv -o out.mkv --scale 0.5 --golden G --golden-tolerance $tier
        says "golden ones \\($tier; 5 identical, 3 within it"
    done
    for tier in psnr=99 ssim=0.9999 maxabs=1 oneoff exact; do
        fails 9 '3 of 8 frames differ' -y -i in.mkv -o out.mkv --scale 0.5 --golden G \
            --golden-tolerance $tier
    done
    # The tolerance can be stored in the manifest.
    works -y -i in.mkv -o out.mkv --golden G --update-golden --golden-frames \
        --golden-tolerance psnr=5
    works -y -i in.mkv -o out.mkv --scale 0.5 --golden G
    fails 2 "takes exact, oneoff, .*, not 'psnr'" -i in.mkv -o x.mkv --golden G \
        --golden-tolerance psnr
    ;;
hashes) # without stored frames a difference is found but cannot be measured
    film
    works -i in.mkv -f null --golden G --update-golden
    [ ! -e G/frames.mkv ] || fail 'frames are stored unasked'
    works -i in.mkv -f null --golden G
    fails 9 'frame 1 .* has another hash, and its golden frame is not stored' \
        -i in.mkv -f null --scale 0.5 --golden G --golden-tolerance psnr=5 --golden-report r.html
    report html r.html 3 >text
    grep -q 'not stored' text || fail 'the page does not say so'
    ;;
frames) # one frame more or fewer, or another time, is a difference under every tolerance
    begin
    fails 9 '2 of 8 frames differ .* 2 missing' -i in.mkv -f null --frames 6 --golden G \
        --golden-tolerance psnr=1
    film longer.mkv 5
    fails 9 'extra' -i longer.mkv -f null --golden G --golden-tolerance psnr=1
    says 'frame 8 .* is not in the manifest'
    quiet_ffmpeg -i in.mkv -c copy -bsf:v 'setts=pts=PTS+9*eq(N\,2):dts=PTS+9*eq(N\,2)' late.mkv
    fails 9 'is at pts [0-9]*, not [0-9]*' -i late.mkv -f null --golden G \
        --golden-tolerance psnr=1
    ;;
model) # a manifest of another model fails, and the message names the model
    begin
    sed -i 's/"model_sha256":\t"..../"model_sha256":\t"0000/' G/golden.json
    fails 9 'G/golden.json: made with another model \(SHA-256 0000' -i in.mkv -o out.mkv \
        --golden G
    [ ! -e out.mkv ] || fail 'a failing run has its output'
    film other.mkv 4 48:48
    works -y -i in.mkv -f null --golden G --update-golden
    fails 9 'holds 64x48 yuv.* frames, but this run makes 48x48' -i other.mkv -f null --golden G
    ;;
update) # an update lists the changes; a run that is stopped changes nothing
    begin
    works -i in.mkv -f null --scale 0.5 --golden G --update-golden --golden-frames
    says 'updated, 8 frames: 5 as before, 3 changed, 0 new, 0 gone; the frames are stored'
    says 'old against new frames: PSNR [0-9.]* dB \(lowest [0-9.]*\), SSIM'
    works -i in.mkv -f null --scale 0.5 --golden G
    works -i in.mkv -f null --golden G --update-golden
    [ ! -e G/frames.mkv ] || fail 'frames of another run are kept'
    works -i in.mkv -f null --golden G
    ;;
damaged) # manifests and stored frames are untrusted input
    begin
    cp G/golden.json whole.json
    for cut in 1 100 700; do
        head -c $cut whole.json >G/golden.json
        fails 3 'G/golden.json: this version cannot read the golden manifest' -i in.mkv -f null --golden G
    done
    cp whole.json G/golden.json
    head -c 3000 G/frames.mkv >cut.mkv && mv cut.mkv G/frames.mkv
    works -i in.mkv -f null --golden G # the hashes are the same
    echo '#EXTM3U' >G/frames.mkv
    works -i in.mkv -f null --golden G
    warned || fail 'a file that is none of ours is not mentioned'
    ;;
escape) # a film called <script> appears as text in every report
    film
    name='<script>alert(1)<|script>&"'"'.mkv"
    cp in.mkv "$name"
    mkdir out
    fails 9 'there is no golden manifest' -i "$name" -o "out/$name" --golden "G<b>" \
        --golden-report r.html --golden-report r.xml --golden-report r.json
    report html r.html 0 >text
    grep -qF "<script>alert(1)<|script>&\"'.mkv" text || fail 'the name is not on the page'
    same "$(report junit r.xml)" '1 1'
    report json r.json title >text
    ;;
several) # each input has its own folder and reports
    film
    cp in.mkv 'and other.mkv'
    works in.mkv 'and other.mkv' -o out/ --golden G --update-golden
    [ -e G/in.2x.mkv/golden.json ] && [ -e 'G/and other.2x.mkv/golden.json' ] ||
        fail "folders: $(find G)"
    rm -r out
    works in.mkv 'and other.mkv' -o out/ --golden G --golden-report r.html --framemd5 m.txt
    [ -e r.in.2x.mkv.html ] && [ -e 'm.and other.2x.mkv.txt' ] || fail "$(ls)"
    rm -r out G/in.2x.mkv
    fails 9 'there is no golden manifest' in.mkv 'and other.mkv' -o out/ --golden G --keep-going
    [ ! -e out/in.2x.mkv ] && [ -e 'out/and other.2x.mkv' ] || fail "$(ls out)"
    ;;
framemd5) # --framemd5 has FFmpeg's format and hashes, of the frames that the encoder gets
    film
    works -i in.mkv -o out.mkv -c:v ffv1 --framemd5 ours.txt
    quiet_ffmpeg -i out.mkv -map 0:v -c:v rawvideo -bitexact -f framemd5 theirs.txt
    grep -v '^#' ours.txt | sed 's/.*, //' >ours
    grep -v '^#' theirs.txt | sed 's/.*, //' >theirs
    cmp ours theirs || fail 'other hashes'
    grep '^#' ours.txt | grep -v '^#tb' >ours
    grep '^#' theirs.txt | grep -v '^#tb\|^#software' >theirs
    diff ours theirs || fail 'another head'
    same "$(grep -c '^0,' ours.txt)" 8
    fails 4 'ours.txt: already exists' -i in.mkv -f null --framemd5 ours.txt
    run -q -i in.mkv -f null -c:v ffv1 --framemd5 -
    cmp stdout ours.txt || fail 'other hashes on stdout'
    ;;
refused)
    film
    fails 2 'update-golden needs --golden DIR' -i in.mkv -f null --update-golden
    fails 2 'golden-report needs --golden DIR' -i in.mkv -f null --golden-report r.html
    fails 2 'golden-frames needs --update-golden' -i in.mkv -f null --golden G --golden-frames
    fails 2 'ends in .html, .json or .xml' -i in.mkv -f null --golden G --golden-report r.txt
    fails 2 'resume and --golden contradict' -i in.mkv -o o.mkv --resume --golden G
    fails 2 'framemd5 - and another output would both write to stdout' -i in.mkv -o - --framemd5 -
    echo precious >r.html
    fails 4 'r.html' -i in.mkv -f null --golden G --golden-report r.html
    same "$(cat r.html)" precious
    ;;
*) fail "no case $1" ;;
esac
