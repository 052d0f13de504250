# librifec as its users see it. BETWEEN is examples/between, BUILD the build folder.
# Usage: library.sh CASE
. "$(dirname "$0")/lib.sh"

case $1 in
between)
    # The example gives the same bytes as the program does for the same pictures.
    ffmpeg -v error -i "$lotus" -vf 'scale=97:63,select=not(mod(n\,2))' -frames:v 2 -pix_fmt rgb24 in%d.ppm
    "$BETWEEN" in1.ppm in2.ppm made.ppm || fail "between ends with $?"
    works -i in%d.ppm -o out%d.ppm --device cpu --x2 --on-cut blend --scene-threshold 1
    cmp made.ppm out2.ppm || fail 'the example and the program differ'
    ! cmp -s made.ppm in1.ppm || fail 'the picture between is the first'
    "$BETWEEN" in1.ppm in2.ppm early.ppm 0.25 || fail "between ends with $?"
    ! cmp -s made.ppm early.ppm || fail 'T is not looked at'
    # The library reports what it cannot do.
    printf 'P6 4 4 255 %048d' 0 >other.ppm
    ! "$BETWEEN" in1.ppm other.ppm made2.ppm 2>stderr || fail 'two sizes'
    says 'frame: 4x4, but the engine was opened for 97x63'
    ! "$BETWEEN" in1.ppm in2.ppm made2.ppm 1.5 2>stderr || fail 'T beyond the second'
    says 'timestep 1.5'
    [ ! -e made2.ppm ] || fail 'a file of nothing'
    ;;
page)
    # The program of docs/library.md compiles without warnings, runs, and gives the right
    # result.
    sed -n '/^```c$/,/^```$/p' "$tests/../docs/library.md" | grep -v '^```' >page.c
    cc -std=c11 -Wall -Wextra -Werror -I "$tests/../include" page.c -o page \
        -L "$BUILD/src" -lrifec -Wl,-rpath,"$BUILD/src" || fail 'the program of docs/library.md'
    same "$(./page)" 'the square begins at 44'
    ;;
esac
