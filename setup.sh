#!/bin/sh
# Builds, runs, tests and packages rifec on Debian 12/13 and Ubuntu 22.04/24.04, and
# installs with apt-get what is missing for that (as root, or through sudo).
#
#   ./setup.sh run [rifec arguments]  build and run rifec; alone: a small clip
#   ./setup.sh build                  build only, into build/rifec
#   ./setup.sh package                make Debian packages, in build/packages
#   ./setup.sh install [PREFIX]       build, and copy to PREFIX (/usr/local)
#   ./setup.sh uninstall              remove what `install` copied
#   ./setup.sh test                   build in every way and run every test but the long
#   ./setup.sh test PART...           some of it: gcc, clang, plain, asan, tsan, style;
#                                     or long, the long tests
#   ./setup.sh help                   show this text
#
# RIFEC_BUILD names another folder than build; the tests use that name plus -test.
set -eu

root=$(cd "$(dirname "$0")" && pwd)
jobs=$(nproc)

to_build="gcc libc6-dev cmake ninja-build pkg-config
    libavformat-dev libavcodec-dev libswscale-dev libavutil-dev libcjson-dev"
# The build works without these two: with plain C for the convolutions, which is many
# times slower, and without --deinterlace and --slowmo-audio.
to_build_faster="libdnnl-dev libavfilter-dev"
to_package="file dpkg-dev"
# ffmpeg makes the inputs of the tests and, with python3, judges the outputs. lintian
# judges the packages, debootstrap makes the systems of tests/distro.sh.
to_test="g++ clang clang-format libomp-dev git ffmpeg python3 lintian debootstrap"

say() {
    printf '== %s\n' "$*" >&2
}

die() {
    printf 'setup.sh: %s\n' "$*" >&2
    exit 1
}

# --- running commands -------------------------------------------------------

# follow COMMAND...: runs it with its output in the log, and shows the newest line of it:
# on a terminal every second, elsewhere every 15 seconds.
follow() {
    : >"$log"
    show_newest_line &
    watcher=$!
    status=0
    "$@" >"$log" 2>&1 || status=$?
    kill $watcher 2>/dev/null || true
    wait $watcher 2>/dev/null || true
    watcher=
    [ ! -t 2 ] || printf '\r\033[K' >&2
    return $status
}

# The same; if the command fails, the end of its output is shown.
attempt() {
    follow "$@" || {
        tail -n 60 "$log" >&2
        return 1
    }
}

show_newest_line() {
    waited=0
    while sleep 1; do
        waited=$((waited + 1))
        line=$(tail -n 1 "$log" | tr -d '\r' | cut -c 1-76)
        if [ -t 2 ]; then
            printf '\r\033[K   %s' "$line" >&2
        elif [ $((waited % 15)) = 0 ]; then
            printf '   %d s: %s\n' $waited "$line" >&2
        fi
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# need_root ADVICE: ends here if neither root nor sudo is available.
need_root() {
    [ "$(id -u)" != 0 ] || return 0
    if command -v sudo >/dev/null; then
        ! sudo -n true 2>/dev/null || return 0
        if [ -t 0 ]; then
            say 'apt-get needs root: sudo asks for your password'
            ! sudo -v || return 0
        fi
    fi
    die "$1"
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

# NVIDIA's own packages do not depend on g++ and do not put nvcc on the PATH.
has_nvcc() {
    command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] || [ -x /opt/cuda/bin/nvcc ]
}

# apt-get without questions, and without retries for half a minute.
apt() {
    as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -o Dpkg::Use-Pty=0 \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=0 -o Acquire::http::Timeout=15 \
        -o Acquire::https::Timeout=15 "$@"
}

# Refreshes the list of packages; ends here if no server answers.
apt_update() {
    follow apt update || true
    ! grep -q '^\(Get\|Hit\):' "$log" || return 0
    reason=$(sed -n 's/^[EW]: Failed to fetch [^ ]* *//p; s/^E: //p' "$log" | head -n 1)
    die "cannot download packages: ${reason:-apt-get knows no server}
  Connect this machine to the network and try again, or install these packages:
  $*"
}

# install REQUIRED OPTIONAL: two lists of package names.
install() {
    if ! command -v apt-get >/dev/null; then
        command -v cmake >/dev/null ||
            die "there is no apt-get here; install what these packages of Debian hold:" $1 $2
        return 0
    fi
    required=$(missing_of $1)
    if [ -n "$required" ]; then
        need_root "installing packages needs root. Run this as root, or install them yourself:
  apt-get install $required"
        apt_update $required
    fi
    # The build works without the optional ones, so they cost no password and no network.
    wanted=$required
    for package in $(missing_of $2); do
        if [ -n "$required" ] || [ "$(id -u)" = 0 ]; then
            ! apt-cache show "$package" >/dev/null 2>&1 || wanted="$wanted$package "
        fi
    done
    [ -n "$wanted" ] || return 0
    size=$(LC_ALL=C apt-get -q install --assume-no --no-install-recommends $wanted 2>/dev/null |
        sed -n 's/^.* \([0-9]*\) newly installed.*/\1 packages with what they need/p
                s/^Need to get \(.*\) of archives\./\1 to download/p
                s/^After this operation, \(.*\) of additional.*/\1 on the disk/p' |
        paste -s -d , - | sed 's/,/, /g') || true
    say "installing $wanted(${size:-of unknown size})"
    attempt apt install -y --no-install-recommends $wanted || [ -z "$required" ] ||
        die "apt-get could not install these packages: $wanted"
}

install_to_build() {
    ! has_nvcc || to_build="$to_build g++"
    install "$to_build $*" "$to_build_faster"
}

# --- building ---------------------------------------------------------------

# Chooses the build folder: $root/build, if it can be written.
choose_folder() {
    build=${RIFEC_BUILD:-$root/build}
    case $build in
    /*) ;;
    *) build=$PWD/$build ;;
    esac
    if mkdir -p "$build" 2>/dev/null && [ -w "$build" ]; then
        return 0
    fi
    [ -z "${RIFEC_BUILD:-}" ] || die "cannot write to $build, which RIFEC_BUILD names"
    cache=${XDG_CACHE_HOME:-${HOME:-/nowhere}/.cache}/rifec/build
    mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] ||
        die "cannot write to $build, nor to $cache; name another folder: RIFEC_BUILD=FOLDER ./setup.sh ..."
    say "cannot write to $build: building in $cache"
    build=$cache
}

# Prints the versions that the configuration depends on and CMake's cache does not notice.
installed_now() {
    dpkg-query -W -f '${Package} ${Version} ' $to_build $to_build_faster 2>/dev/null || true
    PATH=$PATH:/usr/local/cuda/bin:/opt/cuda/bin nvcc --version 2>/dev/null | tail -n 1 || true
}

# configure FOLDER [CMake options]: runs CMake only if the options, the place of the
# sources or the installed packages have changed. A folder that was configured by hand
# stays as it is.
configure() {
    folder=$1
    shift
    wanted="$root $* $(installed_now)"
    if grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt" &&
        { [ -e "$folder/build.ninja" ] || [ -e "$folder/Makefile" ]; }; then
        [ -e "$folder/setup.txt" ] || return 0
        [ "$(cat "$folder/setup.txt")" != "$wanted" ] || return 0
    fi
    mkdir -p "$folder"
    rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles" "$folder/setup.txt"
    attempt cmake -S "$root" -B "$folder" -G Ninja "$@" || return 1
    sed -n 's/^-- \(CPU convolutions\|Filters\|CUDA\): /   \1: /p' "$log" >&2
    printf '%s\n' "$wanted" >"$folder/setup.txt"
}

# build FOLDER TARGETS [CMake options]
build() {
    folder=$1 targets=$2
    shift 2
    configure "$folder" "$@" || return 1
    steps=$(cmake --build "$folder" --target $targets -- -n 2>/dev/null | grep -c '^\[') || true
    minutes=
    ! grep -qs '^CMAKE_CUDA_FLAGS:' "$folder/CMakeCache.txt" ||
        minutes=', with CUDA kernels, which take minutes'
    [ "$steps" = 0 ] || say "building: $steps steps$minutes"
    attempt cmake --build "$folder" -j "$jobs" --target $targets
}

# build_program [MORE TARGETS]: builds everything that running and installing here need.
# It builds no tests and no benchmarks, and the CUDA kernels, which take minutes, only for
# the GPUs of this machine, if it has any.
build_program() {
    build "$build" "rifec manual $*" -DRIFEC_CUDA_ARCHITECTURES=here
}

# --- tests ------------------------------------------------------------------

# step TITLE COMMAND...: runs it, reports its time, and remembers whether it failed.
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
    tree=$build-test/$name
    build "$tree" all -DRIFEC_WERROR=ON "$@" || return 1
    times=$tree/times.xml
    passed=true
    # One more than there are cores, since many tests wait for the disk or for each other.
    $runner ctest --test-dir "$tree" $chosen -j $((jobs + 1)) \
        --output-on-failure --no-tests=error --output-junit "$times" || passed=false
    slowest "$times"
    $passed
}

# slowest FILE: prints the ten tests that took longest, from ctest's report.
slowest() {
    sed -n 's/.*<testcase name="\([^"]*\)".* time="\([0-9.]*\)".*/\2 \1/p' "$1" | sort -rn |
        awk 'NR == 1 { print "\nThe slowest tests, in seconds:" }
             NR <= 10 { printf "%8.1f  %s\n", $1, $2 }'
}

# Versions of clang-format disagree. This one decides, if it is installed.
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

# Checks all files in git for faults that no compiler reports.
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
    # JSON files are as the program writes them.
    ! git grep -nI "$(printf '\t')" -- ':!*.json' || complain 'these lines have tabs'
    ! git grep -nI ' $' || complain 'these lines have trailing blanks'
    telegraphic='so (many|few)|(is|are) (said|told)|one a line|is there|anew|code values?'
    telegraphic="$telegraphic|(is|are) no [a-km-z]+"
    # "There is no ..." is a full sentence.
    ! git grep -nwE "$telegraphic" -- README.md weights/README.md docs include src/tool/tool.c \
        src/cli/option_table.c src/cli/manual_text.c src/cli/words.c src/cli/habits.c |
        grep -vE '[Tt]here (is|are) no ' ||
        complain 'users read these lines once: write them with a subject, a verb and usual words'
    ! git grep -nIE '/(home|root|Users)/[a-z]' || complain 'these lines name paths of one machine'
    for file in $(git grep -lI ''); do
        [ -z "$(tail -c 1 "$file")" ] || complain "$file: no newline at the end"
    done
    # Only the model is large; any other large file was added by accident.
    large=$(git ls-files -z ':!weights' | xargs -0 wc -c | awk '$1 > 2000000 && $2 != "total"')
    [ -z "$large" ] || complain "larger than 2 MB: $large"
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
    install_to_build $to_package $to_test
    # Tests that share a core must not spin while they wait for each other.
    export OMP_WAIT_POLICY=passive
    # The interpreter itself: if python3 is a version manager's script, each start of it
    # costs more than most of the tests' work with it.
    python=$(python3 -c 'import os, sys; print(os.path.dirname(sys.executable))')
    PATH=$python:$PATH
    # ThreadSanitizer needs the memory layout of older kernels.
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

# The build in which every test runs; the other variants repeat some of them.
complete="-DRIFEC_CUDA_ARCHITECTURES=75-real;80-real;90a-real"

# libgomp is not instrumented, so the engine gets one thread, with three around it.
variant_tsan() (
    export OMP_NUM_THREADS=1 RIFEC_FLAGS='--threads 1'
    export TSAN_OPTIONS="suppressions=$root/tests/tsan.supp"
    variant tsan '-L ^(media|smoke)$ -LE ^long$' -DRIFEC_SANITIZE=thread -DRIFEC_CUDA=OFF
)

first_hour() {
    "$root/tests/distro.sh" "$1" run package || [ $? = 77 ]
}

# run_step NAME: runs one part of the tests.
run_step() {
    case $1 in
    gcc) step 'gcc, nvcc: every test but the long' variant gcc '-LE ^long$' "$complete" ;;
    clang)
        step 'clang: units, ops, network, smoke' variant clang \
            '-L ^(unit|op|model|smoke)$ -LE ^long$' -DCMAKE_C_COMPILER=clang -DRIFEC_CUDA=OFF
        ;;
    plain)
        step 'without oneDNN and CUDA: units, network, smoke' variant plain \
            '-L ^(unit|model|smoke)$ -LE ^long$' -DRIFEC_DNN=OFF -DRIFEC_CUDA=OFF
        ;;
    asan)
        step 'address and undefined behaviour sanitizers: all but the slow' variant asan \
            '-L ^(unit|op|media|fail|smoke)$ -LE ^long$' \
            -DRIFEC_SANITIZE=address,undefined -DRIFEC_CUDA=OFF
        ;;
    tsan) step 'thread sanitizer: pipeline, smoke' variant_tsan ;;
    style) step 'style' style ;;
    long)
        step 'gcc, nvcc: the long tests' variant gcc '-L ^long$' "$complete"
        step "a newcomer's first hour on Debian 12" first_hour bookworm
        ;;
    *) die "unknown part of the tests '$1'; ./setup.sh help lists them" ;;
    esac
}

run_tests() {
    prepare_tests
    for part in ${*:-gcc clang plain asan tsan style}; do
        run_step "$part"
    done
    report_tests
}

# --- the commands -----------------------------------------------------------

run_rifec() {
    if [ $# -gt 0 ]; then
        rm -f "$log"
        exec "$build/rifec" "$@"
    fi
    "$build/rifec" -y -i "$root/tests/data/lotus.mp4" -o "$build/lotus-x2.mp4" --x2
    say "$build/lotus-x2.mp4 has twice the frames of tests/data/lotus.mp4"
}

make_packages() {
    # In a separate folder, because cpack builds everything that is configured.
    build "$build/package" all -DCMAKE_INSTALL_PREFIX=/usr -DRIFEC_TESTS=OFF -DRIFEC_BENCH=OFF
    rm -rf "$build/packages"
    attempt cpack --config "$build/package/CPackConfig.cmake" -B "$build/packages"
    rm -rf "$build/packages/_CPack_Packages"
    say "the packages; to install them: apt-get install $build/packages/*.deb"
    ls "$build"/packages/*.deb
}

install_rifec() {
    prefix=${1:-/usr/local}
    case $prefix in
    /*) ;;
    *) prefix=$PWD/$prefix ;;
    esac
    if mkdir -p "$prefix" 2>/dev/null && [ -w "$prefix" ]; then
        attempt cmake --install "$build" --prefix "$prefix"
    else
        need_root "cannot write to $prefix; run this as root, or name another folder"
        attempt as_root cmake --install "$build" --prefix "$prefix"
    fi
    say "rifec is in $prefix/bin; ./setup.sh uninstall removes it"
}

# Removes the files of the last installation, and rifec's folders that are empty then.
uninstall_rifec() {
    manifest=$build/install_manifest.txt
    [ -e "$manifest" ] || die "nothing to remove: there is no list of installed files, $manifest"
    first=$(head -n 1 "$manifest")
    remove=
    if [ -e "$first" ] && [ ! -w "$(dirname "$first")" ]; then
        need_root "cannot write to $(dirname "$first"); run this as root"
        remove=as_root
    fi
    # The last line has no newline.
    { cat "$manifest"; echo; } | tr '\n' '\0' | $remove xargs -0 -r rm -f --
    grep -o '^.*/rifec/' "$manifest" | sort -ru | while read -r folder; do
        [ ! -d "$folder" ] || $remove find "$folder" -depth -type d -empty -delete
    done
    rm -f "$manifest"
    say 'rifec is removed'
}

log=$(mktemp)
watcher=
trap 'rm -f "$log"; [ -z "$watcher" ] || kill $watcher 2>/dev/null' EXIT
trap 'exit 130' INT HUP TERM

command=${1:-help}
[ $# = 0 ] || shift
case $command in
run | build | install | uninstall | package | test) choose_folder ;;
esac
case $command in
run)
    install_to_build
    build_program
    run_rifec "$@"
    ;;
build)
    install_to_build
    build_program
    say "the program is $build/rifec"
    ;;
package)
    install_to_build $to_package
    make_packages
    ;;
install)
    install_to_build
    build_program rifec_shared rifec_static
    install_rifec "$@"
    ;;
uninstall)
    uninstall_rifec
    ;;
test)
    run_tests "$@"
    ;;
help | -h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    ;;
*)
    die "unknown command '$command'; ./setup.sh help lists them"
    ;;
esac
