# Injects faults into a small job, one in each run (inject.c): the process never crashes,
# names what failed, and leaves neither an output nor a .part file.
. "$(dirname "$0")/../e2e/lib.sh"

# Four small frames with sound, a title and a chapter.
quiet_ffmpeg -i "$lotus" -map 0:v:0 -map 0:a:0 -frames:v 4 -t 0.3 -vf scale=64:36 \
    -c:v libx264 -preset ultrafast -c:a copy -metadata title=tiny tiny.mp4
job='-i tiny.mp4 -o out.mkv --x2 --preset ultrafast --device cpu --stats stats.json'

# Prepares the folder for each run, next to the inputs.
prepare() {
    rm -f out.mkv
}

# with KIND N: runs the job with that fault; the log of inject.c is in faults.
with() {
    rm -f faults
    prepare
    ran="INJECT='$*' rifec $job"
    status=0
    timeout 100 env INJECT="$*" INJECT_LOG=faults LD_PRELOAD="$INJECT_SO" "$RIFEC" \
        ${RIFEC_FLAGS:-} $job </dev/null >stdout 2>stderr || status=$?
}

# Two frames and the plain kernels: a job that takes a fifth of a second.
use_tiny_job() {
    quiet_ffmpeg -i tiny.mp4 -frames:v 2 -t 0.17 -vf scale=32:32 -c:v libx264 \
        -preset ultrafast -c:a copy two.mp4
    job="-y -i two.mp4 -o out.mkv --x2 --preset ultrafast --device cpu --kernels c"
    job="$job --stats stats.json"
}

# numbers KIND TIMES STEP: prints the numbers of the first TIMES calls from each place in
# the program, and of these every STEPth. CUDA's runtime, which is linked statically, is
# not our code; it may continue without memory.
numbers() {
    count_calls "$1"
    sed -n 's/^[0-9]* 0x/0x/p' faults | sort -u >places
    addr2line -f -e "$RIFEC" <places | sed -n 'p;n' | paste -d ' ' places - >named
    awk -v times="$2" -v step="$3" '
        NR == FNR { theirs[$1] = $2 ~ /^libcudart/; next }
        $2 ~ /^0x/ && !theirs[$2] && n[$2]++ < times && ++i % step == 0 { print $1 }' \
        named faults >numbers
    [ -s numbers ] || fail "the test itself: no call of $1 to try"
}

# each KIND STATUS PATTERN: injects these faults, one in each run. A failure after the
# output has its name (in its statistics) leaves a complete film.
each() {
    while read -r n; do
        rm -f stats.json
        with "$1" "$n"
        [ $status = "$2" ] || fail "exit status $status instead of $2"
        says "$3"
        no_leftovers
        [ ! -e out.mkv ] || same "$(count out.mkv)" 4 frames
    done <numbers
}
no_memory='out of memory|no memory|cannot allocate'

# The jobs below use rifec with an engine that only copies, which takes a tenth of the
# time. NAME.mkv has N frames and sound.
copying() {
    RIFEC=$COPYING
    quiet_ffmpeg -f lavfi -i testsrc2=s=16x16:r=25 -f lavfi -i sine -c:v ffv1 \
        -c:a pcm_s16le -t "$(awk "BEGIN { print $2 / 25 }")" "$1.mkv"
}

nothing_unfinished() {
    left=$(find . -name '*.part*')
    [ -z "$left" ] || fail "left behind: $left"
}

# each_kind FILE FRAMES: each fault of each kind ends the job with its status and a
# message, and leaves nothing unfinished; the same command then does the whole job (tried
# after every third fault).
each_kind() {
    tried=0
    while read -r kind code pattern; do
        [ "$kind" = alloc ] && times=1 || times=9
        numbers "$kind" $times 1
        while read -r n; do
            with "$kind" "$n"
            grep -q "^$n 0x" faults || continue # threads made fewer calls this time
            tried=$((tried + 1))
            [ $status = "$code" ] || fail "exit status $status instead of $code"
            says "$pattern"
            nothing_unfinished
            [ $((n % 3)) = 0 ] || continue
            works $job
            same "$(count "$1")" "$2" frames
            nothing_unfinished
        done <numbers
    done <<EOF
alloc 7 $no_memory
write 4 cannot (write|rename)
sync 4 cannot (write|rename)
rename 4 cannot (write|rename)
EOF
    [ $tried -ge 60 ] || fail "the test itself: only $tried faults"
    echo "$tried faults"
}

# Prints the number of calls of a kind that the job makes.
count_calls() {
    with "$1" 0
    same $status 0 'the test itself: without a fault'
    calls=$(sed -n "s/^$1 //p" faults)
    [ "${calls:-0}" -gt 0 ] || fail "the test itself: no call of $1"
}

# ended STATUS PATTERN: the job ended with this status and message, and left nothing.
ended() {
    [ $status = "$1" ] || fail "exit status $status instead of $1"
    says "$2"
    [ ! -e out.mkv ] || fail 'an output'
    no_leftovers
}

case $1 in
alloc)
    use_tiny_job
    numbers alloc 1 16
    each alloc 7 "$no_memory"
    ;;
alloc-all)
    use_tiny_job
    numbers alloc 3 1
    each alloc 7 "$no_memory"
    ;;
pictures-all)
    use_tiny_job
    job='-y -i two.mp4 -o out/ -f png --x2 --device cpu --kernels c'
    numbers alloc 1 1
    each alloc 7 "$no_memory"
    ;;
slowed-all)
    use_tiny_job
    job="$job --slowmo --slowmo-audio"
    numbers alloc 1 1
    each alloc 7 "$no_memory"
    ;;
files | files-all)
    use_tiny_job
    [ "$1" = files ] && step=2 || step=1
    for kind in write sync rename; do
        numbers $kind 9 $step
        each $kind 4 'cannot (write|rename)'
    done
    ;;
thread | thread-all)
    # rifec starts threads to count how many there is room for; these may fail. The
    # threads of the stages may not.
    use_tiny_job
    [ "$1" = thread ] && times=3 || times=99
    numbers thread $times 1
    failed=0
    while read -r n; do
        with thread "$n"
        no_leftovers
        if [ $status = 0 ]; then
            same "$(count out.mkv)" 4 frames
        else
            ended 7 'thread'
            failed=$((failed + 1))
        fi
    done <numbers
    [ $failed -ge 3 ] || fail "only $failed threads were missed"
    ;;
resumed-all)
    # A run that continues another, which stopped because its output had no name yet.
    copying in 124
    job='-y -i in.mkv -o out.mkv --x2 -c:v ffv1 --resume'
    count_calls rename
    with rename "$calls"
    [ -e out.mkv.resume/000000.segment ] || fail 'the test itself: no segment is kept'
    mv out.mkv.resume kept
    prepare() {
        rm -rf out.mkv out.mkv.resume
        cp -a kept out.mkv.resume
    }
    each_kind out.mkv 248
    ;;
golden-all)
    # A run that is compared with golden frames and writes reports.
    copying in 4
    job='-y -i in.mkv -o out.mkv --x2 -c:v ffv1 --golden G'
    works $job --update-golden --golden-frames
    job="$job --golden-report r.html --golden-report r.json --golden-report r.xml"
    each_kind out.mkv 8
    ;;
golden-made-all)
    copying in 4
    job='-y -i in.mkv -o out.mkv --x2 -c:v ffv1 --golden G --update-golden --golden-frames'
    prepare() {
        rm -rf out.mkv G
    }
    each_kind out.mkv 8
    ;;
batch)
    # The allocations of a batch before its first film.
    copying a 3
    cp a.mkv b.mkv
    job='-y -i a.mkv -i b.mkv -o out/ --x2 -c:v ffv1'
    numbers alloc 1 1
    head -n 16 numbers >first
    mv first numbers
    each alloc 7 "$no_memory"
    ;;
batch-all)
    copying a 3
    copying b 3
    job='-y -i a.mkv -i b.mkv -o out/ --x2 -c:v ffv1 --stats stats.json'
    prepare() {
        rm -rf out
    }
    each_kind out/b.2x.mkv 6
    ;;
limit)
    # A limit on the number of threads: a job with few threads is slower; with too few, it
    # ends with a message before it begins.
    for codec in libx264 libx265; do
        needs_encoder $codec
        for threads in 0 6; do
            job="$job -c:v $codec" with limit $threads
            ended 7 'threads can be started'
        done
        job="$job -c:v $codec" with limit 8
        [ $status = 0 ] || fail "exit status $status"
        says 'warning: .*only [0-9]* more threads can be started'
        same "$(count out.mkv)" 8 frames
    done
    ;;
esac
