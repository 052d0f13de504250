#!/bin/sh
# A CI job: every clip of a folder is held to its golden frames. Reports go to a folder that
# the CI server keeps.
#
#   ci.sh CLIPS GOLDEN REPORTS            compare
#   ci.sh CLIPS GOLDEN REPORTS --update   make the golden frames again
#
# Needs no GPU and gives the same frames on every machine (--deterministic). Exit status: 0
# if all clips are the golden ones, 9 if one is not, another if one could not be run.
set -eu

clips=$1 golden=$2 reports=$3
mkdir -p "$reports"
status=0
for clip in "$clips"/*; do
    [ -f "$clip" ] || continue
    name=$(basename "$clip")
    one=0
    if [ "${4:-}" = --update ]; then
        "${RIFEC:-rifec}" -q -i "$clip" -f null --deterministic \
            --golden "$golden/$name" --update-golden --golden-frames || one=$?
    else
        "${RIFEC:-rifec}" -q -i "$clip" -f null --deterministic --golden "$golden/$name" \
            --golden-report "$reports/$name.html" \
            --golden-report "$reports/$name.xml" || one=$?
    fi
    [ $one = 0 ] || echo "$name: status $one" >&2
    [ $one -le $status ] || status=$one
done
exit $status
