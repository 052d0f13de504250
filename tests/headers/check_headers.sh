#!/bin/sh
# Compiles every header alone: the public ones as C11 and as C++, the others as
# C17. Usage: check_headers.sh COMPILER ROOT [include folders of libraries]
set -u
compiler=$1 root=$2
shift 2
libraries=
for folder in "$@"; do
    libraries="$libraries -isystem $folder"
done
warnings='-Wall -Wextra -Wpedantic -Werror -fsyntax-only'
failed=0

check() { # check HEADER LANGUAGE [OPTIONS]: compiles a file that includes the header
    header=$1 name=$2
    shift 2
    echo "#include \"$name\"" | "$compiler" $warnings "$@" - ||
        { echo "$header does not compile alone ($*)"; failed=1; }
}

# gcc compiles C++ only where g++ is installed.
languages=c11
if echo 'int x;' | "$compiler" -x c++ -fsyntax-only - 2>/dev/null; then
    languages='c11 c++11'
fi

cd "$root" || exit 1
for header in include/rifec/*.h; do
    for standard in $languages; do
        check "$header" "${header#include/}" -x "${standard%11}" -std="$standard" -Iinclude
    done
done
# CUDA's headers do not exist on every machine.
for header in $(find src -name '*.h' ! -path '*/cuda/*' ! -path '*/cudnn/*'); do
    check "$header" "${header#src/}" -x c -std=c17 -Iinclude -Isrc $libraries
done
exit $failed
