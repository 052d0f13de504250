# Outputs that cannot be written: exit status 4, a message that names the file, and
# nothing is lost or left over.
. "$(dirname "$0")/../e2e/lib.sh"

synth in.mkv 0.4

# keep FILE: makes a file that must survive.
keep() {
    echo precious >"$1"
}

kept() {
    same "$(cat "$1")" precious "$1"
}

# hold FILE: starts a job with the output FILE that waits until `release`.
hold() {
    synth held.mkv 1 20 160x90
    "$RIFEC" ${RIFEC_FLAGS:-} -i held.mkv -o "$1" --x2 </dev/null >held.out 2>&1 &
    held=$!
    trap 'kill -KILL $held 2>/dev/null || true; rm -rf "$folder"' EXIT
    tries=0
    until [ -e "${1%.*}.part.${1##*.}" ]; do
        tries=$((tries + 1))
        [ $tries -lt 6000 ] || fail 'the first job does not begin'
        sleep 0.01
    done
    kill -STOP $held
}

# Ends that job; its exit status is in $status.
release() {
    kill -CONT $held
    status=0
    wait $held || status=$?
}

case $1 in
two-writers)
    # The second job with the same output ends before it does any work, and names the
    # first.
    hold out.mkv
    synth other.mkv 0.8
    fails 4 "out\.mkv: (process $held|another process) is writing it" -i other.mkv -o out.mkv --x2
    fails 4 'out\.mkv: .* is writing it' -i other.mkv -o out.mkv --x2 -y
    ln -s out.mkv link.mkv
    fails 4 'link\.mkv: .* is writing it' -i other.mkv -o link.mkv --x2 -y
    release
    same $status 0 "exit status of the first ($(cat held.out))"
    same "$(count out.mkv)" 40 'frames of the first job'
    intact out.mkv
    ;;
appears-meanwhile)
    # Without -y an existing file is not replaced, and the work is not lost.
    hold out.mkv
    keep out.mkv
    release
    same $status 4 'exit status'
    grep -q 'created this file meanwhile.*finished output is out.part.mkv' held.out || fail "said: $(cat held.out)"
    kept out.mkv
    same "$(count out.part.mkv)" 40 'frames kept'
    rm out.part.mkv
    ;;
starts)
    # Two jobs with one output start at the same time. (RIFEC_STARTS=100 tries it a
    # hundred times.)
    synth other.mkv 0.6
    n=0
    while [ $n -lt ${RIFEC_STARTS:-4} ]; do
        n=$((n + 1))
        yes=$([ $((n % 2)) = 0 ] && echo -y || true)
        first=0 second=0
        "$RIFEC" ${RIFEC_FLAGS:-} -q -i in.mkv -o out.mkv --x2 $yes </dev/null 2>first &
        one=$!
        sleep "0.$(printf %03d $(((n * 7919) % 300)))"
        "$RIFEC" ${RIFEC_FLAGS:-} -q -i other.mkv -o out.mkv --x2 $yes </dev/null 2>second || second=$?
        wait $one || first=$?
        case $yes$first$second in
        04 | -y04) same "$(count out.mkv)" 20 'frames of the first' ;;
        40 | -y40) same "$(count out.mkv)" 30 'frames of the second' ;;
        -y00) ;; # one after the other
        *) fail "start $n ended with $first and $second: $(cat first second)" ;;
        esac
        intact out.mkv
        same "$(ls out*)" out.mkv 'files'
        rm out.mkv
    done
    ;;
stats)
    # --stats destroys nothing: no file that the run reads or writes, under any name, and
    # without -y only the statistics of an earlier run.
    cp in.mkv copy.mkv
    ln in.mkv hard.mkv
    ln -s in.mkv soft.mkv
    for name in ./in.mkv hard.mkv soft.mkv "$PWD/in.mkv" ./o.mkv o.part.mkv; do
        fails 2 "stats" -i in.mkv -o o.mkv --frames 4 --stats "$name"
        fails 2 "stats" -i in.mkv -o o.mkv --frames 4 --stats "$name" -y
    done
    cmp in.mkv copy.mkv || fail 'the input has changed'
    [ ! -e o.mkv ] || fail 'an output'
    keep notes.json
    fails 4 'notes\.json: exists.*-y' -i in.mkv -o o.mkv --frames 4 --stats notes.json
    kept notes.json
    keep s.part.json
    fails 4 's\.part\.json: exists' -i in.mkv -o o.mkv --frames 4 --stats s.json
    kept s.part.json
    rm s.part.json
    ln -s victim s.part.json
    fails 4 's\.part\.json: .*symbolic link' -i in.mkv -o o.mkv --frames 4 --stats s.json
    [ ! -e victim ] || fail 'a file was made where a link leads'
    rm s.part.json
    works -i in.mkv -o o.mkv --frames 4 --stats s.json
    works -i in.mkv -o o2.mkv --frames 4 --stats s.json
    judge json s.json 'output["path"] == "o2.mkv"'
    : >empty
    works -i in.mkv -o o3.mkv --frames 4 --stats empty
    works -i in.mkv -o o3.mkv --frames 4 --stats notes.json -y
    judge json notes.json 'tool == "rifec"'
    ;;
part-is-link)
    # The temporary name is a link to another file, which is not touched.
    keep victim
    ln -s victim out.part.mkv
    fails 4 'out\.part\.mkv: .*symbolic link' -i in.mkv -o out.mkv --x2
    works -i in.mkv -o out.mkv --x2 -y
    kept victim
    ln -s nothing new.part.mkv
    fails 4 'new\.part\.mkv: .*symbolic link' -i in.mkv -o new.mkv --x2
    [ ! -e nothing ] || fail 'a file was made where a link leads'
    rm new.part.mkv
    ln victim hard.part.mkv
    works -i in.mkv -o hard.mkv --x2 -y
    kept victim
    ;;
mode)
    # A private file that is replaced stays private, also while it is written.
    keep out.mkv
    chmod 600 out.mkv
    works -i in.mkv -o out.mkv --x2 -y
    same "$(stat -c %a out.mkv)" 600 mode
    works -i in.mkv -o new.mkv --x2
    same "$(stat -c %a new.mkv)" "$(printf %o $((0666 & ~$(umask))))" 'mode of a new file'
    ;;
long-name)
    # Names of the maximum length: the temporary name has to fit as well.
    for length in 250 251 255; do
        name=$(printf "%0$((length - 4))d.mkv" 0)
        works -i in.mkv -o "$name" --x2 --frames 2
        same "$(count "$name")" 2 "frames of a name of $length bytes"
        works -i in.mkv -o "$name" -y --resume --frames 2 --stats "${name%mkv}abc"
        same "$(count "$name")" 2 "frames of a name of $length bytes, with --resume"
    done
    ;;
descriptor)
    # A file descriptor of the process is written directly.
    ran='-o /dev/stdout, -o /dev/fd/3'
    "$RIFEC" ${RIFEC_FLAGS:-} -q -i in.mkv -o /dev/stdout -f nut --x2 >out.nut </dev/null
    same "$(count out.nut)" 20 'frames on /dev/stdout'
    "$RIFEC" ${RIFEC_FLAGS:-} -q -i in.mkv -o /dev/fd/3 -f nut --x2 3>three.nut </dev/null
    same "$(count three.nut)" 20 'frames on /dev/fd/3'
    ;;
part-is-input)
    # The input has the temporary name of out.mp4.
    synth out.part.mp4
    before=$(cksum <out.part.mp4)
    fails 4 out.part.mp4 -i out.part.mp4 -o out.mp4 --x2
    fails 4 out.part.mp4 -i out.part.mp4 -o out.mp4 --x2 -y
    same "$(cksum <out.part.mp4)" "$before" 'the input'
    [ ! -e out.mp4 ] || fail 'an output'
    exit 0
    ;;
part-is-there)
    synth in.mkv
    echo precious >out.part.mkv
    fails 4 out.part.mkv -i in.mkv -o out.mkv --x2
    same "$(cat out.part.mkv)" precious 'the file in the way'
    works -i in.mkv -o out.mkv --x2 -y
    ;;
exists)
    keep out.mp4
    fails 4 'out\.mp4: .*exists.*-y' -i in.mkv -o out.mp4 --x2
    kept out.mp4
    ;;
exists-n)
    keep out.mp4
    fails 4 'out\.mp4: .*exists' -i in.mkv -o out.mp4 --x2 -n
    kept out.mp4
    ;;
replaced)
    # With -y, too, the old file stays until the new one is complete.
    keep out.mp4
    fails 5 'no\.safetensors' -i in.mkv -o out.mp4 --x2 -y --model no.safetensors
    kept out.mp4
    works -i in.mkv -o out.mp4 --x2 -y
    same "$(count out.mp4)" 20 frames
    ;;
is-input)
    cp in.mkv copy.mkv
    fails 4 'in\.mkv: .*input' -i in.mkv -o in.mkv --x2 -y
    ln in.mkv link.mkv
    fails 4 'link\.mkv: .*input' -i in.mkv -o link.mkv --x2 -y
    ln -s in.mkv symbolic.mkv
    fails 4 'symbolic\.mkv: .*input' -i in.mkv -o symbolic.mkv --x2 -y
    cmp in.mkv copy.mkv || fail 'the input has changed'
    ;;
is-folder)
    # A folder receives outputs, unless it has the very name of one.
    mkdir -p folder.mp4/in.2x.mkv
    fails 4 'folder\.mp4/in\.2x\.mkv: .*directory' -i in.mkv -o folder.mp4 --x2 -y
    ;;
no-folder)
    fails 4 'no/such/out.*\.mp4: .*No such file' -i in.mkv -o no/such/out.mp4 --x2
    keep file
    fails 4 'file/out.*\.mp4: .*Not a directory' -i in.mkv -o file/out.mp4 --x2
    kept file
    ;;
read-only)
    # Root may write anywhere except into /proc.
    if [ "$(id -u)" = 0 ]; then
        closed=/proc
    else
        closed=closed
        mkdir -m 555 closed
    fi
    fails 4 "$closed/out.*\.mp4: cannot create" -i in.mkv -o $closed/out.mp4 --x2
    ;;
full-limit)
    # A limit on file sizes acts like a full disk and needs no rights.
    synth large.mkv 1 25 320x180
    keep out.mkv
    ulimit -f 100 # blocks of 512 bytes, or of 1024
    fails 4 'out.*\.mkv: cannot write.*File too large' -i large.mkv -o out.mkv -y --x2 -c:v ffv1
    kept out.mkv
    ;;
full-disk)
    mkdir disk
    mount -t tmpfs -o size=256k tmpfs disk 2>/dev/null || { echo 'skipped: may not mount'; exit 77; }
    trap 'umount "$folder/disk"; rm -rf "$folder"' EXIT
    synth large.mkv 1 25 320x180
    keep disk/out.mkv
    fails 4 'disk/out.*\.mkv: cannot write.*No space left' \
        -i large.mkv -o disk/out.mkv -y --x2 -c:v ffv1
    kept disk/out.mkv
    same "$(ls disk)" out.mkv 'files on the full disk'
    # A small file meets the full disk only at its end.
    fill=disk/fill
    head -c 300k /dev/zero 2>/dev/null >$fill || true
    fails 4 'disk/small.*\.mp4: cannot write.*No space left' -i in.mkv -o disk/small.mp4 --x2
    same "$(ls disk | tr '\n' ' ')" 'fill out.mkv ' 'files on the full disk'
    ;;
link)
    # The output is written through a link, which stays: to a file, or to a new name.
    mkdir away
    keep away/there.mkv
    ln -s away/there.mkv there.mkv
    ln -s away/new.mkv new.mkv
    fails 4 'there\.mkv: .*exists' -i in.mkv -o there.mkv --x2
    works -i in.mkv -o there.mkv --x2 -y
    works -i in.mkv -o new.mkv --x2
    for file in there new; do
        [ -L $file.mkv ] || fail "$file.mkv is no link any more"
        same "$(count away/$file.mkv)" 20 "frames in away/$file.mkv"
    done
    same "$(ls away | tr '\n' ' ')" 'new.mkv there.mkv ' 'files behind the links'
    ;;
no-container)
    fails 4 'out\.xyz: .*container' -i in.mkv -o out.xyz --x2
    fails 4 "nonsense" -i in.mkv -o out.mp4 -f nonsense --x2
    # FFmpeg's image writers are not containers for a film.
    [ ! -e out.xyz ] && [ ! -e out.mp4 ] || fail 'an output'
    ;;
esac
no_leftovers
