# The order of write, sync, rename and remove, on which the result of a power loss
# depends. Needs RECORD_LIBRARY, made from record.c. docs/testing.md describes a real
# power loss.
. "$(dirname "$0")/../e2e/lib.sh"

cd "$(pwd -P)"
synth in.mkv 0.4
record=$(mktemp)
trap 'rm -rf "$folder" "$record"' EXIT

# recorded ARGUMENTS: must succeed, and puts a record of its actions in this folder into
# $record.
recorded() {
    : >"$record"
    (
        export LD_PRELOAD="$RECORD_LIBRARY" RECORD="$record" RECORD_BELOW="$PWD"
        works "$@"
    )
}

# ordered FINAL...: each file has its final name, and everything was done in order.
ordered() {
    python3 "$tests/fail/order.py" "$record" "$@" || {
        cat "$record"
        fail "the order, for $*"
    }
}

case $1 in
film)
    for name in a.mkv b.mp4 c.nut; do
        recorded -i in.mkv -o $name
        ordered $name
    done
    recorded -i in.mkv -o a.mkv -y
    ordered a.mkv
    recorded -i in.mkv -o new/ -f mp4
    ordered new/in.2x.mp4
    grep -qx "sync $PWD" "$record" || fail 'the new folder is not synced into its own'
    # Checks the test itself: a record without a sync, and one without the folder's sync,
    # fail.
    grep -v "^sync .*part" "$record" >less || true
    ! python3 "$tests/fail/order.py" less new/in.2x.mp4 >said || fail 'a missing sync is not seen'
    grep -vx "sync $PWD/new" "$record" >less || true
    ! python3 "$tests/fail/order.py" less new/in.2x.mp4 >said || fail 'a folder without sync'
    ;;
pictures)
    recorded -i in.mkv -o p%02d.png
    ordered p01.png p20.png
    recorded -i in.mkv -o p%02d.png -y
    ordered p01.png p20.png
    # All files are synced before the first is moved.
    sed '/^\(rename\|exchange\) /q' "$record" >before
    same "$(grep -c '^sync .*/p[0-9]*\.png' before)" 20 'pictures synced before the first moves'
    ;;
stats)
    recorded in.mkv -o a/ --stats s.json
    ordered s.json a/in.2x.mkv
    cp in.mkv in2.mkv
    recorded in.mkv in2.mkv -o b/ --stats s.json
    ordered s.json b/in.2x.mkv b/in2.2x.mkv
    ;;
resume)
    synth long.mkv 11
    recorded -i long.mkv -o out.mkv --resume
    ordered out.mkv
    grep -q '^remove .*out\.mkv\.resume/' "$record" || fail 'nothing was kept'
    [ ! -e out.mkv.resume ] || fail 'the folder is still there'
    ;;
weights)
    RIFEC=$(dirname "$RIFEC")/rifec-weights RIFEC_FLAGS=
    recorded convert built-in a.safetensors
    ordered a.safetensors
    recorded convert built-in f/
    ordered f/flownet.param f/flownet.bin
    ;;
old)
    # File systems without flags for renaming, and then those without hard links.
    for old in flags links; do
        export LD_PRELOAD="$RECORD_LIBRARY" RECORD_OLD=$old
        works -i in.mkv -o film.mkv
        works -i in.mkv -o film.mkv -y
        same "$(ls film*)" film.mkv files
        mkdir p
        echo precious >p/02.png
        mkdir p/05.png
        fails 4 '05\.png: is a directory' -i in.mkv -o p/%02d.png -y
        same "$(cat p/02.png)" precious 'what is there again'
        same "$(ls -A p | tr '\n' ' ')" '02.png 05.png ' 'files in p'
        rmdir p/05.png
        fails 4 '02\.png: already exists' -i in.mkv -o p/%02d.png
        works -i in.mkv -o p/%02d.png -y
        same "$(ls -A p | wc -l)" 20 pictures
        same "$(count p/02.png)" 1 'the picture that was replaced'
        rm -r p film.mkv
    done
    ;;
errors)
    # A sync that fails is an error: a file that may not be safe never gets its name.
    export LD_PRELOAD="$RECORD_LIBRARY" RECORD_FAIL='sync *.part.mkv'
    fails 4 'out\.mkv: cannot write it to the disk: Input/output error' -i in.mkv -o out.mkv
    [ ! -e out.mkv ] || fail 'an output'
    RECORD_FAIL='sync *02.png'
    fails 4 '02\.png: cannot write it to the disk' -i in.mkv -o p%02d.png
    [ ! -e p01.png ] || fail 'a picture'
    RECORD_FAIL="sync $PWD/new"
    mkdir new
    fails 4 'cannot write .*folder to the disk' -i in.mkv -o new/p%02d.png
    same "$(ls -A new)" '' 'files in new'
    RECORD_FAIL='rename *p03.png'
    fails 4 'p03\.png: cannot move the picture there' -i in.mkv -o new/p%02d.png
    same "$(ls -A new)" '' 'files in new'
    RECORD_FAIL='rename *out.part.mkv'
    fails 4 'out\.mkv: cannot rename to it' -i in.mkv -o out.mkv
    ;;
esac
no_leftovers
