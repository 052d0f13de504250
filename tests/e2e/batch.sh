# Several inputs: the names of their outputs, a failure among them, and the reports.
. "$(dirname "$0")/lib.sh"

mkdir in
synth in/a.mkv 0.12
synth in/b.mp4 0.12
cp in/a.mkv 'in/c d.mkv'

case $1 in
names)
    works in/a.mkv -i in/b.mp4 'in/c d.mkv' -o out/
    same "$(ls out | tr '\n' '|')" 'a.2x.mkv|b.2x.mp4|c d.2x.mkv|' names
    for file in out/*; do
        same "$(count "$file")" 6 "frames of $file"
    done
    same "$(grep -c '^rifec: out/.*: 6 frames' stderr)" 3 'lines of files'
    says '3 files: 3 done$'
    # A folder that exists, a single input, a rate, another container.
    works -i in/a.mkv -o out -r 60 -f mp4
    [ -e out/a.60fps.mp4 ] || fail 'no out/a.60fps.mp4'
    ! grep -q files: stderr || fail 'one file is no list'
    works in/* -o . --name-template '{n}-{stem}-{factor}{ext}' --factor 3/2
    same "$(ls -d [0-9]* | tr '\n' '|')" '1-a-3-2.mkv|2-b-3-2.mp4|3-c d-3-2.mkv|' names
    # Each input gets a folder of images; a single input writes into the folder itself.
    works in/a.mkv in/b.mp4 -o p/ -f png
    same "$(ls p | tr '\n' ' ')" 'a.2x b.2x ' folders
    same "$(ls p/a.2x | wc -l)" 6 pictures
    works p/* -o q/
    same "$(ls q/a.2x.2x | wc -l)" 12 pictures
    works -i p/a.2x -o r/
    same "$(ls r | wc -l)" 12 pictures
    works p/a.2x p/b.2x -o s/ -f mkv
    same "$(ls s | tr '\n' ' ')" 'a.2x.2x.mkv b.2x.2x.mkv ' films
    ;;
refused)
    fails 2 "2 inputs \\('in/a.mkv', 'in/b.mp4'\\) but one output, 'out.mkv'.* -o out/" in/a.mkv in/b.mp4 -o out.mkv
    fails 2 'folder' in/a.mkv -o out.mkv --name-template x
    fails 2 'both become out/a.2x.mkv.*\{n\}' in/a.mkv ./in/a.mkv -o out/
    fails 2 '\{what\} is none of' in/a.mkv -o out/ --name-template '{what}'
    fails 2 'both become in/x.mkv' in/a.mkv 'in/c d.mkv' -o in --name-template 'x{ext}'
    cp in/a.mkv in/z.a.mkv
    fails 4 'in/z.a.mkv: is the input itself' in/z.a.mkv in/a.mkv -o in -y --name-template 'z.{stem}{ext}'
    fails 4 'out/: cannot create' in/a.mkv -o no/such/out/
    [ ! -e out ] || fail 'a folder for nothing'
    ;;
failure)
    # The batch ends at the first failure, or goes on; the exit status is the worst one.
    seq 1 500 >in/bad.mkv
    fails 3 'bad.mkv: ' in/a.mkv in/bad.mkv in/b.mp4 -o out/
    says '3 files: 1 done, 1 failed, 1 not started'
    same "$(ls out)" a.2x.mkv files
    fails 4 'a.2x.mkv: already exists' -k in/bad.mkv in/a.mkv in/none.mkv in/b.mp4 -o out/ \
        --stats stats.json
    says '4 files: 1 done, 3 failed'
    same "$(count out/b.2x.mp4)" 6 frames
    # There is one line of JSON for each input.
    same "$(wc -l <stats.json)" 4 lines
    for expected in 3 4 3 0; do
        sed -n "$((n = ${n:-0} + 1))p" stats.json >line.json
        judge json line.json "exit == $expected" 'schema == 2' '(error is None) == (exit == 0)'
    done
    judge json line.json 'input["path"] == "in/b.mp4"' 'output["path"] == "out/b.2x.mp4"'
    # If all inputs fail, the folder is removed.
    fails 3 'bad.mkv: ' in/bad.mkv -o none/
    [ ! -e none ] || fail 'a folder for nothing'
    ;;
skip)
    works in/a.mkv -o out/
    cp out/a.2x.mkv before
    works in/a.mkv in/b.mp4 -o out/ --skip-existing
    says 'out/a.2x.mkv: already exists, skipped'
    says '2 files: 1 done, 1 skipped'
    cmp out/a.2x.mkv before || fail 'the file that was there has changed'
    works in/a.mkv -o out/f%03d.png
    works in/a.mkv -o out/f%03d.png --skip-existing
    says 'f%03d.png: already exists'
    works in/a.mkv in/b.mp4 -o p/ -f png
    works in/a.mkv in/b.mp4 -o p/ -f png --skip-existing
    says '2 files: 0 done, 2 skipped'
    ;;
taken)
    # With --skip-existing, an output that an interrupted run left is made again, and one
    # line says so.
    mkdir out
    echo dead >out/a.2x.part.mkv
    works in/a.mkv in/b.mp4 -o out/ --skip-existing
    says 'out/a\.2x\.part\.mkv: removed; an interrupted run had left it'
    says '2 files: 2 done'
    same "$(ls out | tr '\n' ' ')" 'a.2x.mkv b.2x.mp4 ' files
    mkdir -p p/a.2x/pictures.part
    echo dead >p/a.2x/pictures.part/00000001.png
    works in/a.mkv -o p/a.2x/ -f png --skip-existing
    same "$(ls p/a.2x | wc -l)" 6 pictures
    # An output that another process is writing is left to it.
    rm -r out
    synth in/long.mkv 2 25 160x96
    "$RIFEC" ${RIFEC_FLAGS:-} -q in/long.mkv -o out/ </dev/null 2>held.err &
    held=$!
    trap 'kill -KILL $held 2>/dev/null || true; rm -rf "$folder"' EXIT
    until [ -e out/long.2x.part.mkv ]; do
        sleep 0.01
    done
    kill -STOP $held
    works in/long.mkv in/a.mkv -o out/ --skip-existing --stats stats.json
    says "out/long\.2x\.mkv: (process $held|another process) is writing it.*skipped"
    says '2 files: 1 done, 1 skipped'
    same "$(wc -l <stats.json)" 1 'lines of statistics'
    kill -CONT $held
    wait $held || fail "the first process: $(cat held.err)"
    same "$(count out/long.2x.mkv)" 100 'frames of the first process'
    ;;
workers)
    # Several processes share a list.
    for n in 1 2 3 4 5 6; do
        cp in/a.mkv in/w$n.mkv
    done
    list=
    for n in 1 2 3; do
        "$RIFEC" ${RIFEC_FLAGS:-} in/w?.mkv -o out/ --skip-existing </dev/null 2>worker$n &
        list="$list $!"
    done
    for process in $list; do
        wait $process || fail "a worker: $(cat worker?)"
    done
    same "$(ls out | wc -l)" 6 outputs
    for file in out/*; do
        same "$(count "$file")" 6 "frames of $file"
    done
    same "$(grep -hc 'frames at .*fps' worker? | awk '{ n += $1 } END { print n }')" 6 'files made'
    ;;
null)
    run in/a.mkv in/b.mp4 -f null --stats -
    same $status 0 'exit status'
    same "$(wc -l <stdout)" 2 'lines of JSON'
    tail -n 1 stdout >line.json
    judge json line.json 'output["frames_written"] == 6'
    ;;
interrupted)
    # Ctrl-C ends the whole batch, not only the current file.
    synth in/long.mkv 60 25 160x96 -bf 0
    ran='rifec in/long.mkv in/a.mkv -k'
    interruptible "$RIFEC" ${RIFEC_FLAGS:-} in/long.mkv in/a.mkv -k -o out/ --preset ultrafast -e tune=zerolatency \
        --progress json </dev/null >stdout 2>stderr &
    process=$!
    trap 'kill -KILL $process 2>/dev/null || true; rm -rf "$folder"' EXIT
    tries=0
    until grep -q '"frame":[1-9]' stderr; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || fail 'no frame within two minutes'
        sleep 0.1
    done
    kill -INT $process
    status=0
    wait $process || status=$?
    same $status 130 'exit status'
    says '2 files: 0 done, 1 failed, 1 not started'
    same "$(ls out)" long.2x.mkv files
    intact out/long.2x.mkv
    ;;
esac
no_leftovers
