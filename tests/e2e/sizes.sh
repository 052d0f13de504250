# Every width and height from 2 up, odd and prime ones too.
. "$(dirname "$0")/lib.sh"

# picture SIZE FORMAT: makes four moving frames in in.nut.
picture() {
    quiet_ffmpeg -f lavfi -i "testsrc2=s=256x256:r=25:d=0.16" -vf "scale=$(echo $1 | tr x :),format=$2" \
        -c:v rawvideo in.nut
}

case $1 in
*x*)
    for format in yuv420p yuv410p yuv422p10le rgb24; do
        picture $1 $format
        works -y -i in.nut -o out.nut -c:v rawvideo --kernels dnn
        same "$(entry out.nut v:0 width,height | tr '\n' x)" "$1x" "size in $format"
        same "$(count out.nut)" 8 "frames in $format"
        frame_sums out.nut $format | sed -n 'p;n' >kept
        same "$(cat kept)" "$(frame_sums in.nut $format)" "original frames in $format"
    done
    ;;
tile)
    # In bands of rows the result is the same, bit by bit if additions keep their order.
    picture 48x285 yuv420p
    works -i in.nut -o whole.nut -c:v rawvideo --kernels c --tile off --frames 2
    works -i in.nut -o bands.nut -c:v rawvideo --kernels c --tile 32 --frames 2
    same "$(frame_sums bands.nut yuv420p)" "$(frame_sums whole.nut yuv420p)" 'pictures'
    works -y -v -i in.nut -o bands.nut -c:v rawvideo --tile 64 --frames 2
    says '48x285 needs [0-9]+ MiB'
    fails 2 '--tile takes auto, off or a number of rows' -i in.nut -o out.nut --tile 5
    ;;
short)
    # Without an option, bands are used only if the whole picture does not fit into
    # memory. A limit on the process makes this testable on any machine.
    quiet_ffmpeg -f lavfi -i testsrc2=s=1920x1080:r=25:d=0.08 -c:v rawvideo -pix_fmt yuv420p in.nut
    limit=1000000 # KiB
    flags='-i in.nut -c:v rawvideo --device cpu --threads 2'
    until (ulimit -v $limit && works -y $flags -o bands.nut --frames 1) &&
        grep -q 'memory is short' stderr; do
        limit=$((limit - 60000))
        [ $limit -gt 400000 ] || fail 'never in bands'
    done
    (ulimit -v $limit && works -y $flags -o bands.nut --frames 2)
    rows=$(sed -n 's/.*memory is short: processing \([0-9]*\) rows.*/\1/p' stderr)
    works $flags -o same.nut --tile "$rows" --frames 2
    same "$(frame_sums bands.nut yuv420p)" "$(frame_sums same.nut yuv420p)" 'pictures'
    # If there is no memory even for bands, a message says so; there is no crash.
    (ulimit -v $((limit - 250000)) && fails 7 'cannot (allocate|start)|no memory' $flags -o out.nut)
    [ ! -e out.nut ] || fail 'an output'
    ;;
refused)
    for size in 1x1 1x7 7x1 16386x4; do
        picture $size gray
        fails 3 "in\.nut: a picture of $size" -i in.nut -o out.mkv -c:v ffv1
        [ ! -e out.mkv ] || fail 'an output of nothing'
    done
    ;;
esac
no_leftovers
