# Looks for nvcc and tries it on a small program. Sets nvcc, nvcc_version and cuda_gpus
# (what it can build for, of the GPUs that we know), or cuda_problem: one sentence that
# says why the CUDA engine cannot be built. Included by src/engine.cmake.
set(cuda_oldest 12.0) # the first with tensor maps, which the kernels for Hopper use
set(known_gpus
    75      # Turing: RTX 20, T4
    80      # Ampere: A100
    86      # Ampere: RTX 30, A10
    89      # Ada: RTX 40, L4, L40
    90a     # Hopper: H100, H200; `a` for wgmma
    100     # Blackwell: B200
    120)    # Blackwell: RTX 50
set(cuda_problem "")
set(cuda_gpus "")

# NVIDIA's packages install nvcc, but do not put it on the PATH.
if(CMAKE_CUDA_COMPILER)
    set(nvcc ${CMAKE_CUDA_COMPILER})
elseif(DEFINED ENV{CUDACXX})
    set(nvcc $ENV{CUDACXX})
else()
    find_program(RIFEC_NVCC nvcc DOC "nvcc of the CUDA toolkit"
        HINTS ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES bin
        PATHS /usr/local/cuda /opt/cuda)
    set(nvcc ${RIFEC_NVCC})
endif()
if(NOT nvcc)
    set(cuda_problem "nvcc was not found")
    return()
endif()
execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE output ERROR_VARIABLE output
                RESULT_VARIABLE status)
if(NOT output MATCHES "release ([0-9.]+)")
    set(cuda_problem "${nvcc} does not run: ${status}")
    return()
endif()
set(nvcc_version ${CMAKE_MATCH_1})
if(nvcc_version VERSION_LESS cuda_oldest)
    set(cuda_problem "${nvcc} is of CUDA ${nvcc_version}, and rifec needs CUDA ${cuda_oldest} or later")
    return()
endif()

# --- does it work? nvcc alone is not enough: it needs g++, headers and the runtime -----
set(host_compiler "")
if(CMAKE_CUDA_HOST_COMPILER)
    set(host_compiler -ccbin ${CMAKE_CUDA_HOST_COMPILER})
elseif(DEFINED ENV{CUDAHOSTCXX})
    set(host_compiler -ccbin $ENV{CUDAHOSTCXX})
endif()
set(this_trial "${nvcc} ${nvcc_version} ${host_compiler}")
if(NOT RIFEC_NVCC_WORKS STREQUAL this_trial)
    set(trial ${PROJECT_BINARY_DIR}/CMakeFiles/nvcc_trial)
    file(WRITE ${trial}.cu "#include <cudaTypedefs.h>\n#include <cuda_fp16.h>\n"
         "int main() { int n; return cudaGetDeviceCount(&n) != cudaSuccess; }\n")
    execute_process(
        COMMAND ${nvcc} ${host_compiler} -std=c++17 -cudart static -o ${trial} ${trial}.cu
        OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
    if(status EQUAL 0)
        set(RIFEC_NVCC_WORKS ${this_trial} CACHE INTERNAL "the nvcc that built a program")
    elseif(output MATCHES "cc1plus|g\\+\\+: not found|No such file or directory.*g\\+\\+")
        set(cuda_problem "${nvcc} needs a C++ compiler (Debian: g++)")
    elseif(output MATCHES "unsupported GNU version")
        set(cuda_problem "${nvcc} of CUDA ${nvcc_version} does not work with this g++; install an older one and name it in CUDAHOSTCXX")
    elseif(output MATCHES "([^\n]*(rror|fatal|annot|not found)[^\n]*)")
        set(cuda_problem "${nvcc} does not work: ${CMAKE_MATCH_1}")
    else()
        set(cuda_problem "${nvcc} does not work: ${output}")
    endif()
endif()
if(cuda_problem)
    return()
endif()

# --- which GPUs? -------------------------------------------------------------------
execute_process(COMMAND ${nvcc} --list-gpu-arch OUTPUT_VARIABLE output)
foreach(gpu IN LISTS known_gpus)
    string(REGEX MATCH "^[0-9]+" number ${gpu})
    if(output MATCHES "compute_${number}[^0-9]")
        list(APPEND cuda_gpus ${gpu})
    endif()
endforeach()
if(NOT cuda_gpus)
    set(cuda_problem "${nvcc} of CUDA ${nvcc_version} builds for none of the GPUs that rifec supports")
endif()

# --- only those of this machine? ------------------------------------------------------
if(RIFEC_CUDA_ARCHITECTURES STREQUAL "here")
    execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
                    OUTPUT_VARIABLE output RESULT_VARIABLE status ERROR_QUIET)
    string(REGEX MATCHALL "[0-9]+\\.[0-9]+" capabilities "${output}")
    set(here "")
    foreach(capability IN LISTS capabilities)
        string(REPLACE "." "" number ${capability})
        # A GPU that is not in the list runs PTX, so all kinds are built for it.
        set(kind unknown)
        foreach(gpu IN LISTS cuda_gpus)
            if(gpu MATCHES "^${number}a?$")
                set(kind ${gpu}-real)
            endif()
        endforeach()
        list(APPEND here ${kind})
    endforeach()
    list(REMOVE_DUPLICATES here)
    if(NOT status EQUAL 0 OR NOT here OR "unknown" IN_LIST here)
        set(here "")
    endif()
endif()
