# Transparency between decoder and encoder.
. "$(dirname "$0")/lib.sh"

# cutout FILE [encoder options]
cutout() {
    file=$1
    shift
    python3 "$tests/e2e/pattern.py" cutout 96 50 3 |
        quiet_ffmpeg -f rawvideo -pix_fmt rgba -s 96x50 -r 25 -i - "$@" "$file"
}

# alpha_sums FILE: prints one checksum of the transparency for each frame.
alpha_sums() {
    ffmpeg -nostdin -v error ${decoder:-} -i "$1" -map 0:v -vf alphaextract,format=gray -vsync passthrough \
        -f framemd5 - | sed '/^#/d; s/.*, *//'
}

case $1 in
opaque)
    # Motion across the edges and a height that is padded: opaque pixels stay opaque.
    quiet_ffmpeg -i "$lotus" -frames:v 3 -vf 'crop=160:90,format=rgba' -c:v rawvideo in.nut
    works -i in.nut -o out.nut -c:v rawvideo --x3
    same "$(alpha_sums out.nut | sort -u | wc -l)" 1 'different transparencies'
    ;;
palette)
    # A palette can be transparent; it becomes a format with alpha.
    cutout in.gif -vf 'split[a][b];[a]palettegen[p];[b][p]paletteuse'
    works -i in.gif -o out.mkv -c:v ffv1
    same "$(entry out.mkv v:0 pix_fmt)" bgra 'pixel format'
    alpha_sums in.gif >given
    alpha_sums out.mkv | sed -n 'p;n' >kept
    same "$(cat kept)" "$(cat given)" 'transparency of the originals'
    ;;
prores)
    cutout in.mov -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le
    works -i in.mov -o out.mov -c:v prores_ks -e profile=4444
    case $(entry out.mov v:0 pix_fmt) in yuva444p1*) ;; *) fail 'no alpha in ProRes 4444' ;; esac
    same "$(alpha_sums out.mov | sed -n 'p;n')" "$(alpha_sums in.mov)" 'transparency of the originals'
    ;;
vp9)
    ffmpeg -v error -decoders | grep -q libvpx-vp9 || { echo 'skipped: no libvpx'; exit 77; }
    cutout in.webm -c:v libvpx-vp9 -pix_fmt yuva420p -lossless 1
    works -i in.webm -o out.webm -c:v libvpx-vp9 -e lossless=1
    decoder='-c:v libvpx-vp9'
    same "$(alpha_sums out.webm | sed -n 'p;n')" "$(alpha_sums in.webm)" 'transparency of the originals'
    ;;
lost)
    # An encoder without alpha gets the colours, and a message says so.
    cutout in.mov -c:v qtrle -pix_fmt argb
    works -i in.mov -o out.mkv --preset ultrafast
    says 'libx264 gets .*, converted from argb; transparency is lost'
    cutout in.mkv -c:v ffv1 -pix_fmt yuva420p
    works -y -i in.mkv -o out.mkv -e qp=0
    says 'libx264 gets yuv420p, converted from yuva420p; transparency is lost'
    frame_sums in.mkv yuv420p >given
    frame_sums out.mkv yuv420p | sed -n 'p;n' >kept
    same "$(cat kept)" "$(cat given)" 'colours of the originals'
    ;;
esac
