# The CUDA backend and its kernels. Included by src/engine.cmake where nvcc was found.
set(RIFEC_CUDA_ARCHITECTURES "" CACHE STRING "GPUs to build for; empty: all we know")
if(RIFEC_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES ${RIFEC_CUDA_ARCHITECTURES})
else()
    set(CMAKE_CUDA_ARCHITECTURES
        75-real      # Turing: RTX 20, T4
        80-real      # Ampere: A100
        86-real      # Ampere: RTX 30, A10
        89-real      # Ada: RTX 40, L4, L40
        90a-real     # Hopper: H100, H200; `a` for wgmma
        100-real     # Blackwell: B200
        120)         # Blackwell: RTX 50; its PTX is for what comes later
endif()
set(CMAKE_CUDA_STANDARD 17)
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)

set(kernels blend blend_store conv_ref conv_s2_sm80 deconv_sm80 equal gather launch load
    resconv_sm80 resconv_sm90 store thumbnail)
list(TRANSFORM kernels REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/kernels/\\1.cu")
target_sources(librifec PRIVATE ${kernels} engine/cuda/backend_cuda.c
    engine/cuda/conv_versions.c engine/cuda/cuda_net.c engine/cuda/devices.c)
list(JOIN CMAKE_CUDA_ARCHITECTURES " " targets)
string(REPLACE "-real" "" targets "${targets}")
set_source_files_properties(engine/cuda/devices.c PROPERTIES
    COMPILE_DEFINITIONS "RIFEC_CUDA_TARGETS=\"${targets}\"")
target_include_directories(librifec PRIVATE ${PROJECT_SOURCE_DIR}/kernels)
target_compile_options(librifec PRIVATE 
    "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;-Xcompiler=-Wall,-fno-exceptions,-fno-rtti,-fno-threadsafe-statics>")
# The runtime is linked in: the program also starts where there is no CUDA.
set_target_properties(librifec PROPERTIES CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}"
                                          CUDA_RUNTIME_LIBRARY Static)
target_link_libraries(librifec PRIVATE CUDA::cudart_static)
message(STATUS "CUDA: ${CMAKE_CUDA_COMPILER_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")
