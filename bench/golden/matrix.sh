#!/bin/sh
# Interpolates the same film in every combination of settings that must not change its
# frames, or only within a bound.
#
#   bench/golden/matrix.sh RIFEC CLIP [threads=1,2] [tile=off,64] [in-flight=1,2]
#                          [device=cpu,cuda] [precision=fp32,fp16] [scale=1]
#
# The first cell, and the first of each device and precision, is the reference. Cells of
# one device and precision must be identical; FP32 on two devices may differ by one sample
# value; FP16 must reach 50 dB. Prints a line for each cell, and ends with 9 if one is out
# of bounds.
set -eu

rifec=$1 clip=$2
shift 2
threads='1 2' tile='off 64' in_flight=1 device=cpu precision=fp32 scale=1
for word in "$@"; do
    values=$(echo "${word#*=}" | tr ',' ' ')
    case $word in
    threads=*) threads=$values ;;
    tile=*) tile=$values ;;
    in-flight=*) in_flight=$values ;;
    device=*) device=$values ;;
    precision=*) precision=$values ;;
    scale=*) scale=$values ;;
    *) echo "matrix.sh: what is '$word'?" >&2; exit 2 ;;
    esac
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0 first=true

# cell GOLDEN TOLERANCE OPTIONS...: "identical", "within", or "DIFFERENT".
cell() {
    golden=$1 tolerance=$2
    shift 2
    "$rifec" -q -i "$clip" -f null "$@" --golden "$golden" --golden-tolerance "$tolerance" \
        --golden-report "$folder/r.json" 2>"$folder/words" || {
        cat "$folder/words" >&2
        printf 'DIFFERENT'
        return 0
    }
    if grep -q '"within":[^0-9]*0,' "$folder/r.json"; then
        printf 'identical'
    else
        printf 'within %s (lowest %s dB)' "$tolerance" \
            "$(sed -n 's/.*"lowest_psnr_db":[^0-9]*\([0-9.]\{1,6\}\).*/\1/p' "$folder/r.json")"
    fi
}

for d in $device; do
    for p in $precision; do
        own=
        for s in $scale; do for t in $threads; do for l in $tile; do for n in $in_flight; do
            set -- --device "$d" "--$p" --scale "$s" --threads "$t" --tile "$l" --in-flight "$n"
            own=$folder/$d-$p-$s
            if [ ! -e "$own" ]; then
                "$rifec" -q -i "$clip" -f null "$@" --golden "$own" --update-golden --golden-frames
                if $first || [ "$s" != "${s0:-}" ]; then
                    reference=$own verdict=reference s0=$s
                else
                    case $p in
                    fp32) verdict=$(cell "$reference" oneoff "$@") ;;
                    *) verdict=$(cell "$reference" psnr=50 "$@") ;;
                    esac
                fi
                first=false
            else
                verdict=$(cell "$own" exact "$@")
            fi
            [ "$verdict" != DIFFERENT ] || status=9
            printf '%-6s %s scale=%s threads=%s tile=%s in-flight=%s: %s\n' \
                "$d" "$p" "$s" "$t" "$l" "$n" "$verdict"
        done; done; done; done
    done
done
exit $status
