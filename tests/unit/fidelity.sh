#!/bin/sh
# Every test that docs/fidelity.md and docs/testing.md name as proof exists.
# Usage: fidelity.sh ROOT BUILD
set -eu
names=$(mktemp)
trap 'rm -f "$names"' EXIT
ctest --test-dir "$2" -N | sed -n 's/.*#[0-9]*: //p' >"$names"
grep -qx e2e/install/files "$names" || { echo 'skipped: not all tests are built'; exit 77; }

# Takes the last cell of each row in tables whose heading ends in "test".
awk -F'|' '/^\|/ { cell = $(NF - 1); if (!row++) proof = cell ~ /^ test $/
                   if (proof && row > 2) print cell; next } { row = 0 }' \
    "$1/docs/fidelity.md" "$1/docs/testing.md" |
    while read -r cell; do
        folder=
        echo "$cell" | grep -o '`[^`]*`' | tr -d '`' | while read -r name; do
            # After `e2e/pipes/rate`, `raw` is e2e/pipes/raw, unless a test has that name.
            case $name in
            gpu/*) continue ;; # not on every machine
            */*) folder=${name%/*} ;;
            *) grep -qx -e "$name" "$names" || name=$folder/$name ;;
            esac
            grep -qx -e "$(echo "$name" | sed 's/\*/.*/')" "$names" || echo "no test $name"
        done
    done >"$names.missing"
cat "$names.missing"
status=0
[ ! -s "$names.missing" ] || status=1
rm -f "$names.missing"
exit $status
