# rifec-weights, and rifec with what it writes.
. "$(dirname "$0")/lib.sh"
program=$(dirname "$RIFEC")/rifec-weights

# tool STATUS ARGUMENTS: must end with STATUS; its output is in stdout and stderr.
tool() {
    expected=$1
    shift
    ran="rifec-weights $*" status=0
    "$program" "$@" </dev/null >stdout 2>stderr || status=$?
    same $status "$expected" 'exit status'
    if [ "$expected" != 0 ]; then
        grep -q '^rifec-weights: ' stderr || fail 'no message'
    fi
}

# shows NAME VALUE: `info` prints this line.
shows() {
    same "$(sed -n "s/^$1  *//p" stdout)" "$2" "$1"
}

case $1 in
info)
    tool 0 info "$weights"
    shows format safetensors
    shows network 'RIFE 4.6'
    shows parameters '5306256 in 120 tensors'
    shows types F16
    shows 'not finite' 0
    shows sha256 "$(sha256sum "$weights" | cut -d ' ' -f 1)"
    same "$(sed -n 's/^range *//p' stdout | grep -c -- '^-[0-9.]* to [0-9.]*$')" 1 'lines of range'
    tool 0 info "$tests/data/torch-legacy.pth"
    shows format 'PyTorch (legacy)'
    shows network 'not RIFE'
    head -c 5000000 "$weights" >cut
    tool 5 info cut
    grep -q 'cut: truncated' stderr || fail 'not said'
    tool 5 info missing
    mkfifo pipe
    tool 5 info pipe
    grep -q 'not a regular file' stderr || fail 'not said'
    ;;
convert)
    tool 0 convert built-in a.safetensors
    tool 0 verify a.safetensors built-in
    tool 0 info a.safetensors
    shows types F16
    [ "$(wc -c <a.safetensors)" -lt 10700000 ] || fail 'larger than its numbers'
    tool 0 convert a.safetensors --fp32 b.safetensors
    tool 0 info b.safetensors
    shows types F32
    # ncnn's weights have beta folded in, which is exact in FP32 only; so FP32 is written.
    tool 0 convert b.safetensors folder/
    tool 0 verify folder built-in
    tool 0 verify folder/flownet.bin folder/flownet.param
    tool 0 convert --fp16 folder c.bin
    tool 0 verify c.param folder --tolerance 5e-4
    tool 9 verify c.param folder
    tool 0 convert folder d.safetensors
    tool 0 verify d.safetensors built-in
    tool 0 convert --stock built-in e.param
    tool 0 verify e.bin built-in
    grep -q GridSample e.param || fail 'no GridSample'
    ! grep -q rife.Warp e.param || fail 'a warp of its own'
    # Only one of the two files exists.
    cp c.bin alone.bin
    tool 5 info alone.bin
    grep -q 'alone\.param' stderr || fail 'the other file is not named'
    cp c.param other.param
    tool 5 info other.param
    grep -q 'other\.bin' stderr || fail 'the other file is not named'
    # An existing output is kept.
    sum=$(cksum <c.param)
    tool 4 convert folder c.param
    grep -q 'c\.param: already exists' stderr || fail 'not said'
    same "$(cksum <c.param)" "$sum" 'what was there'
    tool 0 convert -y folder c.param
    tool 0 verify c.param folder
    tool 4 convert built-in nowhere/f.safetensors
    # The input is never an output, under any name; a link is not followed.
    sum=$(cksum <a.safetensors)
    ln a.safetensors hard.safetensors
    ln -s a.safetensors soft.safetensors
    cp a.safetensors g.part.safetensors
    for output in ./a.safetensors hard.safetensors soft.safetensors; do
        tool 4 convert -y a.safetensors $output
    done
    tool 4 convert -y g.part.safetensors g.safetensors
    tool 4 convert -y c.bin c.param
    tool 4 convert -y folder folder
    tool 0 convert a.safetensors a.param # another file with the same stem
    same "$(cksum <a.safetensors)" "$sum" 'the input'
    ln -s a.safetensors h.part.safetensors
    tool 4 convert built-in h.safetensors
    tool 0 convert -y built-in h.safetensors
    same "$(cksum <a.safetensors)" "$sum" 'where a link leads'
    rm g.part.safetensors
    no_leftovers
    ;;
network)
    # All of 4.25's tensors, zero: no pixel moves, and both frames count the same.
    python3 - <<'END'
import json
shapes = {}
def conv(name, first, second, kernel, outputs):
    shapes[name + '.weight'] = [first, second, kernel, kernel]
    shapes[name + '.bias'] = [outputs]
for b, c in enumerate((192, 128, 96, 64, 32)):
    conv(f'block{b}.conv0.0.0', c // 2, 28 if b else 15, 3, c // 2)
    conv(f'block{b}.conv0.1.0', c, c // 2, 3, c)
    for k in range(8):
        conv(f'block{b}.convblock.{k}.conv', c, c, 3, c)
        shapes[f'block{b}.convblock.{k}.beta'] = [1, c, 1, 1]
    conv(f'block{b}.lastconv.0', c, 52, 4, 52)
conv('encode.cnn0', 16, 3, 3, 16)
conv('encode.cnn1', 16, 16, 3, 16)
conv('encode.cnn2', 16, 16, 3, 16)
conv('encode.cnn3', 16, 4, 4, 4)
header, at = {}, 0
for name, shape in shapes.items():
    end = at + 2
    for n in shape:
        end = at + (end - at) * n
    header[name] = {'dtype': 'F16', 'shape': shape, 'data_offsets': [at, end]}
    at = end
text = json.dumps(header).encode()
with open('rife425.safetensors', 'wb') as f:
    f.write(len(text).to_bytes(8, 'little') + text + bytes(at))
END
    tool 0 info rife425.safetensors
    shows network 'RIFE 4.25 or 4.26'
    shows parameters '5664776 in 158 tensors'
    tool 0 convert rife425.safetensors a.safetensors
    tool 0 verify a.safetensors rife425.safetensors
    tool 9 verify a.safetensors built-in
    grep -q 'RIFE 4.25 or 4.26 and built-in is RIFE 4.6' stderr || fail 'not said'
    tool 5 convert rife425.safetensors ncnn/
    grep -q 'can be converted to ncnn' stderr || fail 'not said'
    [ ! -e ncnn ] || fail 'a folder is left'
    ffmpeg -v error -f lavfi -i color=black:s=96x64:r=10:d=0.2 \
        -vf "drawbox=c=white:t=fill:enable='gte(n,1)'" -pix_fmt gray in.mkv
    works -i in.mkv -o out.mkv --x2 --model rife425.safetensors --device cpu \
        --scene-threshold 1 -c:v ffv1
    between=$(ffmpeg -v error -i out.mkv -vf 'select=eq(n\,1)' -f rawvideo -pix_fmt gray - |
        od -An -v -t u1 -w1 | sort -nu | tr -d ' ' | tr '\n' ' ')
    case $between in
    '127 ' | '128 ') ;;
    *) fail "grey levels $between, not the mean" ;;
    esac
    ;;
range)
    # A bias that FP16 cannot hold, then one that is not a number.
    tool 0 convert built-in full.safetensors --fp32
    # put VALUE: sets the first bias of the last layer.
    put() {
        python3 - "$1" <<'END'
import json, struct, sys
raw = bytearray(open("full.safetensors", "rb").read())
size, = struct.unpack("<Q", raw[:8])
at = 8 + size + json.loads(raw[8:8 + size])["block3.lastconv.0.bias"]["data_offsets"][0]
raw[at:at + 4] = struct.pack("<f", float(sys.argv[1]))
open("changed.safetensors", "wb").write(raw)
END
    }
    put 70000
    tool 9 verify changed.safetensors
    grep -q 'holds numbers only up to 65504' stderr || fail 'not said'
    tool 5 convert changed.safetensors half.safetensors --fp16
    tool 5 convert changed.safetensors half.param --fp16
    tool 0 convert changed.safetensors kept.safetensors
    tool 0 info kept.safetensors
    shows types F32
    tool 9 verify full.safetensors changed.safetensors
    grep -q 'by up to 70000' stderr || fail 'not said'
    put nan
    tool 0 info changed.safetensors
    shows 'not finite' 1
    tool 5 verify changed.safetensors
    tool 5 convert changed.safetensors half.safetensors
    [ ! -e half.safetensors ] && [ ! -e half.param ] || fail 'an output'
    ;;
full)
    [ -w /dev/full ] || exit 77
    (
        ulimit -f 100
        tool 4 convert built-in g.safetensors
        grep -q 'g.safetensors: cannot write: File too large' stderr || fail 'not said'
        [ ! -e g.safetensors ] || fail 'an output'
        no_leftovers
    )
    for words in --help --version 'info built-in' 'verify built-in' \
        'verify built-in built-in'; do
        status=0
        "$program" $words >/dev/full 2>stderr || status=$?
        same $status 4 "exit status of $words"
        grep -q stdout stderr || fail "$words: no message"
    done
    ;;
frames)
    # Converted weights give the same pictures.
    synth in.mkv 0.2
    tool 0 convert built-in folder/
    tool 0 convert built-in a.safetensors --fp32
    works -i in.mkv -o want.mkv --x2 -c:v ffv1
    for model in folder folder/flownet.bin a.safetensors; do
        works -i in.mkv -o have.mkv --x2 -c:v ffv1 -y --model $model
        same "$(frame_sums have.mkv yuv420p)" "$(frame_sums want.mkv yuv420p)" "frames of $model"
    done
    fails 5 'torch-zip\.pth: .*not the weights of a RIFE' -i in.mkv -o have.mkv -y --x2 \
        --model "$tests/data/torch-zip.pth"
    ;;
usage)
    tool 2
    tool 2 frobnicate built-in
    tool 2 info
    tool 2 info built-in built-in
    tool 2 info built-in --fp16
    tool 2 convert built-in
    tool 2 convert built-in a.onnx
    tool 2 convert built-in a.safetensors --stock
    tool 2 convert built-in a.param --fp16 --fp32
    tool 2 verify built-in --tolerance many
    tool 2 verify built-in --tolerance
    tool 2 verify built-in -y
    tool 2 verify built-in --whatever
    grep -q -e '--whatever' stderr || fail 'not named'
    tool 2 info -zy built-in
    grep -q -e ' -z' stderr || fail 'not named'
    tool 0 --version
    same "$(cat stdout)" "rifec-weights $("$RIFEC" --version | sed -n 's/^rifec //p')" 'version'
    tool 0 --help
    # The manual page has every option and every exit status of --help.
    manual=$(sed 's/\\-/-/g; s/\\f[BIR]//g' "$tests/../packaging/rifec-weights.1.in")
    for word in $(grep -oE -e '(^|[ ,|[])--?[a-z][a-z0-9-]*' stdout | tr -d ' ,|[' | sort -u) \
        built-in; do
        printf '%s\n' "$manual" | grep -qE -e "(^|[^a-z-])$word([^a-z0-9-]|\$)" ||
            fail "$word is not in the manual page"
    done
    if command -v groff >/dev/null; then
        same "$(groff -ww -man -Tutf8 "$tests/../packaging/rifec-weights.1.in" 2>&1 >/dev/null)" '' \
            'what groff says'
    fi
    ;;
esac
