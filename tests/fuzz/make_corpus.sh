#!/bin/sh
# Makes the inputs in tests/fuzz/corpus, except those that a fuzzer found (which are named
# after what broke). Needs ffmpeg, python3 and a built rifec; the result is committed, so
# that the tests need none of these.
#
#   tests/fuzz/make_corpus.sh build
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
cd "$here"
for name in weights options naming scene_list plan_cache golden resume_state segment film; do
    mkdir -p corpus/$name
done

# --- films, pictures, playlists ---------------------------------------------------
quiet_ffmpeg() {
    ffmpeg -nostdin -v error -y -bitexact "$@" -fflags +bitexact
}
cd corpus/film
picture='-f lavfi -i testsrc2=s=32x32:r=10:d=0.4'
sound='-f lavfi -i sine=d=0.4:r=8000'
for name in mp4 mov mkv avi ts nut; do
    quiet_ffmpeg $picture $sound -c:v mpeg4 -bf 1 -c:a mp2 -ar 16000 -b:a 8k $name.$name
done
quiet_ffmpeg $picture $sound -c:v libx264 -preset ultrafast -c:a aac -b:a 8k -ar 8000 \
    -movflags frag_keyframe+empty_moov h264.mp4
quiet_ffmpeg $picture $sound -c:v flv -c:a libmp3lame -ar 11025 -b:a 8k flv.flv
quiet_ffmpeg $picture $sound -c:v libtheora -c:a libvorbis -ar 8000 -b:a 8k ogg.ogv
quiet_ffmpeg $picture -c:v mpeg2video -q:v 31 -r 25 -an vob.vob
quiet_ffmpeg $picture -c:v mpeg2video -q:v 31 -r 25 -an mxf.mxf
quiet_ffmpeg $picture -vf scale=16:16 -pix_fmt yuv420p y4m.y4m
quiet_ffmpeg $picture -vf scale=16:16 -loop 0 gif.gif
quiet_ffmpeg $picture -vf scale=16:16 -frames:v 1 -f image2 png.png
quiet_ffmpeg $picture $sound -map 0 -map 1 -map 0 -c:v ffv1 -c:a pcm_s16le -ar 8000 \
    -vf scale=8:8 -metadata title=t -metadata:s:v rotate=90 two-videos.mkv
printf "ffconcat version 1.0\nfile 'mp4.mp4'\nfile '../../../data/lotus.mp4'\n" >ffconcat.txt
printf '#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n' >hls.txt
cd ..

# --- texts ----------------------------------------------------------------------------
n=0
while read -r line; do
    n=$((n + 1))
    printf '%s' "$line" | tr ' ' '\n' >"options/$(printf %02d $n)"
done <<'END'
-i a.mp4 -o b.mp4
a b c -o d/ --name-template {stem}{n}{ext} -k --x4
-i a -o b --x2 -r 60
-i a -o b -r 60000/1001 --cfr --strict
-i a -o b --factor 2.5 --ss 1:02:03.5 --to 99 -t 5
-i a -o b -c:v libx264 --crf 18 --preset slow -e x=1 -e y=2 -b:v 5M
-i a -o b -hide_banner -vf null -map 0 -framerate 24
-i a -o b --stats - --progress json -q
-i - -o - --input-format rawvideo --input-size 64x64 --input-pix-fmt gray --input-rate 25
-i a -o b --scene-list c --on-cut blend --dedup smooth:3 --tail loop
-i a -o b --golden g --update-golden --golden-report r.html --tolerance psnr=40
--compare a b --max-abs 3 --min-psnr 40 --min-ssim 0.9 --side-by-side c.mkv
-i a -o b --device cuda:1 --precision fp16 --kernels c --tile 128 --scale 0.5 --threads 3
--help
-h
--version --list-devices --doctor
--generate man
-i a -o b -- -c
-i a -o b --slowmo --slowmo-audio -an -sn --no-metadata
-i a -o b --resume --frames 5 --skip-existing
a b c ""
-i= -o= --= -
END
printf '{stem}.{factor}x{ext}\nfolder/a.mp4\nmkv' >naming/template
printf '{stem}.{fps}fps{n}{ext}\nframe%%05d.png\n' >naming/pictures
printf '{{stem}}}{\na\xff\n\n' >naming/braces
printf '0\n1.5 # a cut\n\n0:01:23.4\r\n99:59:59.999999\n' >scene_list/times
printf '\357\273\2771\n2\n' >scene_list/mark
printf '0,4\n' >scene_list/comma
printf '5\n4\n' >scene_list/falling
printf '1\0\n' >scene_list/nul
printf '1\r2\r' >scene_list/cr
printf '{"format":1,"machine":{"layer":{"route":"fused","choice":"engine 4","us":1.5}}}' \
    >plan_cache/plan
printf '{"format":1,"machine":[1,2],"format":2}' >plan_cache/twice
printf '{"format":1,"machine":{"layer":{"route":1,"choice":null,"us":"x"}}}' >plan_cache/types
printf '{"1":1,' >plan_cache/comma-at-the-end
printf '{"1":1,' >golden/comma-at-the-end
printf 'psnr=50' >golden/psnr
printf 'maxabs=4' >golden/maxabs
printf 'oneoff=1e999' >golden/oneoff
printf 'ssim=0x1p-1' >golden/ssim
printf 'rifec: 1.0.0\nmodel: x\ninput: 5 bytes, 00\nencoder: libx264\n--crf 18\n' \
    >resume_state/settings
printf 'input: 5 bytes\n--x2\n\001input: 6 bytes\n--x3\n--crf 1\n' >resume_state/difference
printf 'rifec resume 2\n' >resume_state/short

# --- what rifec itself writes --------------------------------------------------------
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$build/rifec" -q -i film/mp4.mp4 -o "$scratch/out.mkv" --golden "$scratch" --update-golden \
    --deterministic
cp "$scratch/golden.json" golden/manifest.json
"$build/rifec-weights" convert "$root/weights/ifnet-4.6.safetensors" "$scratch/net.param" \
    >/dev/null 2>&1
cp "$scratch/net.param" weights/ncnn.param
(head -c 2000 "$scratch/net.param"; printf '\0'; head -c 6000 "$scratch/net.bin") \
    >weights/ncnn-short
cp "$root"/tests/data/torch-*.pth weights
python3 - "$root/weights/ifnet-4.6.safetensors" <<'END'
import json, struct, sys, zipfile

data = open(sys.argv[1], "rb").read()
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
header.pop("__metadata__")

# A few tensors of safetensors, of several types.
small = {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
         "module.b": {"dtype": "BF16", "shape": [3], "data_offsets": [16, 22]},
         "c": {"dtype": "F16", "shape": [], "data_offsets": [22, 24]},
         "d": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [24, 26]}}
text = json.dumps(small).encode()
open("weights/safetensors", "wb").write(struct.pack("<Q", len(text)) + text + bytes(range(26)))
text = b'{"1":1,'
open("weights/comma-at-the-end", "wb").write(struct.pack("<Q", len(text)) + text)

# The whole network as torch.save() writes it, with tensors without strides: all elements
# are the one number in the file.
def word(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()

def ints(values):
    return b"(" + b"".join(b"J" + struct.pack("<i", v) for v in values) + b"t"

out = b"\x80\x02}("
for name, entry in header.items():
    shape = entry["shape"]
    out += word(name) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + word("storage")
    out += b"ctorch\nFloatStorage\n" + word("0") + word("cpu") + b"K\x01tQK\x00"
    out += ints(shape) + ints([0] * len(shape)) + b"\x89ccollections\nOrderedDict\n)RtR"
out += b"u."
with zipfile.ZipFile("weights/torch-network.pth", "w") as z:
    for name, content in ("net/data.pkl", out), ("net/data/0", bytes(4)):
        z.writestr(zipfile.ZipInfo(name), content)

# A segment of three packets; segment.c puts the checksums right.
def record(number, side, body):
    body = struct.pack("<IIqqqI", number, 1, number, number, 1, len(side)) + \
        b"".join(struct.pack("<II", t, len(d)) + d for t, d in side) + body
    return struct.pack("<I", len(body)) + body + bytes(16)

records = record(0, [], b"abc") + record(1, [(1, b"side"), (5, b"")], b"") + \
    record(2, [(1, b"x"), (1, b"y")], bytes(40))
head = b"rifec segment 2\n" + bytes(16) + struct.pack("<IIqqq", 0, 3, 0, 3, 0) + bytes(32)
open("segment/packets", "wb").write(head + records)
open("segment/old", "wb").write(b"rifec segment 1\n" + bytes(100))
END
cd ..
du -bs corpus corpus/*
