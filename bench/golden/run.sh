#!/bin/sh
# Runs rifec over clips whose true in-betweens are known, and reports the quality of the
# in-betweens and, on a GPU, the difference between FP16 and FP32. Needs only the build.
#
#   bench/golden/run.sh BUILD OUT [--size WxH] [rifec's options]
#
# Leaves the clips in OUT, with a page for each and report.md, which is also printed. Ends
# with 9 if an in-between in FP16 is below 50 dB against FP32.
set -eu

build=$(cd "$1" && pwd) out=$2
shift 2
size='640 360'
if [ "${1:-}" = --size ]; then
    size=$(echo "$2" | tr x ' ')
    shift 2
fi
mkdir -p "$out"
cd "$out"
rifec=$build/rifec
names=$("$build/bench/golden/golden_clips" . $size 6)
gpu=false
"$rifec" --list-devices 2>/dev/null | grep -q cuda && gpu=true

# truth CLIP FILE: prints "mean lowest" PSNR against the true frames.
truth() {
    "$rifec" -q --compare "$1.truth.y4m" "$2" |
        sed 's/.*PSNR \([0-9.]*\) dB (lowest \([0-9.]*\)).*/\1 \2/'
}

status=0
make_report() {
    version=$("$rifec" --version)
    printf '%s; clips of %s, 6 frames each, x2\n\n' "$(echo "$version" | head -n 1)" "$size"
    if $gpu; then
        echo '| clip | FP32, dB | lowest | FP16, dB | lowest | FP16 against FP32, lowest dB | largest difference |'
        echo '|---|---|---|---|---|---|---|'
    else
        echo '| clip | PSNR, dB | lowest |'
        echo '|---|---|---|'
    fi
    for name in $names; do
        "$rifec" -q -y -i "$name.y4m" -o "$name.fp32.y4m" --tail drop --fp32 "$@" \
            --golden "golden/$name" --update-golden --golden-frames
        row="| $name | $(truth "$name" "$name.fp32.y4m" | sed 's/ / | /')"
        if $gpu; then
            "$rifec" -q -y -i "$name.y4m" -o "$name.fp16.y4m" --tail drop --fp16 "$@"
            # Runs once more, because an output that differs from its golden frames gets
            # no name.
            "$rifec" -q -i "$name.y4m" -f null --tail drop --fp16 "$@" \
                --golden "golden/$name" --golden-tolerance psnr=50 \
                --golden-report "$name.html" --golden-report "$name.json" || status=$?
            row="$row | $(truth "$name" "$name.fp16.y4m" | sed 's/ / | /')"
            row="$row | $(sed -n 's/.*"lowest_psnr_db":[^0-9]*\([0-9.]\{1,6\}\).*/\1/p' "$name.json")"
            row="$row | $(sed -n 's/^[^"]"max_abs":[^0-9]*\([0-9]*\).*/\1/p' "$name.json" | head -n 1)"
        fi
        echo "$row |"
    done
}
make_report "$@" >report.md
cat report.md
exit $status
