#!/bin/sh
# Power loss on ext4, run by hand: tests/power_loss.sh RIFEC [TRIALS]
#
# Jobs run on a file system in an image. The image is copied while they run, at the moment
# when they end, and some seconds later: a copy contains what had reached the "disk", as
# after a loss of power. e2fsck repairs the copy, and its files are checked. Needs root,
# loop devices, e2fsprogs and ffmpeg; mounts in a namespace of its own.
set -eu

if [ "${POWER_LOSS_INSIDE:-}" != yes ]; then
    exec env POWER_LOSS_INSIDE=yes unshare -m sh "$0" "$@"
fi
mount --make-rprivate /

rifec=$(realpath "$1") trials=${2:-3}
weights=$(dirname "$rifec")/rifec-weights
folder=$(mktemp -d)
trap 'umount "$folder"/disk "$folder"/after 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
mkdir disk after
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=25:d=0.4 short.mkv
ffmpeg -nostdin -v error -f lavfi -i testsrc2=s=64x48:r=25:d=12 long.mkv

losses=0 copies=0

# begin: makes an empty file system that writes its journal every 5 s, the usual interval.
begin() {
    rm -f image
    truncate -s 96M image
    mkfs.ext4 -q image
    mount -o loop image disk
}

# copy NAME: simulates the loss of power.
copy() {
    cp --sparse=always image "$1"
    copies=$((copies + 1))
}

# judge NAME WHEN FILE...: each file in the copy is the same as in `want`; before the end
# of the job (WHEN is "before") it may also be absent, or the same as in `old`.
judge() {
    name=$1 when=$2
    shift 2
    e2fsck -fy "$name" >fsck.out 2>&1 || [ $? -le 1 ] || echo "$name: e2fsck ended with $?"
    mount -o loop "$name" after
    for file in "$@"; do
        if cmp -s "after/$file" "want/$file"; then
            continue
        elif [ "$when" = before ] && { [ ! -e "after/$file" ] || cmp -s "after/$file" "old/$file"; }; then
            continue
        fi
        losses=$((losses + 1))
        size=$(stat -c %s "after/$file" 2>/dev/null || echo no)
        echo "$job, $name: $file has $size bytes instead of $(stat -c %s "want/$file")"
    done
    umount after
    rm "$name"
}

# try FILES COMMAND...: runs a job whose outputs are FILES.
try() {
    files=$1
    shift
    rm -rf want old
    mkdir want old
    for file in $files; do
        mkdir -p "$(dirname "old/$file")" "$(dirname "want/$file")"
        [ ! -e "disk/$file" ] || cp "disk/$file" "old/$file"
    done
    sync -f disk
    (cd disk && exec "$@") </dev/null >out 2>&1 &
    process=$!
    n=0
    while kill -0 $process 2>/dev/null; do
        sleep 0.4
        [ $n -ge 6 ] || copy before$((n += 1))
    done
    status=0
    wait $process || status=$?
    copy end
    [ $status = 0 ] || { echo "$job ended with $status: $(cat out)"; exit 1; }
    sleep 2
    copy later
    sleep 6
    copy last
    for file in $files; do
        cp "disk/$file" "want/$file"
    done
    while [ $n -gt 0 ]; do
        judge before$n before $files
        n=$((n - 1))
    done
    for name in end later last; do
        judge $name after $files
    done
}

# The image from the middle of a job with --resume: the same command continues the job.
try_resume() {
    (cd disk && exec "$rifec" -q -i ../long.mkv -o r.mkv --resume) </dev/null >out 2>&1 &
    process=$!
    until [ "$(ls disk/r.mkv.resume 2>/dev/null | grep -c '^[0-9]*\.segment$')" -ge 1 ] ||
        ! kill -0 $process 2>/dev/null; do
        sleep 0.05
    done
    copy middle
    kill -KILL $process 2>/dev/null || true
    wait $process 2>/dev/null || true
    e2fsck -fy middle >fsck.out 2>&1 || true
    mount -o loop middle after
    (cd after && "$rifec" -i ../long.mkv -o r.mkv --resume) </dev/null >out 2>&1 || {
        losses=$((losses + 1))
        echo "$job: $(cat out)"
    }
    grep -Eq 'kept from an earlier run' out || echo "$job: nothing was kept: $(cat out)"
    umount after
    rm middle
}

trial=0
while [ $trial -lt "$trials" ]; do
    trial=$((trial + 1))
    begin
    job="$trial film"
    try film.mkv "$rifec" -q -i ../short.mkv -o film.mkv
    job="$trial film, -y"
    try film.mkv "$rifec" -q -i ../short.mkv -o film.mkv -y --x3
    job="$trial film and statistics in a new folder"
    try 'new/short.2x.mp4 s.json' "$rifec" -q -i ../short.mkv -o new/ -f mp4 --stats s.json
    job="$trial pictures"
    pictures=$(seq -f p%02g.png 20)
    try "$pictures" "$rifec" -q -i ../short.mkv -o p%02d.png
    job="$trial pictures, -y"
    try "$pictures" "$rifec" -q -i ../short.mkv -o p%02d.png -y --ss 0.04
    job="$trial film with --resume"
    try resumed.mkv "$rifec" -q -i ../long.mkv -o resumed.mkv --resume --x2
    job="$trial weights"
    try w.safetensors "$weights" convert built-in w.safetensors
    job="$trial --resume after the power went"
    try_resume
    umount disk
done
echo "$copies copies of the file system, $losses files lost or damaged"
[ $losses = 0 ]
