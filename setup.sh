#!/bin/sh
# Builds, runs and tests rifec on Debian 12/13 and Ubuntu 22.04/24.04, and
# installs with apt-get what is missing for that (as root, or through sudo).
#
#   ./setup.sh run [rifec arguments]  build and run rifec; alone: a small clip
#   ./setup.sh build                  build only, into build/rifec
#   ./setup.sh test                   build in every way and run every test but the long
#   ./setup.sh test long              run the long tests
#   ./setup.sh help                   this text
set -eu

root=$(cd "$(dirname "$0")" && pwd)
jobs=$(nproc)

to_build="gcc libc6-dev cmake ninja-build pkg-config
    libavformat-dev libavcodec-dev libswscale-dev libavutil-dev libcjson-dev"
# Without the first, convolutions are plain C: right, but many times slower. With the
# second there is --deinterlace, and --slowmo-audio.
to_build_faster="libdnnl-dev libavfilter-dev"
# ffmpeg makes the inputs of the tests and, with python3, judges the outputs.
to_test="g++ clang clang-format libomp-dev git ffmpeg python3"

say() {
    printf '== %s\n' "$*" >&2
}

die() {
    printf 'setup.sh: %s\n' "$*" >&2
    exit 1
}

# Runs a command; its words are shown only when it fails.
quietly() {
    "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
}

# --- packages ---------------------------------------------------------------

is_installed() {
    test "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed
}

missing_of() {
    for package in "$@"; do
        is_installed "$package" || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends "$@"
}

# install REQUIRED OPTIONAL: two lists of package names.
install() {
    if ! command -v apt-get >/dev/null; then
        command -v cmake >/dev/null ||
            die "no apt-get here; install the equivalents of:" $1 $2
        return
    fi
    required=$(missing_of $1)
    if [ -n "$required" ]; then
        say "installing $required"
        # What an update misses shows when a package is not found.
        as_root apt-get -qq update >/dev/null 2>&1 || true
        apt_install $required
    fi
    for package in $(missing_of $2); do
        if apt-cache show "$package" >/dev/null 2>&1; then
            say "installing $package"
            apt_install "$package"
        fi
    done
}

# --- building ---------------------------------------------------------------

# build FOLDER [CMake options]: configures once, then only when files change.
build() {
    folder=$1
    shift
    if [ $# -gt 0 ] || { [ ! -e "$folder/build.ninja" ] && [ ! -e "$folder/Makefile" ]; }; then
        quietly cmake -S "$root" -B "$folder" -G Ninja "$@" || return 1
    fi
    quietly cmake --build "$folder" -j "$jobs"
}

# --- tests ------------------------------------------------------------------

# step TITLE COMMAND...: runs it, reports its time, remembers whether it failed.
step() {
    title=$1
    shift
    say "$title"
    began=$(date +%s)
    if "$@"; then
        verdict=passed
    else
        verdict=FAILED
        failures=$((failures + 1))
    fi
    took=$(($(date +%s) - began))
    summary="$summary
  $verdict  ${took}s  $title"
}

# variant NAME "CTEST OPTIONS" [CMake options]: one build and its tests.
variant() {
    name=$1 chosen=$2
    shift 2
    build "$root/build-test/$name" -DRIFEC_WERROR=ON "$@" || return 1
    times=$root/build-test/$name/times.xml
    passed=true
    $runner ctest --test-dir "$root/build-test/$name" $chosen -j "$jobs" \
        --output-on-failure --no-tests=error --output-junit "$times" || passed=false
    slowest "$times"
    $passed
}

# slowest FILE: the ten tests that took longest, from ctest's report.
slowest() {
    sed -n 's/.*<testcase name="\([^"]*\)".* time="\([0-9.]*\)".*/\2 \1/p' "$1" | sort -rn |
        awk 'NR == 1 { print "\nThe slowest tests, in seconds:" }
             NR <= 10 { printf "%8.1f  %s\n", $1, $2 }'
}

# Versions of clang-format disagree. This one decides, where it is installed.
format_version=14

find_clang_format() {
    for format in clang-format-$format_version clang-format; do
        if $format --version 2>/dev/null | grep -q "version $format_version\."; then
            echo $format
            return
        fi
    done
    return 1
}

# What no compiler says about the files git knows.
style() (
    cd "$root"
    if [ ! -e .git ]; then
        echo 'not a git checkout: skipped'
        return
    fi
    git() {
        command git -c safe.directory="$root" "$@"
    }
    ok=true
    complain() {
        echo "$*"
        ok=false
    }
    files=$(git ls-files) || return 1
    ! git grep -nI "$(printf '\t')" || complain 'these lines have tabs'
    ! git grep -nI ' $' || complain 'these lines have trailing blanks'
    ! git grep -nIE '/(home|root|Users)/[a-z]' || complain 'these lines name paths of one machine'
    for file in $(git grep -lI ''); do
        [ -z "$(tail -c 1 "$file")" ] || complain "$file: no newline at the end"
    done
    format=$(find_clang_format) ||
        echo "formatting is not checked: it is that of clang-format $format_version, which is not here"
    for file in $files; do
        case $file in
        *.c | *.h | *.cu | *.cuh)
            [ -z "$format" ] || $format --dry-run -Werror "$file" 2>/dev/null ||
                complain "$file: not as clang-format writes it"
            ;;
        esac
    done
    $ok
)

prepare_tests() {
    install "$to_build $to_test" "$to_build_faster"
    # Tests that share a core must not spin while they wait for each other.
    export OMP_WAIT_POLICY=passive
    # ThreadSanitizer wants the memory where older kernels put it.
    runner=
    if setarch -R true 2>/dev/null; then
        runner='setarch -R'
    fi
    failures=0 summary= tests_began=$(date +%s)
}

report_tests() {
    took=$(($(date +%s) - tests_began))
    printf '\nsetup.sh test:%s\n  together %d min %d s\n' "$summary" $((took / 60)) $((took % 60))
    [ "$failures" = 0 ] || die "$failures of the steps above failed"
    echo 'everything passed'
}

# The build that every test runs in; the other variants repeat some of them.
complete="-DRIFEC_CUDA_ARCHITECTURES=75-real;80-real;90a-real"

run_tests() {
    prepare_tests
    step 'gcc, nvcc: every test but the long' variant gcc '-LE ^long$' "$complete"
    step 'clang: units, ops, network, smoke' \
        variant clang '-L ^(unit|op|model|smoke)$ -LE ^long$' -DCMAKE_C_COMPILER=clang -DRIFEC_CUDA=OFF
    step 'without oneDNN and CUDA: units, network, smoke' \
        variant plain '-L ^(unit|model|smoke)$ -LE ^long$' -DRIFEC_DNN=OFF -DRIFEC_CUDA=OFF
    step 'address and undefined behaviour sanitizers: all but the slow' \
        variant asan '-L ^(unit|op|media|fail|smoke)$ -LE ^long$' -DRIFEC_SANITIZE=address,undefined -DRIFEC_CUDA=OFF
    # libgomp is not instrumented: one thread in the engine, three around it.
    export OMP_NUM_THREADS=1 RIFEC_FLAGS='--threads 1' TSAN_OPTIONS="suppressions=$root/tests/tsan.supp"
    step 'thread sanitizer: pipeline, smoke' \
        variant tsan '-L ^(media|smoke)$ -LE ^long$' -DRIFEC_SANITIZE=thread -DRIFEC_CUDA=OFF
    step 'style' style
    report_tests
}

run_long_tests() {
    prepare_tests
    step 'gcc, nvcc: the long tests' variant gcc '-L ^long$' "$complete"
    report_tests
}

# --- the commands -----------------------------------------------------------

run_rifec() {
    if [ $# -gt 0 ]; then
        rm -f "$log"
        exec "$root/build/rifec" "$@"
    fi
    "$root/build/rifec" -y -i "$root/tests/data/lotus.mp4" -o "$root/build/lotus-x2.mp4" --x2
    say "twice the frames of tests/data/lotus.mp4 are in build/lotus-x2.mp4"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

command=${1:-help}
[ $# = 0 ] || shift
case $command in
run | build)
    install "$to_build" "$to_build_faster"
    build "$root/build"
    if [ "$command" = run ]; then
        run_rifec "$@"
    fi
    ;;
test)
    case ${1:-} in
    '') run_tests ;;
    long) run_long_tests ;;
    *) die "unknown kind of tests '$1'; ./setup.sh help lists them" ;;
    esac
    ;;
help | -h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    ;;
*)
    die "unknown command '$command'; ./setup.sh help lists them"
    ;;
esac
