# Images and animations, as input and as output.
. "$(dirname "$0")/lib.sh"

# draw PATTERN PIXEL_FORMAT [options]: makes six images, all different.
draw() {
    pattern=$1 format=$2
    shift 2
    case $format in
    *48* | *64* | *16* | *f32*) in=gbrap16le most=65536 k=251 ;;
    *) in=gbrap most=256 k=1 ;;
    esac
    quiet_ffmpeg -f lavfi -i nullsrc=s=64x48:r=25:d=0.24 \
        -vf "format=$in,geq=r='mod((X*3+N*9)*$k,$most)':g='mod((Y*5+N*4)*$k,$most)':b='mod((X+Y+N*7)*$k,$most)':a='mod((X*2+Y*3+N*11)*$k,$most)',format=$format" \
        "$@" "$pattern"
}

# sums FORMAT FILE...: prints one checksum per decoded image.
sums() {
    format=$1
    shift
    for file in "$@"; do
        frame_sums "$file" "$format"
    done
}

# kept FORMAT FOLDER FOLDER: every second image of the output is the input's.
kept() {
    same "$(ls "$3" | wc -l)" 12 "pictures in $3"
    sums "$1" "$3"/* | sed -n 'p;n' >kept
    same "$(cat kept)" "$(sums "$1" "$2"/*)" "original pictures in $3"
}

case $1 in
png)
    # The depth stays, and the originals are unchanged bit by bit.
    for format in rgb24 rgb48be rgba rgba64be gray gray16be; do
        mkdir in
        draw in/f%03d.png $format
        works -i in/f%03d.png -o out/f%03d.png
        same "$(entry out/f002.png v:0 pix_fmt)" "$(entry in/f001.png v:0 pix_fmt)" format
        kept $format in out
        # The same as a film: a lossless codec loses nothing.
        [ $format != rgb24 ] || works -i in -o film.mkv -c:v ffv1
        rm -r in out
    done
    same "$(entry film.mkv v:0 r_frame_rate)" 50/1 rate
    same "$(count film.mkv)" 12 frames
    ;;
kinds)
    # Other kinds of images, chosen by extension, as input and output.
    mkdir in
    for kind in bmp:bgr24 ppm:rgb24 tiff:rgb24 tif:rgb48le dpx:gbrp10le exr:gbrpf32le \
        exr:gbrapf32le tiff:rgba; do
        extension=${kind%:*} format=${kind#*:}
        draw in/f%03d.$extension "$format" 2>/dev/null || { rm -f in/*; echo "no $extension"; continue; }
        works -i in -o out/
        same "$(ls out | head -n 1)" 00000001.$extension 'first name'
        case $extension in
        exr) kept gbrap16le in out ;;
        *) kept "$format" in out ;;
        esac
        rm -r out in/*
    done
    # Lossy images are close, and in full range although the film is not.
    quiet_ffmpeg -f lavfi -i color=0xc04020:s=64x48:r=25:d=0.12 -vf format=yuv420p -c:v ffv1 in.mkv
    for extension in jpg webp; do
        [ $extension = jpg ] || ffmpeg -v error -h encoder=libwebp | grep -q Encoder || continue
        works -i in.mkv -o out/ -f $extension
        ffmpeg -v error -i out/00000002.$extension -pix_fmt rgb24 -f rawvideo - | head -c 3 |
            od -An -tu1 >colour
        read -r r g b <colour
        for off in $((r - 192)) $((g - 64)) $((b - 32)); do
            [ ${off#-} -le 4 ] || fail "$extension has colour $r $g $b instead of 192 64 32"
        done
        works -i out -o again.mkv -c:v ffv1
        same "$(count again.mkv)" 12 "frames from $extension"
        rm -r out again.mkv
    done
    fails 8 'leave out -c:v libx264' -i in.mkv -o p%03d.png -c:v libx264
    fails 4 'out\.png: names only one picture' -i in.mkv -o out.png
    ;;
order)
    # Numbers in names are sorted as numbers, whatever their padding.
    mkdir 'a %d folder'
    draw f%d.png rgb24
    for n in 1 2 3 4 5 6; do
        mv f$n.png "a %d folder/take 2, shot $((n * 3)).png"
    done
    : >'a %d folder/notes.txt'
    works -i 'a %d folder' -o 'b 50% off/x%d.png'
    same "$(ls 'b 50% off' | wc -l)" 12 pictures
    for n in 1 2 3 4 5 6; do
        cp "a %d folder/take 2, shot $((n * 3)).png" given.png # for FFmpeg
        cp "b 50% off/x$((2 * n - 1)).png" made.png
        same "$(sums rgb24 made.png)" "$(sums rgb24 given.png)" "picture $n"
    done
    # A missing number is reported; a number that belongs to another name is ignored.
    cp 'b 50% off/x1.png' 'b 50% off/x01.png'
    rm 'b 50% off/x5.png' 'b 50% off/x6.png'
    works -i 'b 50% off/x%d.png' -o film.nut -c:v ffv1 --input-rate 24000/1001
    says 'warning: .*frames 5 to 6 are missing'
    same "$(count film.nut)" 20 frames
    same "$(entry film.nut v:0 r_frame_rate)" 48000/1001 rate
    # A transport stream keeps stream numbers; images have none.
    works -i 'a %d folder' -o film.ts -c:v libx264
    same "$(frame_sums film.ts gray | wc -l)" 12 'frames of the transport stream'
    # A part of the images; a rate for an input that has its own times.
    works -i 'a %d folder' -o part.mkv -c:v ffv1 --ss 0.04 --to 0.12
    same "$(count part.mkv)" 4 'frames of a part'
    fails 2 'input-rate' -i film.nut -o other.mkv --input-rate 24
    ;;
mixed)
    # One gray image and one with a palette among coloured ones.
    mkdir in
    draw in/f%d.png rgb24
    quiet_ffmpeg -f lavfi -i color=0x505050:s=64x48:d=0.04 -pix_fmt gray in/f3.png
    quiet_ffmpeg -i in/f5.png -vf 'split[a][b];[a]palettegen[p];[b][p]paletteuse' p.png
    mv p.png in/f5.png
    same "$(entry in/f5.png v:0 pix_fmt)" pal8 'the test itself: palette'
    works -i in -o out/
    kept rgb24 in out
    # In the reverse order something would be lost.
    cp in/f3.png in/f0.png
    fails 3 'changes from 64x48 gray to 64x48 rgb24' -i in -o gray/
    same "$(ls gray | wc -l)" 2 pictures
    ;;
bad)
    mkdir in empty
    draw in/f%d.png rgb24
    fails 3 'empty: is a directory without pictures' -i empty -o out.mkv
    fails 3 'in/g%d\.png: no such picture exists' -i in/g%d.png -o out.mkv
    fails 3 'none/: No such file' -i none/f%d.png -o out.mkv
    cp in/f1.png in/f1.bmp
    fails 3 'pictures of several kinds' -i in -o out.mkv
    rm in/f1.bmp
    # One image is damaged and one is not an image: the others are there, at their times.
    head -c 200 in/f3.png >cut.png
    mv cut.png in/f3.png
    : >in/f5.png
    fails 3 'warning: in/f5\.png: cannot read' -i in -o out.mkv -c:v ffv1 --stats stats.json
    judge json stats.json 'input["damaged"]' 'exit == 3'
    [ "$(count out.mkv)" -ge 8 ] || fail 'little is left'
    ;;
there)
    # If names are taken, rifec refuses or replaces all of them; nothing is half done.
    mkdir in
    draw in/f%02d.png rgb24
    cp -r in before
    fails 4 "in/f%02d\.png: the input's pictures" -i in/f%02d.png -o in/f%02d.png -y
    fails 4 "in/f%02d\.png: the input's pictures" -i in -o in/f%02d.png
    works -i in -o out/f%02d.png --x3
    same "$(ls out | wc -l)" 18 pictures
    fails 4 'out/f..\.png: already exists; -y' -i in -o out/f%02d.png
    works -y -i in -o out/f%02d.png --x2
    says 'warning: .*6 older pictures, from number 13'
    same "$(ls out | wc -l)" 18 pictures
    fails 5 'no\.safetensors' -y -i in -o out/f%02d.png --model no.safetensors
    fails 5 'no\.safetensors' -i in -o new/f%02d.png --model no.safetensors
    fails 8 refuses -i in -o new/ -f png --pix-fmt rgb24 -e dpi=100 -e dpm=100
    [ ! -e new ] || fail 'a folder for nothing'
    diff -r in before || fail 'the input has changed'
    ls -a out | grep -q part && fail 'a folder left behind' || true
    ;;
undone)
    # One image cannot be moved: those before it are taken back, also in the middle of a
    # replacement, and the replaced files are restored.
    mkdir in new old
    draw in/f%02d.png rgb24
    mkdir new/f04.png
    fails 4 'new/f04\.png: ' -i in -o new/f%02d.png
    fails 4 'new/f04\.png: is a directory' -i in -o new/f%02d.png -y
    same "$(ls -A new)" f04.png 'files in new'
    for n in 01 02 03 07; do
        echo "precious $n" >old/f$n.png
    done
    chmod 600 old/f02.png
    mkdir old/f05.png
    cp -rp old before
    fails 4 'old/f05\.png: is a directory' -i in -o old/f%02d.png -y
    diff -r before old || fail 'what was there has changed'
    same "$(stat -c %a old/f02.png)" 600 'mode of what is there again'
    rmdir old/f05.png
    works -i in -o old/f%02d.png -y
    same "$(ls old | wc -l)" 12 pictures
    same "$(stat -c %a old/f02.png)" 600 'mode of a picture that was replaced'
    [ ! -e old/f.part ] || fail 'a folder left behind'
    # Leftovers of an interrupted run are refused without -y; other files in the folder
    # are never removed.
    mkdir out out/f.part
    echo dead >out/f.part/f01.png
    fails 4 'out/f\.part: exists, probably from an interrupted run; -y' -i in -o out/f%02d.png
    echo precious >out/f.part/notes.txt
    fails 4 'out/f\.part: contains files' -i in -o out/f%02d.png -y
    same "$(cat out/f.part/notes.txt)" precious 'the notes'
    rm out/f.part/notes.txt
    works -i in -o out/f%02d.png -y
    same "$(ls -A out | wc -l)" 12 pictures
    # A link under the temporary name is not followed.
    mkdir away
    echo precious >away/f01.png
    ln -s away g.part
    fails 4 'g\.part: exists and is not a folder' -i in -o g%02d.png -y
    same "$(cat away/f01.png)" precious 'behind the link'
    rm g.part
    ;;
full-disk)
    mkdir disk in
    mount -t tmpfs -o size=128k tmpfs disk 2>/dev/null || { echo 'skipped: may not mount'; exit 77; }
    trap 'umount "$folder/disk"; rm -rf "$folder"' EXIT
    quiet_ffmpeg -f lavfi -i testsrc2=s=320x180:d=1 in/f%02d.bmp
    fails 4 'disk/out.*/00000.*bmp: cannot write: No space left' -i in -o disk/out/
    same "$(ls -a disk | tr '\n' ' ')" '. .. ' 'files on the full disk'
    ;;
moving)
    # GIF, APNG and WebP, chosen by extension, loop for ever, and each frame has its
    # duration.
    synth in.mkv 0.4 20 64x48 -c:v ffv1
    works -i in.mkv -o out.gif --strict
    same "$(count out.gif)" 16 'frames of the GIF'
    judge times in.mkv out.gif 2
    works -i in.mkv -o out.apng --strict
    same "$(count out.apng)" 16 'frames of the APNG'
    grep -aq 'NETSCAPE2.0' out.gif || fail 'the GIF plays once'
    works -i out.gif -o again.mkv -c:v ffv1
    same "$(count again.mkv)" 32 'frames from the GIF'
    works -i out.apng -o again.mkv -y -c:v ffv1
    same "$(count again.mkv)" 32 'frames from the APNG'
    ! ffmpeg -v error -h encoder=libwebp_anim | grep -q Encoder || {
        works -i in.mkv -o out.webp --strict
        # FFmpeg cannot read animated WebP yet, so this reads the frame chunks and their
        # durations.
        python3 - out.webp <<'END' || fail 'the WebP'
import struct, sys
data = open(sys.argv[1], "rb").read()
assert data[:4] == b"RIFF" and data[8:12] == b"WEBP"
at, durations, loops = 12, [], None
while at < len(data):
    name, size = data[at:at + 4], struct.unpack("<I", data[at + 4:at + 8])[0]
    if name == b"ANMF":
        durations.append(int.from_bytes(data[at + 20:at + 23], "little"))
    if name == b"ANIM":
        loops = struct.unpack("<H", data[at + 12:at + 14])[0]
    at += 8 + size + size % 2
print(durations, loops)
assert sum(durations) == 400 and loops == 0
END
    }
    ;;
gaps)
    # Missing numbers are named, whatever the name of the images.
    mkdir in out
    quiet_ffmpeg -f lavfi -i testsrc2=s=16x16:r=20:d=0.8 in/f%03d.png
    rm in/f003.png in/f004.png in/f007.png
    for names in in 'in/f%03d.png' 'in/*.png'; do
        works -i "$names" -o out.mkv -y -c:v ffv1 --factor 1
        says "warning: .*: frames 3 to 4 and 7 are missing; "
    done
    same "$(count out.mkv)" 13 frames
    for n in 09 11 13 15; do rm in/f0$n.png; done
    works -i 'in/f%03d.png' -o out.mkv -y --factor 1
    says 'frames 3 to 4, 7, 9, 11 and 2 more are missing'
    rm in/f002.png in/f005.png in/f006.png in/f008.png in/f012.png in/f014.png in/f016.png
    works -i 'in/f%03d.png' -o out.mkv -y --factor 1
    says 'frames 2 to 9 are missing'
    # Numbers that count something else have no gaps.
    mv in/f010.png in/f081.png
    works -i in -o out.mkv -y --factor 1
    ! grep missing stderr || fail 'numbers that do not follow each other'
    ;;
few)
    # One image, or two: the messages say what to do with them.
    mkdir one two
    quiet_ffmpeg -f lavfi -i testsrc2=s=16x16:r=20:d=0.1 two/f%d.png
    cp two/f1.png one
    for name in one two/f1.png; do
        works -i $name -o out.mkv -y --factor 1
        says 'one frame, so there is nothing to interpolate; .* folder'
    done
    works -i two -o out.mkv -y --factor 1
    says 'two pictures last 0.08 s .* --input-rate 1'
    fails 2 '2 inputs .* one film of pictures' two/f1.png two/f2.png -o out.mkv
    # For encoders with few frame rates, the message names the nearest.
    synth in.mkv 0.1 24 64x48
    fails 8 'mpeg1video refuses .* try -r 50,' -i in.mkv -o out.mpg -c:v mpeg1video
    works -i in.mkv -o out.mpg -c:v mpeg1video -r 50
    synth in.mp4 0.08 25 64x48
    works -i in.mp4 -o out.mpg -y -c:v mpeg2video --x2
    synth large.mkv 0.04 25 256x144
    fails 8 'dnxhd refuses .* try -e profile=dnxhr_hq,' -i large.mkv -o out.mov -c:v dnxhd
    works -i large.mkv -o out.mov -c:v dnxhd -e profile=dnxhr_hq --factor 1
    ;;
gif-rate)
    # Players show a frame of a GIF for at least 2/100 s; a shorter one lasts 10/100 s. So
    # a faster output has 50 frames per second, and lasts as long as the input.
    delays() { # FILE: prints the delays as players understand them
        ffprobe -v error -show_entries packet=duration -of csv=p=0 "$1" | tr '\n' ' '
    }
    synth in.mkv 0.18 33 32x24 -c:v ffv1
    for asked in '--x2' '-r 60'; do
        works -i in.mkv -o fast.gif $asked -y
        says 'fast\.gif: players show at most 50 frames per second .* has 50, not 6'
        same "$(delays fast.gif)" '2 2 2 2 2 2 2 2 2 ' "delays of $asked"
    done
    # Slow motion of a film with a high frame rate.
    synth fast.mkv 0.1 100 32x24 -c:v ffv1
    works -i fast.mkv -o slow.gif --x2 --slowmo
    says 'has 50, not 100'
    same "$(delays slow.gif)" '2 2 2 2 2 2 2 2 2 2 ' 'delays of slow motion'
    # If a variable rate puts frames too close together, new ones are left out.
    quiet_ffmpeg -f lavfi -i testsrc2=s=32x24:r=100:d=0.25 \
        -vf "select='eq(n,0)+eq(n,3)+eq(n,12)+eq(n,15)+eq(n,24)'" -fps_mode vfr \
        -c:v mpeg4 varies.mp4
    works -i varies.mp4 -o varies.gif --x2
    says '2 frames are left out'
    same "$(delays varies.gif)" '3 5 4 3 5 4 5 4 ' 'delays of varying frames'
    ;;
gif-palette)
    # The palette is chosen for the film: a fixed one has only a few colours for this.
    quiet_ffmpeg -f lavfi -i "gradients=s=96x64:r=10:d=0.3:c0=#203060:c1=#4060a0:x0=0:y0=0:x1=95:y1=63:n=2:speed=0.01:seed=1" \
        -c:v ffv1 -pix_fmt yuv444p in.mkv
    works -i in.mkv -o out.gif
    grep -q 'without libavfilter' stderr && { echo 'skipped: no libavfilter'; exit 77; }
    quality() { # FILE: prints the PSNR of its first frame
        ffmpeg -nostdin -v info -i "$1" -i in.mkv -lavfi \
            '[0]format=rgb24,select=eq(n\,0)[a];[1]format=rgb24,select=eq(n\,0)[b];[a][b]psnr' \
            -f null - 2>&1 | sed -n 's/.*average:inf.*/99/p; s/.*average:\([0-9]*\)\..*/\1/p'
    }
    works -i in.mkv -o fixed.gif --pix-fmt rgb8
    [ "$(quality out.gif)" -gt "$(($(quality fixed.gif) + 10))" ] ||
        fail "$(quality out.gif) dB, and $(quality fixed.gif) dB by the fixed table"
    # There is one palette for all frames; at most the first frame repeats it.
    python3 - out.gif <<'END' || fail 'several palettes'
import sys
data = open(sys.argv[1], "rb").read()
at, local = 13 + (3 << (data[10] % 8 + 1) if data[10] & 0x80 else 0), 0
assert data[10] & 0x80
while data[at] != 0x3B:
    if data[at] == 0x2C:
        local += data[at + 9] >> 7
        at += 10 + (3 << (data[at + 9] % 8 + 1) if data[at + 9] & 0x80 else 0) + 1
    else:
        at += 2
    while data[at]:
        at += 1 + data[at]
    at += 1
assert local <= 1, local
END
    # Transparent pixels stay transparent.
    quiet_ffmpeg -f lavfi -i testsrc2=s=32x24:r=10:d=0.3 -vf 'format=rgba,geq=r=200:g=100:b=50:a=255*lt(X\,16),format=rgba' \
        -c:v png -pix_fmt rgba clear.mkv
    works -i clear.mkv -o clear.gif
    same "$(ffmpeg -nostdin -v error -i clear.gif -vf alphaextract,format=gray -f rawvideo - |
        od -An -v -tu1 -w32 | sort -u | tr -s ' ')" \
        "$(printf ' 255%.0s' $(seq 16))$(printf ' 0%.0s' $(seq 16))" 'alpha'
    ;;
esac
no_leftovers
