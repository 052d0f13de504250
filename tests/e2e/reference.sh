# Compares the lines "stream, dts, pts, duration, size, checksum" of every frame with
# those in tests/ref. The input is computed, the C kernels give one result on every
# machine, and FFV1 loses nothing: any difference is a change.
#
#   reference.sh CASE [update]
. "$(dirname "$0")/lib.sh"

case $1 in
x2) size='66 50' flags=--x2 ;;
x5-2) size='64 32' flags='--factor 5/2' ;;
scale) size='64 64' flags='--x2 --scale 0.5' ;;
esac
python3 "$tests/e2e/pattern.py" moving $size 4 >in.y4m
works -i in.y4m -o out.mkv $flags --kernels c --device cpu -c:v ffv1
ffmpeg -nostdin -v error -i out.mkv -vsync passthrough -enc_time_base 1:1000 -f framemd5 - | sed '/^#/d' >lines
[ "${2:-}" != update ] || cp lines "$tests/ref/$1.txt"
diff -u "$tests/ref/$1.txt" lines || fail "not the frames of tests/ref/$1.txt"
