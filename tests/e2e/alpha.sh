# Transparency is carried in every format that has it: the originals are unchanged, and in
# the in-betweens it moves with the picture instead of fading.
. "$(dirname "$0")/lib.sh"

format=$1

# alpha_of FILE: writes its transparency as a gray film.
alpha_of() {
    quiet_ffmpeg -i "$1" -vf alphaextract,format=gray -vsync passthrough -c:v ffv1 "${1%.nut}.alpha.mkv"
}

# The input is every second frame; the frames between them are known.
python3 "$tests/e2e/pattern.py" cutout 96 64 7 |
    quiet_ffmpeg -f rawvideo -pix_fmt rgba -s 96x64 -r 50 -i - -vf "format=$format" \
        -c:v rawvideo truth.nut
quiet_ffmpeg -i truth.nut -vf "select='not(mod(n,2))'" -r 25 -c:v rawvideo in.nut
works -i in.nut -o out.nut -c:v rawvideo --x2
same "$(entry out.nut v:0 pix_fmt)" "$format" 'pixel format'
! grep -q 'lost' stderr || fail 'nothing is lost'
frame_sums out.nut "$format" | sed -n 'p;n' >kept
same "$(cat kept)" "$(frame_sums in.nut "$format")" 'original frames'
alpha_of truth.nut
alpha_of out.nut
judge recovers truth.alpha.mkv out.alpha.mkv
