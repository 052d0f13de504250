#!/bin/sh
# The build's decision about the nvcc that it finds: the list of GPUs, or the reason for
# none. Each kind of nvcc is a script here that fails in its way.
# Usage: cuda_toolkit.sh ROOT CMAKE
set -eu
root=$1 cmake=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >nvcc <<'END'
#!/bin/sh
case $* in
--version) echo "Cuda compilation tools, release $FAKE_VERSION, V$FAKE_VERSION.0" ;;
--list-gpu-arch) printf 'compute_%s\n' $FAKE_GPUS ;;
*) [ -z "$FAKE_ERROR" ] || { echo "$FAKE_ERROR" >&2; exit 1; } ;;
esac
END
printf '#!/bin/sh\n[ -n "$FAKE_HERE" ] && printf "%%s\\n" $FAKE_HERE\n' >nvidia-smi
chmod +x nvcc nvidia-smi
cat >ask.cmake <<'END'
cmake_minimum_required(VERSION 3.22)
include(${ROOT}/src/engine/cuda_toolkit.cmake)
if(cuda_problem)
    message(STATUS "no: ${cuda_problem}")
else()
    message(STATUS "for ${cuda_gpus}; here ${here}")
endif()
END
export FAKE_VERSION FAKE_GPUS FAKE_ERROR FAKE_HERE
old='50 52 53 60 61 62 70 72 75 80 86 87 89 90'

# expect PATTERN: the answer to the nvcc that the variables describe must match.
expect() {
    answer=$(PATH=$folder:$PATH "$cmake" -D ROOT="$root" -D PROJECT_BINARY_DIR="$folder" \
        -D CMAKE_CUDA_COMPILER="$folder/nvcc" -D RIFEC_CUDA_ARCHITECTURES=here -P ask.cmake 2>&1) || true
    echo "$answer" | grep -Eq -e "$1" || { echo "FAILED: CUDA $FAKE_VERSION: '$answer' is not '$1'"; exit 1; }
}

FAKE_VERSION=12.4 FAKE_GPUS=$old FAKE_ERROR='' FAKE_HERE=''
expect 'for 75;80;86;89;90a; here *$'
FAKE_VERSION=13.0 FAKE_GPUS='75 80 86 87 88 89 90 100 110 103 120 121'
expect 'for 75;80;86;89;90a;100;120; here *$'
FAKE_HERE='8.9 9.0 9.0'
expect 'here 89-real;90a-real$'
FAKE_HERE='8.9 12.1' # unknown GPU: it runs the PTX, of which the list has one
expect 'here *$'
FAKE_VERSION=14.0 FAKE_GPUS='100 110 120' FAKE_HERE=''
expect 'for 100;120;'
FAKE_GPUS=200
expect 'no: .*none of the GPUs'
FAKE_VERSION=11.8 FAKE_GPUS=$old
expect 'no: .*CUDA 11\.8, and rifec needs CUDA 12\.0 or later'
FAKE_VERSION=9.1
expect 'no: .*needs CUDA 12\.0 or later'
FAKE_VERSION=12.4
for FAKE_ERROR in "gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory" \
    'sh: 1: g++: not found'; do
    expect 'no: .*needs a C\+\+ compiler \(Debian: g\+\+\)'
done
FAKE_ERROR='/usr/include/crt/host_config.h:143:2: error: #error -- unsupported GNU version! gcc versions later than 13 are not supported!'
expect 'no: .*12\.4 does not work with this g\+\+; .*CUDAHOSTCXX'
FAKE_ERROR='/usr/bin/ld: cannot find -lcudart_static: No such file or directory'
expect 'no: .*does not work: .*cannot find -lcudart_static'
