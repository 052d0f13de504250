#!/bin/sh
# Runs the tests that need a GPU: those of label gpu, then the op tests under
# compute-sanitizer (fewer cases). It ends with a short table.
#
#   tests/gpu.sh BUILD [memcheck|racecheck|initcheck|synccheck...]
#
# BUILD is a build folder, or one that tests/gpu_pack.sh made, which holds only the
# programs. Without tools named: memcheck, racecheck and initcheck. `none`: none.
set -u

tests=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: tests/gpu.sh BUILD [TOOL...]}
shift
tools=${*:-memcheck racecheck initcheck}
ops=$(cat "$build/tests/ops") || exit 2
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export LD_LIBRARY_PATH="$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
table= failed=0

# run TITLE COMMAND...: adds a row to the table; the output is shown if the command fails.
run() {
    title=$1
    shift
    began=$(date +%s.%N)
    timeout 300 "$@" >"$logs/log" 2>&1
    status=$?
    took=$(echo "$(date +%s.%N) $began" | awk '{printf "%.1f", $1 - $2}')
    case $status in
    0) verdict=passed ;;
    77) verdict=skipped ;;
    *)
        verdict="FAILED ($status)"
        failed=$((failed + 1))
        echo "--- $title"
        head -n 40 "$logs/log"
        ;;
    esac
    table="$table
$(printf '%-12s %6ss  %s' "$verdict" "$took" "$title")"
}

# The programs, with the same arguments as in engine.cmake.
for op in $ops; do
    run "$op" "$build/tests/test_$op" --cuda
done
if [ -x "$build/tests/test_cudnn" ]; then # in LD_LIBRARY_PATH, or skipped
    run cudnn "$build/tests/test_cudnn"
fi
if [ -x "$build/tests/test_golden_c" ]; then
    for precision in fp32 tf32 fp16; do
        for kernels in auto ref cudnn; do
            [ $precision-$kernels != tf32-ref ] || continue
            run "golden, $precision, $kernels kernels" \
                "$build/tests/test_golden_c" "$tests/golden" $precision $kernels
            grep -E 'block 3|frame|^[a-z]' "$logs/log"
        done
    done
fi
clip=$build/data/lotus.y4m
if [ ! -e "$clip" ] && command -v ffmpeg >/dev/null; then
    clip=$logs/lotus.y4m
    ffmpeg -v error -i "$tests/data/lotus.mp4" -frames:v 6 -pix_fmt yuv420p "$clip"
fi
[ -e "$clip" ] || clip=
if [ -x "$build/tests/test_engine_cuda" ]; then
    run engine "$build/tests/test_engine_cuda" cuda ${clip:+"$clip"}
    grep -E 'against|^check' "$logs/log"
fi
if [ -x "$build/tests/test_precision" ]; then
    run 'FP16 against FP32' "$build/tests/test_precision" --sizes 1080,4320 ${clip:+"$clip"}
    cat "$logs/log"
fi

# If the program is here: decoding on the GPU, and whole jobs.
if [ -x "$build/rifec" ]; then
    for case in doctor h264 hevc hevc10 hevc12 vp9 av1 part pipeline encoder cut; do
        run "nvdec, $case" env RIFEC="$build/rifec" sh "$tests/gpu/nvdec.sh" $case
        grep '^skipped' "$logs/log"
    done
fi

export RIFEC_TEST_QUICK=1
for tool in $tools; do
    case $tool in
    none) continue ;;
    # Memory is not poisoned here, so initcheck finds data that is read before it is
    # written; the harness itself reads all of an output.
    initcheck) options='--check-api-memory-access no' poison='env RIFEC_TEST_UNPOISONED=1' ;;
    *) options= poison= ;;
    esac
    for op in $ops; do
        # The lanes of a warp wait for each other, and one arrives at the barrier for all,
        # which racecheck does not see. With every lane arriving, it finds nothing
        # (2026-11-29).
        if [ "$op-$tool" = tail-racecheck ]; then
            run "$op, $tool" sh -c 'exit 77'
            continue
        fi
        run "$op, $tool" $poison compute-sanitizer --tool "$tool" $options \
            --error-exitcode 9 --print-limit 5 "$build/tests/test_$op" --cuda
    done
    if [ "$tool" = memcheck ] && [ -x "$build/tests/test_engine_cuda" ]; then
        run 'engine, memcheck' compute-sanitizer --error-exitcode 9 --print-limit 5 \
            "$build/tests/test_engine_cuda" cuda
    fi
done

printf '\ntests/gpu.sh: %s%s\n' "$(nvidia-smi -L 2>/dev/null | sed 's/ (UUID.*//')" "$table"
test "$failed" = 0
