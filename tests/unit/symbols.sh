#!/bin/sh
# The visible symbols of librifec are the functions of its headers, in the shared library
# and in the archive, because a program may have functions with our internal names. Usage:
# symbols.sh ROOT SHARED STATIC
root=$1 shared=$2 static=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

cat "$root"/include/rifec/*.h | sed 's|/\*.*\*/||' |
    awk '/^RIFEC_API/ { line = ""; on = 1 }
         on { line = line " " $0 }
         on && /\(/ { sub(/\(.*/, "", line); n = split(line, word, /[ *]+/); print word[n]; on = 0 }' |
    sort >"$folder/declared"
[ "$(wc -l <"$folder/declared")" -gt 15 ] || { echo 'cannot read the headers'; exit 1; }
grep -v '^rifec_' "$folder/declared" && failed=1

compare() { # what, nm's options and file
    what=$1
    shift
    nm --defined-only "$@" | awk 'NF == 3 && $2 != "U" { print $3 }' | sort >"$folder/visible"
    diff "$folder/declared" "$folder/visible" >"$folder/diff" ||
        { echo "$what: '<' is in the headers only, '>' in the library only"; cat "$folder/diff"; failed=1; }
}
compare 'librifec.so' -D "$shared"
compare 'librifec.a' -g "$static"
objdump -p "$shared" | grep -q 'SONAME *librifec\.so\.[0-9]' || { echo 'no SONAME'; failed=1; }
exit $failed
