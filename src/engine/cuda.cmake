# The CUDA backend and its kernels. Included by src/engine.cmake where nvcc was found.
if(here)
    set(CMAKE_CUDA_ARCHITECTURES ${here})
elseif(RIFEC_CUDA_ARCHITECTURES AND NOT RIFEC_CUDA_ARCHITECTURES STREQUAL "here")
    set(CMAKE_CUDA_ARCHITECTURES ${RIFEC_CUDA_ARCHITECTURES})
else()
    # Machine code for each GPU, and PTX of the newest one without `a` for later GPUs.
    set(CMAKE_CUDA_ARCHITECTURES "")
    set(ptx "")
    foreach(gpu IN LISTS cuda_gpus)
        list(APPEND CMAKE_CUDA_ARCHITECTURES ${gpu}-real)
        if(gpu MATCHES "^[0-9]+$")
            set(ptx ${gpu}-real)
        endif()
    endforeach()
    string(REPLACE "-real" "" with_ptx "${ptx}")
    list(TRANSFORM CMAKE_CUDA_ARCHITECTURES REPLACE "^${ptx}$" "${with_ptx}")
endif()
set(CMAKE_CUDA_STANDARD 17)
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)

set(kernels blend blend_store conv_fp32 conv_ref conv_s2_sm80 conv_s2_sm90 deconv_sm80
    deconv_sm90 equal front_sm90 gather launch load resconv_sm80 resconv_sm90 store tail_sm90
    texture thumbnail)
list(TRANSFORM kernels REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/kernels/\\1.cu")
target_sources(librifec PRIVATE ${kernels} engine/cuda/backend_cuda.c
    engine/cuda/conv_versions.c engine/cuda/cuda_net.c engine/cuda/devices.c
    engine/cudnn/plan_cache.c)
list(JOIN CMAKE_CUDA_ARCHITECTURES " " targets)
string(REPLACE "-real" "" targets "${targets}")
set_source_files_properties(engine/cuda/devices.c PROPERTIES
    COMPILE_DEFINITIONS "RIFEC_CUDA_TARGETS=\"${targets}\"")
target_include_directories(librifec PRIVATE ${PROJECT_SOURCE_DIR}/kernels)
target_compile_options(librifec PRIVATE
    "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;-Xcompiler=-Wall,-fno-exceptions,-fno-rtti,-fno-threadsafe-statics>")
# The runtime is linked statically, so the program also starts without CUDA.
set_target_properties(librifec PROPERTIES CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}"
                                          CUDA_RUNTIME_LIBRARY Static)
target_link_libraries(librifec PRIVATE CUDA::cudart_static)
message(STATUS "CUDA: ${CMAKE_CUDA_COMPILER_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")

# --- cuDNN and cuBLAS: found at run time, so only their headers are wanted here ------
set(have_cudnn 0)
if(NOT RIFEC_CUDNN STREQUAL "OFF")
    find_path(CUDNN_INCLUDE_DIR cudnn_version.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
    find_path(CUBLAS_INCLUDE_DIR cublasLt.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
    set(cudnn_version 0)
    if(CUDNN_INCLUDE_DIR AND CUBLAS_INCLUDE_DIR)
        file(STRINGS ${CUDNN_INCLUDE_DIR}/cudnn_version.h lines
             REGEX "^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) ")
        string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
        list(JOIN numbers "." cudnn_version)
    endif()
    # Since 9.8, several threads can list plans.
    if(cudnn_version VERSION_GREATER_EQUAL 9.8)
        set(have_cudnn 1)
    elseif(RIFEC_CUDNN STREQUAL "ON")
        message(FATAL_ERROR "RIFEC_CUDNN=ON, but the headers of cuBLAS and cuDNN 9.8 were not found")
    endif()
endif()
if(have_cudnn)
    target_sources(librifec PRIVATE ${PROJECT_SOURCE_DIR}/kernels/conv_epilogue.cu
        ${PROJECT_SOURCE_DIR}/kernels/deconv_gemm.cu engine/cudnn/cublas_calls.c
        engine/cudnn/cudnn_calls.c engine/cudnn/cudnn_candidate.c
        engine/cudnn/cudnn_choose.c engine/cudnn/cudnn_graph.c
        engine/cudnn/cudnn_load.c engine/cudnn/cudnn_measure.c
        engine/cudnn/cudnn_net.c engine/cudnn/cudnn_ops.c engine/cudnn/cudnn_pack.c)
    target_include_directories(librifec SYSTEM PRIVATE ${CUDNN_INCLUDE_DIR} ${CUBLAS_INCLUDE_DIR})
    target_link_libraries(librifec PRIVATE ${CMAKE_DL_LIBS})
    message(STATUS "CUDA: cuDNN ${cudnn_version}, where it is when the program runs")
else()
    target_sources(librifec PRIVATE engine/cudnn/stub_cudnn.c)
    message(STATUS "CUDA: no cuDNN (headers not found or off)")
endif()
target_compile_definitions(librifec PRIVATE RIFEC_HAVE_CUDNN=${have_cudnn})
