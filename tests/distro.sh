#!/bin/sh
# Makes a bare Debian system with debootstrap, in a mount namespace of its own, and does
# in it what a newcomer does. It ends with one line per step and its time.
#
#   tests/distro.sh bookworm|trixie [PART...]
#
#   run       refuse without a network, without root; then README's commands, as they are
#             there, and once more from a folder that cannot be written
#   package   ./setup.sh package; install the packages, use and remove them;
#             ./setup.sh install and uninstall
#   test      ./setup.sh test $DISTRO_TESTS (gcc asan)
#   cuda      install the distribution's nvidia-cuda-toolkit, then README's commands
#
# Without a part: run. Needs root, debootstrap, and the mirror that this machine's apt
# uses or that DISTRO_MIRROR names; ends with 77 if one is missing. Takes HEAD of this
# repository. Bare systems and packages are kept for a week in
# ${XDG_CACHE_HOME:-/var/cache}/rifec.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-/var/cache}/rifec

skip() {
    echo "distro.sh: skipped: $*" >&2
    exit 77
}

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# --- outside: a folder, a namespace around it, and away with it -----------------

# Prints the Debian mirror that apt uses here.
find_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' \
        2>/dev/null | head -n 1
}

outside() {
    [ "$(id -u)" = 0 ] || skip 'needs root'
    command -v debootstrap >/dev/null ||
        skip 'needs debootstrap, which ./setup.sh test installs as root'
    unshare --mount true 2>/dev/null || skip 'may not make a mount namespace'
    mirror=${DISTRO_MIRROR:-$(find_mirror)}
    [ -n "$mirror" ] || skip "apt knows no mirror of Debian; name one in DISTRO_MIRROR"
    mkdir -p "$cache"
    folder=$(mktemp -d "${TMPDIR:-/tmp}/distro-$suite-XXXXXX")
    # The mounts exist only in the namespace and end with its last process.
    trap 'rm -rf --one-file-system "$folder"' EXIT
    trap 'exit 130' INT HUP TERM
    status=0
    unshare --mount --pid --fork --kill-child \
        sh "$0" --inside "$suite" "$mirror" "$folder" "$@" || status=$?
    exit $status
}

# --- inside the namespace -------------------------------------------------------

# Unpacks a bare system of this week, or makes one.
make_system() {
    bare=$cache/$suite.tar
    if [ -z "$(find "$bare" -mtime -7 2>/dev/null)" ]; then
        debootstrap --variant=minbase "$suite" "$folder" "$mirror" >"$folder.log" 2>&1 || {
            tail -n 20 "$folder.log" >&2
            rm -f "$folder.log"
            return 1
        }
        rm -f "$folder.log"
        tar -C "$folder" --one-file-system -cf "$bare.new" . && mv "$bare.new" "$bare"
    else
        tar -C "$folder" -xf "$bare"
    fi
    chmod 755 "$folder" # mktemp's mode admits root only
    mount -t proc proc "$folder/proc"
    mount -t sysfs -o ro sysfs "$folder/sys" 2>/dev/null || true
    mount --rbind /dev "$folder/dev"
    # Packages are kept for the next run. apt's own settings, such as a proxy, are copied.
    mkdir -p "$cache/$suite-packages"
    mount --bind "$cache/$suite-packages" "$folder/var/cache/apt/archives"
    find "$cache/$suite-packages" -name '*.deb' -mtime +7 -delete
    apt-config dump | grep -E '^Acquire::(Check|http|https|ftp)' \
        >"$folder/etc/apt/apt.conf.d/80host" || true
    cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
    mkdir "$folder/src"
    git -c safe.directory="$root" -C "$root" archive HEAD | tar -C "$folder/src" -x
    cp "$folder/src/tests/data/lotus.mp4" "$folder/src/in.mp4"
}

# Runs a command in the system, in /src, as root and with a newcomer's environment.
within() {
    chroot "$folder" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        ${http_proxy:+http_proxy="$http_proxy"} TERM=dumb sh -c "cd /src && $1"
}

# step COMMAND: runs it; it must succeed.
step() {
    began=$(date +%s)
    verdict=passed
    printf '== %s: %s\n' "$suite" "$1" >&2
    within "$1" >&2 || {
        verdict="FAILED ($?)"
        failures=$((failures + 1))
    }
    note "$verdict" "$1"
}

note() {
    summary="$summary
  $1  $(($(date +%s) - began)) s  $2"
}

# refuses SECONDS PATTERN COMMAND: it must fail within that time and print this message.
refuses() {
    began=$(date +%s)
    printf '== %s: refuses: %s\n' "$suite" "$3" >&2
    verdict=passed
    if within "$3" >"$folder/said" 2>&1 || ! grep -q "$2" "$folder/said" ||
        [ $(($(date +%s) - began)) -gt "$1" ]; then
        verdict=FAILED
        failures=$((failures + 1))
    fi
    cat "$folder/said" >&2
    note "$verdict" "refuses: $3"
}

# Prints the commands of README's first screen, without their comments.
readme_commands() {
    sed -n 's/^    \(\.\/setup\.sh run[^#]*\).*/\1/p' "$root/README.md" | sed 's/ *$//'
}

run_readme() {
    within 'rm -f out.mp4'
    commands=$(readme_commands)
    while read -r command; do
        step "$command </dev/null"
    done <<END
$commands
END
    step 'test -s out.mp4 && test -s build/lotus-x2.mp4'
}

part_run() {
    refuses 20 'cannot download packages' 'unshare --net ./setup.sh run'
    refuses 5 'needs root' 'RIFEC_BUILD=/tmp/nobody setpriv --reuid 65534 --clear-groups ./setup.sh run'
    run_readme
    # A build from another machine runs as well.
    step 'mkdir /ro && cp -r . /ro/src && rm -rf /ro/src/build && mount --bind -o ro /ro /ro &&
        XDG_CACHE_HOME=/tmp/cache /ro/src/setup.sh run && umount /ro'
}

part_package() {
    step './setup.sh package'
    step 'apt-get -qq install -y --no-install-recommends ./build/packages/*.deb'
    step '/usr/bin/rifec -y -i in.mp4 -o out.mkv --x2 && /usr/bin/rifec-weights info built-in'
    step 'apt-get -qq purge -y rifec librifec0 librifec-dev && ! test -e /usr/share/doc/rifec'
    step 'find /usr/local ! -type d >/tmp/before && ./setup.sh install && /usr/local/bin/rifec --version'
    step './setup.sh uninstall && find /usr/local ! -type d | diff /tmp/before - &&
        ! find /usr/local -name rifec | grep .'
}

part_test() {
    step "./setup.sh test ${DISTRO_TESTS:-gcc asan}"
}

part_cuda() {
    step 'sed -i "s/ main$/ main contrib non-free/" /etc/apt/sources.list && apt-get -qq update &&
        apt-get -qq install -y --no-install-recommends nvidia-cuda-toolkit >/dev/null && nvcc --version'
    run_readme
    # CUDA is built in from version 12 on; for an older one, the output gives the reason.
    step 'case $(nvcc --version) in
        *"release 11"*) build/rifec --version | grep "no CUDA" ;;
        *) build/rifec --version | grep "CUDA 1[2-9]" ;;
        esac'
}

inside() {
    mirror=$1 folder=$2
    shift 2
    failures=0 summary= began=$(date +%s)
    make_system || { echo "distro.sh: cannot make a bare $suite" >&2; exit 1; }
    note passed 'a bare system'
    for part; do
        part_$part
    done
    printf '\ndistro.sh %s:%s\n' "$suite" "$summary"
    [ "$failures" = 0 ] || { echo "distro.sh: $failures of the steps above failed" >&2; exit 1; }
}

case ${1:-} in
--inside)
    suite=$2
    shift 2
    inside "$@"
    ;;
bookworm | trixie)
    suite=$1
    shift
    [ $# -gt 0 ] || set -- run
    for part; do
        case $part in run | package | test | cuda) ;; *) usage ;; esac
    done
    outside "$@"
    ;;
*) usage ;;
esac
