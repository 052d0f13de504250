# What `cmake --install` and `cpack` make of the build that BUILD names.
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
        "$(find usr -name librifec.a)" usr/include/rifec/rifec.h \
        usr/share/man/man1/rifec.1 usr/share/bash-completion/completions/rifec \
        usr/share/zsh/vendor-completions/_rifec usr/share/fish/vendor_completions.d/rifec.fish \
        usr/share/doc/rifec/README.md usr/share/doc/rifec/copyright \
        usr/share/doc/rifec/docs/architecture.md "$(find usr -name rifec.pc)"
    usr/bin/rifec --version | grep -q '^rifec ' || fail 'the program does not start'
    # A program that knows nothing of us but rifec.pc.
    cat >use.c <<'END'
#include <rifec/rifec.h>
int main(void)
{
    struct rifec *r;
    struct rifec_params p = { .width = 64, .height = 48, .device = RIFEC_DEVICE_CPU,
        .format = { .family = RIFEC_FAMILY_GRAY, .depth = 8, .comp = { { .step = 1 } } },
        .color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_FULL, RIFEC_CHROMA_LEFT } };
    int err = rifec_open(&r, &p);
    rifec_close(&r);
    return -err;
}
END
    PKG_CONFIG_PATH=$(dirname "$(find "$folder/usr" -name rifec.pc)")
    export PKG_CONFIG_PATH
    cc use.c -o use $(pkg-config --cflags --libs --static rifec) || fail 'a user does not compile'
    ./use || fail "a user's program ends with $?"
    ;;
deb)
    for tool in cpack dpkg-deb dpkg-shlibdeps; do
        command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
    done
    cpack --config "$build/CPackConfig.cmake" -B "$folder" >log 2>&1 || { cat log; fail cpack; }
    dpkg-deb -c rifec_*.deb >contents
    for file in bin/rifec bin/rifec-weights share/man/man1/rifec.1 \
        share/man/man1/rifec-weights.1 share/bash-completion/completions/rifec \
        share/doc/rifec/copyright; do
        grep -q " \./usr/$file\$" contents || fail "$file is not in the package"
    done
    ! grep -q 'include\|\.a$' contents || fail 'the program comes with the library'
    dpkg-deb -f rifec_*.deb Depends >depends
    grep -q 'libavformat' depends || fail "it does not depend on FFmpeg: $(cat depends)"
    dpkg-deb -c librifec-dev_*.deb | grep -q 'include/rifec/rifec\.h$' || fail 'no header'
    dpkg-deb -c librifec-dev_*.deb | grep -q 'librifec\.a$' || fail 'no library'
    dpkg-deb -x rifec_*.deb root
    root/usr/bin/rifec --version | grep -q '^rifec ' || fail 'the program does not start'
    ;;
esac
