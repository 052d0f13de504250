#!/bin/sh
# Packs everything that tests/gpu.sh and the benchmarks need from a build into one
# archive, for a machine with a GPU that has neither our libraries nor an hour to compile:
#
#   cmake -S . -B build-gpu -DRIFEC_DNN=OFF -DRIFEC_CUDA=ON -DRIFEC_CUDA_ARCHITECTURES=90a-real
#   cmake --build build-gpu
#   tests/gpu_pack.sh build-gpu gpu.tar.xz
#
# The programs are stripped; the archive has their libraries, except libc's.
set -eu

build=${1:?usage: gpu_pack.sh BUILD ARCHIVE} archive=${2:?usage: gpu_pack.sh BUILD ARCHIVE}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tests" "$folder/bench" "$folder/lib" "$folder/data"
ffmpeg -v error -i "$(dirname "$0")/data/lotus.mp4" -frames:v 6 -pix_fmt yuv420p \
    "$folder/data/lotus.y4m"
for program in "$build"/tests/test_* "$build"/bench/bench_*; do
    [ -x "$program" ] && [ ! -d "$program" ] || continue
    # Programs that need FFmpeg are left out.
    ldd "$program" | grep -q 'libav' && continue
    strip -o "$folder/${program#"$build"/}" "$program"
    for library in $(ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'); do
        case $library in
        */libc.so* | */libm.so* | */libpthread.so* | */libdl.so* | */librt.so*) ;;
        *) cp -n "$library" "$folder/lib/" ;;
        esac
    done
done
cp "$build/tests/ops" "$folder/tests/"
tar -cf - -C "$folder" . | xz -T2 -6 --lzma2=dict=128MiB >"$archive"
ls -l "$archive"
