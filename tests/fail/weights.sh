# Files that are not weights, or weights of another network: exit status 5, the file is
# named, and no output is begun.
. "$(dirname "$0")/../e2e/lib.sh"

synth in.mkv 0.12

refused() {
    fails 5 "$1" -i in.mkv -o out.mkv --x2 --model "$2"
    [ ! -e out.mkv ] || fail 'an output'
    no_leftovers
}

# change STATEMENTS: changes header (a dictionary) and data (bytes) of the good weights,
# and writes bad.safetensors.
change() {
    python3 - "$weights" "$1" <<'END'
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
size, = struct.unpack("<Q", raw[:8])
names = {"header": json.loads(raw[8:8 + size]), "data": bytearray(raw[8 + size:])}
exec(sys.argv[2], names)
text = json.dumps(names["header"]).encode()
open("bad.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + names["data"])
END
}

case $1 in
missing)
    refused 'no\.safetensors: .*No such file' no.safetensors
    ;;
folder)
    mkdir folder
    refused 'folder: ' folder
    ;;
truncated)
    : >empty.safetensors
    refused 'empty\.safetensors: ' empty.safetensors
    for bytes in 4 100 9000 5000000; do
        head -c $bytes "$weights" >cut.safetensors
        refused 'cut\.safetensors: ' cut.safetensors
    done
    ;;
header)
    seq 1 2000 >text.safetensors
    refused 'text\.safetensors: ' text.safetensors
    printf '\010\000\000\000\000\000\000\000{"a": 1}' >strange.safetensors
    refused 'strange\.safetensors: ' strange.safetensors
    change 'del header["block2.conv0.1.0.weight"]'
    refused 'bad\.safetensors: .*block2\.conv0\.1\.0\.weight' bad.safetensors
    ;;
shape)
    # The same bytes declared with another shape, then with another type.
    change 'shape = header["block1.conv0.0.0.weight"]["shape"]; shape.reverse()'
    refused 'bad\.safetensors: .*block1\.conv0\.0\.0\.weight' bad.safetensors
    change 'header["block1.conv0.0.0.weight"]["dtype"] = "I16"'
    refused 'bad\.safetensors: .*block1\.conv0\.0\.0\.weight' bad.safetensors
    change 'header["block1.conv0.0.0.weight"]["data_offsets"][1] += 1 << 40'
    refused 'bad\.safetensors: ' bad.safetensors
    ;;
nan)
    # All bits set is a NaN in every floating-point format.
    change 'at = header["block3.conv0.0.0.weight"]["data_offsets"][0]; data[at:at+4] = b"\xff" * 4'
    refused 'bad\.safetensors: .*block3\.conv0\.0\.0\.weight.*(NaN|finite)' bad.safetensors
    ;;
esac
