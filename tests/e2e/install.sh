# Checks what `cmake --install` and `cpack` make of the build in BUILD.
. "$(dirname "$0")/lib.sh"
build=$BUILD

there() {
    for file; do
        [ -s "$file" ] || fail "$file is not installed"
    done
}

case $1 in
files)
    cmake --install "$build" --prefix "$folder/usr" >log 2>&1 || { cat log; fail 'cmake --install'; }
    there usr/bin/rifec usr/bin/rifec-weights usr/share/man/man1/rifec-weights.1 \
        "$(find usr -name librifec.a)" "$(find usr -name librifec.so)" usr/include/rifec/rifec.h \
        usr/share/man/man1/rifec.1 usr/share/bash-completion/completions/rifec \
        usr/share/zsh/site-functions/_rifec usr/share/fish/vendor_completions.d/rifec.fish \
        usr/share/doc/rifec/README.md usr/share/doc/rifec/copyright \
        usr/share/doc/rifec/docs/architecture.md "$(find usr -name rifec.pc)"
    usr/bin/rifec --version | grep -q '^rifec ' || fail 'the program does not start'
    # A program that uses rifec.pc only, and whose functions have the names of internal
    # ones.
    cat >use.c <<'END'
#include <rifec/rifec.h>
int zip_open(void), queue_push(void), log_line(void);
int zip_open(void) { return 1; }
int queue_push(void) { return 2; }
int log_line(void) { return 3; }
int main(void)
{
    struct rifec *r;
    struct rifec_params p = { .width = 64, .height = 48, .device = RIFEC_DEVICE_CPU,
        .format = rifec_format_planar(RIFEC_FAMILY_GRAY, 8, 0, 0),
        .color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_FULL, RIFEC_CHROMA_LEFT } };
    int err = rifec_open(&r, &p);
    rifec_close(&r);
    return -err;
}
END
    libdir=$folder/$(dirname "$(find usr -name librifec.so)")
    PKG_CONFIG_PATH=$libdir/pkgconfig
    export PKG_CONFIG_PATH
    ! pkg-config --libs rifec | grep -E 'openmp|dnnl|cjson' ||
        fail 'pkg-config --libs names libraries that only --static needs'
    cc use.c -o use $(pkg-config --cflags --libs rifec) || fail 'a user does not compile'
    LD_LIBRARY_PATH=$libdir ./use || fail "a user's program ends with $?"
    objdump -p use | grep -q 'NEEDED *librifec\.so\.[0-9]' || fail 'it is not linked to the shared library'
    # Without the shared library, the linker uses the archive.
    mkdir apart
    mv "$libdir"/librifec.so* apart
    cc use.c -o use $(pkg-config --cflags --libs --static rifec) || fail 'with --static a user does not compile'
    ./use || fail "a user's static program ends with $?"
    mv apart/* "$libdir"
    # The same with find_package(rifec).
    mkdir project
    mv use.c project
    cat >project/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.22)
project(use LANGUAGES C)
find_package(rifec ${wanted} REQUIRED)
add_executable(shared use.c)
target_link_libraries(shared PRIVATE rifec::rifec)
add_executable(static use.c)
target_link_libraries(static PRIVATE rifec::static)
END
    wanted=$("$RIFEC" --version | sed -n '1s/^rifec \([0-9]*\.[0-9]*\).*/\1/p')
    cmake -G Ninja -S project -B project/build -DCMAKE_PREFIX_PATH="$folder/usr" \
        -Dwanted="$wanted" >log 2>&1 &&
        cmake --build project/build >>log 2>&1 || { cat log; fail 'find_package(rifec)'; }
    for program in shared static; do
        project/build/$program || fail "with find_package, the $program program ends with $?"
    done
    ;;
moved)
    # The model is inside the programs, so copying them alone is enough.
    mkdir alone
    cp "$RIFEC" alone/rifec
    RIFEC=$folder/alone/rifec
    synth in.mkv
    works -i in.mkv -o out.mkv --x2
    cp "$build/rifec-weights" alone/rifec-weights
    rm alone/rifec
    alone/rifec-weights info built-in | grep -q '^sha256 *'"$(sha256sum "$weights" | cut -d ' ' -f 1)" ||
        fail 'rifec-weights alone has no model'
    ;;
deb)
    # setup.sh installs these tools on systems with apt-get.
    for tool in cpack dpkg-deb dpkg-shlibdeps file lintian; do
        command -v $tool >/dev/null || ! command -v apt-get >/dev/null || fail "no $tool: ./setup.sh test installs it"
        command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
    done
    (umask 002 && cpack --config "$build/CPackConfig.cmake" -B "$folder" >log 2>&1) ||
        { cat log; fail cpack; }
    lintian --fail-on error --allow-root ./*.deb >complaints 2>&1 || { cat complaints; fail lintian; }
    ! grep perm complaints || fail 'modes depend on the umask'
    dpkg-deb -c rifec_*.deb >contents
    for file in bin/rifec share/man/man1/rifec.1.gz share/man/man1/rifec-weights.1.gz \
        share/bash-completion/completions/rifec share/zsh/vendor-completions/_rifec \
        share/doc/rifec/copyright; do
        grep -q " \./usr/$file\$" contents || fail "$file is not in the package"
    done
    ! grep -q 'include\|\.a$' contents || fail 'the program comes with the library'
    dpkg-deb -f rifec_*.deb Depends >depends
    grep -q 'libavformat' depends || fail "it does not depend on FFmpeg: $(cat depends)"
    dpkg-deb -c librifec-dev_*.deb | grep -q 'include/rifec/rifec\.h$' || fail 'no header'
    dpkg-deb -c librifec-dev_*.deb | grep -q 'librifec\.a$' || fail 'no library'
    dpkg-deb -c librifec-dev_*.deb | grep -q 'librifec\.so ->' || fail 'no link to the shared library'
    dpkg-deb -c librifec-dev_*.deb | grep -q 'rifecConfig\.cmake$' || fail 'no CMake package'
    dpkg-deb -c librifec[0-9]_*.deb | grep -q 'librifec\.so\.[0-9]* ->' || fail 'no shared library'
    dpkg-deb -f librifec-dev_*.deb Depends | grep -q 'librifec[0-9]* (= ' || fail 'the packages do not go together'
    dpkg-deb -x rifec_*.deb root
    for program in rifec rifec-weights; do
        root/usr/bin/$program --version | grep -q "^$program " || fail "$program does not start"
    done
    same "$(python3 - "$weights" root <<'END'
import pathlib, sys
part = pathlib.Path(sys.argv[1]).read_bytes()[1000000:1004096]
files = [f for f in pathlib.Path(sys.argv[2]).rglob('*') if f.is_file() and not f.is_symlink()]
print(sum(f.read_bytes().count(part) for f in files))
END
)" 1 'models in the package'
    ;;
esac
