#!/bin/sh
# Runs rifec on real clips in a plain loop, and compares input and output as ffprobe
# reports them: the table of docs/fidelity.md. It takes minutes, so it is run by hand.
#
#   tests/clips.sh RIFEC CLIPS [OUTPUTS]
#
# CLIPS has videos in eval/ and images in other folders. Outputs are kept in OUTPUTS, if
# that is given. Exit status 0 if all agree, 1 if one does not, 77 without clips.
set -u

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
rifec=$(realpath "$1") clips=$2
judge=$(realpath "$(dirname "$0")")/clips.py
[ -d "$clips/eval" ] || { echo "skipped: no $clips/eval"; exit 77; }
if [ $# -gt 2 ]; then
    out=$(realpath "$3")
    mkdir -p "$out"
else
    out=$(mktemp -d)
    trap 'rm -rf "$out"' EXIT
fi
status=0

echo '| clip | streams | frames | picture, s | file, s | ffprobe |'
echo '|---|---|---|---|---|---|'
for clip in "$clips"/eval/*; do
    name=${clip##*/}
    [ "${name##*.}" != y4m ] || name=$name.mkv # y4m has no presets
    "$rifec" -q -y -i "$clip" -o "$out/$name" --x2 --preset ultrafast --deinterlace auto \
        --strict --stats "$out/$name.json" &&
        python3 "$judge" video "$clip" "$out/$name" "$out/$name.json" || status=1
done

# films SET PATTERN...: two or three images of each set become four or six.
films() {
    set=$1 films=0 bad=0
    shift
    for film; do
        name=$(echo "$set-$film" | tr '/%' '--')
        rm -rf "${out:?}/$name"
        "$rifec" -q -i "$film" -o "$out/$name/f%d.png" --x2 2>"$out/said" &&
            python3 "$judge" pictures "$film" "$out/$name/f%d.png" ||
            { cat "$out/said"; bad=$((bad + 1)); } >&2
        films=$((films + 1))
    done
    echo "| $set, $films films | png | n to 2n | | | $([ $bad = 0 ] && echo agrees || echo $bad differ) |"
    [ $bad = 0 ] || status=1
}

cd "$clips" || exit 1
films middlebury_other $(printf '%s/frame%%d.png ' middlebury_other/*)
films ucf101_subset $(printf '%s/frame_%%02d.png ' ucf101_subset/*)
films rife_demo rife_demo/I0_%d.png rife_demo/I1_%d.png rife_demo/I2_%d.png
films vimeo90k_sample vimeo90k_sample/im%d.png
exit $status
