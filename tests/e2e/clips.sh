#!/bin/sh
# Compares the generated clips with the golden manifests in tests/golden/clips: made by
# the plain kernels, and by the fast ones in every way of running them.
# Usage: clips.sh CASE CLIPS      CLIPS: the program golden_clips
#        clips.sh update CLIPS    rewrites the manifests after a change of the model
. "$(dirname "$0")/lib.sh"

golden=$tests/golden/clips
names=$("$2" . 64 48 3)

case $1 in
update)
    for name in $names; do
        works -i $name.y4m -f null --tail drop --deterministic --golden "$golden/$name" \
            --update-golden
        grep golden.json stderr
    done
    ;;
golden)
    for name in $names; do
        works -i $name.y4m -f null --tail drop --deterministic --golden "$golden/$name"
        says '5 frames are the golden ones \(exact; 5 identical'
    done
    same "$(ls "$golden" | wc -l)" "$(echo "$names" | wc -w)" 'manifests'
    ;;
truth) # in-betweens are near the truth where motion can be found
    for name in lines contrast fine-slow large-motion; do
        works -q -i $name.y4m -o $name.out.y4m --tail drop
        run -q --compare $name.truth.y4m $name.out.y4m --min-psnr 17
        same $status 0 "$name: $(cat stdout)"
    done
    works -q -i static.y4m -o static.out.y4m --tail drop
    run -q --compare static.truth.y4m static.out.y4m --max-abs 0
    same $status 0 static
    ;;
matrix) # threads, bands: the same bytes
    sh "$tests/../bench/golden/matrix.sh" "$RIFEC" text.y4m threads=1,2,3 tile=off,32 >cells ||
        fail "$(cat cells)"
    same "$(grep -c identical cells)" 5
    ;;
*) fail "no case $1" ;;
esac
