#!/bin/sh
# Plants one fault each in conversion, timeline, warp, merge and chroma, and checks that
# the golden run of the generated clips fails.
#
#   tests/plant.sh [FOLDER]     FOLDER: where to build; kept, so that a second run is quick
#
# Ends with 1 if a fault is not noticed or can no longer be planted.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
tree=$folder/tree

fresh() {
    mkdir -p "$tree"
    for part in CMakeLists.txt src include kernels weights bench packaging tests; do
        cp -Rpu "$root/$part" "$tree/"
    done
}

build() {
    cmake -S "$tree" -B "$folder/build" -G Ninja -DRIFEC_CUDA=OFF -DRIFEC_DNN=OFF \
        -DRIFEC_TESTS=OFF >"$folder/log" 2>&1 &&
        cmake --build "$folder/build" --target rifec golden_clips >"$folder/log" 2>&1 ||
        { cat "$folder/log"; exit 1; }
}

golden() {
    RIFEC=$folder/build/rifec sh "$root/tests/e2e/clips.sh" golden \
        "$folder/build/bench/golden/golden_clips" >"$folder/verdict" 2>&1
}

missed=0
# plant NAME FILE PATTERN REPLACEMENT: applies sed's s command, which must change the
# file.
plant() {
    file=$tree/src/$2
    cp "$file" "$folder/kept"
    sed -i "s|$3|$4|" "$file"
    if cmp -s "$file" "$folder/kept"; then
        echo "$1: cannot be planted, src/$2 has changed"
        missed=$((missed + 1))
        return
    fi
    build
    if golden; then
        echo "$1: NOT NOTICED"
        missed=$((missed + 1))
    else
        echo "$1: noticed ($(grep -o 'golden.json: [0-9]* of [0-9]* frames differ' "$folder/verdict" | head -n 1))"
    fi
    cp "$folder/kept" "$file"
}

fresh
build
golden || { cat "$folder/verdict"; echo 'the golden run fails without a fault'; exit 1; }
echo 'no fault: passes'
plant conversion model/yuv.c 'limited ? 219 \* unit' 'limited ? 220 * unit'
plant timeline pipeline/timeline.c '+ tl->gap \* phase,' '+ tl->gap * phase + (phase > 0),'
plant warp engine/cpu/sample.h '(float)x + flow\[0\]' '(float)x + 0.02f + flow[0]'
plant merge engine/cpu/blend.c 'rgba1\[c\] \* (1 - m)' 'rgba1[c] * (0.99f - m)'
plant chroma engine/cpu/store.c 'cb\[x\] = (rgb\[2\] - luma)' 'cb[x] = (rgb[1] - luma)'
exit $((missed > 0))
