# Sources and libraries of src/model and src/engine. Included by src/CMakeLists.txt.
set(RIFEC_MODEL_FILE ${PROJECT_SOURCE_DIR}/weights/ifnet-4.6.safetensors
    CACHE FILEPATH "weights built into the library")

target_sources(librifec PRIVATE
    model/dtype.c model/embedded_model.S model/fused.c model/ifnet.c model/network.c model/sha256.c
    model/weights.c model/yuv.c
    model/architecture.c model/filebytes.c model/tensor_files.c model/tensors.c
    model/safetensors.c model/safetensors_write.c model/pickle.c model/torch.c model/zip.c
    model/ncnn_param.c model/ncnn_read.c model/ncnn_write.c
    engine/devices.c engine/engine.c engine/framepool.c engine/precision.c engine/refcache.c engine/check/backend_check.c
    engine/check/check.c engine/cpu/backend_cpu.c engine/cpu/cpu_choice.c engine/cpu/cpu_net.c
    engine/cuda/conv_choice.c)
# Hashing it at each start would take a fifth of the time until the first frame.
file(SHA256 ${RIFEC_MODEL_FILE} model_sha256)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${RIFEC_MODEL_FILE})
set_source_files_properties(model/weights.c PROPERTIES
    COMPILE_DEFINITIONS "RIFEC_MODEL_SHA256=\"${model_sha256}\"")
set_source_files_properties(model/embedded_model.S PROPERTIES
    COMPILE_DEFINITIONS "RIFEC_MODEL_FILE=\"${RIFEC_MODEL_FILE}\""
    OBJECT_DEPENDS ${RIFEC_MODEL_FILE})

# --- oneDNN: the convolutions -------------------------------------------------
set(have_dnn 0)
set(dnn "")
if(NOT RIFEC_DNN STREQUAL "OFF")
    # Not find_package(dnnl): Debian's config file wants OpenCL.
    find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.h)
    find_library(DNNL_LIBRARY dnnl)
    if(DNNL_INCLUDE_DIR AND DNNL_LIBRARY)
        set(have_dnn 1)
    elseif(RIFEC_DNN STREQUAL "ON")
        message(FATAL_ERROR "RIFEC_DNN=ON, but oneDNN was not found (Debian: libdnnl-dev)")
    endif()
endif()
if(have_dnn)
    set(dnn dnn)
    target_sources(librifec PRIVATE engine/cpu/dnn.c)
    target_include_directories(librifec PRIVATE ${DNNL_INCLUDE_DIR})
    target_link_libraries(librifec PRIVATE ${DNNL_LIBRARY})
    set(features "oneDNN")
    message(STATUS "CPU convolutions: oneDNN (${DNNL_LIBRARY})")
else()
    set(features "no oneDNN")
    message(STATUS "CPU convolutions: plain C (oneDNN not found or off)")
endif()

# --- CUDA: the network on a GPU ----------------------------------------------------
set(have_cuda 0)
set(RIFEC_CUDA_ARCHITECTURES "" CACHE STRING
    "GPUs to build for; here: those of this machine; empty: all we know")
if(NOT RIFEC_CUDA STREQUAL "OFF")
    include(engine/cuda_toolkit.cmake)
    if(NOT cuda_problem)
        set(have_cuda 1)
    elseif(RIFEC_CUDA STREQUAL "ON")
        message(FATAL_ERROR "RIFEC_CUDA=ON, but ${cuda_problem}")
    endif()
else()
    set(cuda_problem "RIFEC_CUDA is OFF")
endif()
if(have_cuda)
    set(CMAKE_CUDA_COMPILER ${nvcc})
    include(engine/cuda.cmake)
    string(APPEND features ", CUDA ${CMAKE_CUDA_COMPILER_VERSION}")
else()
    target_sources(librifec PRIVATE engine/cuda/stub_cuda.c)
    string(APPEND features ", no CUDA")
    message(STATUS "CUDA: no, ${cuda_problem}")
endif()

# --- ops ----------------------------------------------------------------------
# The one list of ops: tests/, bench/ and tests/gpu.sh are made from it.
#
# rifec_add_op(NAME [SUFFIX...]): the reference engine/cpu/NAME.c, its test and its
# benchmark must exist, and NAME_SUFFIX.c for each faster version.
# rifec_add_gpu_op(NAME): an op that only the GPU has, fused from others, or of the
# engine alone; with a test, and a benchmark where the program calls it by itself.
# A missing file stops the configuration.
set(RIFEC_OPS "")
set(RIFEC_GPU_OPS "")
function(rifec_op_files op)
    foreach(file ${ARGN})
        if(NOT EXISTS ${PROJECT_SOURCE_DIR}/${file})
            message(FATAL_ERROR "op ${op}: ${file} is missing")
        endif()
    endforeach()
endfunction()
function(rifec_add_op op)
    set(sources src/engine/cpu/${op}.c)
    foreach(suffix ${ARGN})
        list(APPEND sources src/engine/cpu/${op}_${suffix}.c)
    endforeach()
    rifec_op_files(${op} ${sources} tests/ops/${op}.c bench/ops/${op}.c)
    list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/)
    target_sources(librifec PRIVATE ${sources})
    set(RIFEC_OPS ${RIFEC_OPS} ${op} PARENT_SCOPE)
endfunction()
function(rifec_add_gpu_op op)
    rifec_op_files(${op} tests/ops/${op}.c)
    set(RIFEC_GPU_OPS ${RIFEC_GPU_OPS} ${op} PARENT_SCOPE)
endfunction()

rifec_add_op(load)
rifec_add_op(encode)
rifec_add_op(gather row)
rifec_add_op(conv_s2 ${dnn})
rifec_add_op(resconv ${dnn})
rifec_add_op(deconv ${dnn})
rifec_add_op(blend row)
rifec_add_op(store)
rifec_add_op(thumbnail)
rifec_add_gpu_op(front)
rifec_add_gpu_op(blend_store)
rifec_add_gpu_op(tail)
rifec_add_gpu_op(equal)
set(RIFEC_OPS ${RIFEC_OPS} CACHE INTERNAL "")
set(RIFEC_GPU_OPS ${RIFEC_GPU_OPS} CACHE INTERNAL "")

# --- OpenMP: threads of the CPU ops, shared with oneDNN -----------------------
find_package(OpenMP COMPONENTS C)
if(OpenMP_C_FOUND)
    target_link_libraries(librifec PRIVATE OpenMP::OpenMP_C)
else()
    message(WARNING "OpenMP was not found: the CPU engine runs on one core")
    target_compile_options(librifec PRIVATE -Wno-unknown-pragmas -Wno-unused-variable)
endif()

# --- AVX2, AVX-512: some files once more, chosen at run time ------------------------
set(have_avx2 0)
# rifec_isa(SUFFIX "flags" definition... SOURCES...)
function(rifec_isa isa flags definitions)
    add_library(librifec_${isa} OBJECT ${ARGN})
    set_target_properties(librifec_${isa} PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                     C_VISIBILITY_PRESET hidden)
    target_compile_options(librifec_${isa} PRIVATE ${flags})
    target_compile_definitions(librifec_${isa} PRIVATE CPU_HAVE_AVX2=1 ${definitions})
    target_include_directories(librifec_${isa} PRIVATE ${PROJECT_SOURCE_DIR}/include
                                                       ${CMAKE_CURRENT_SOURCE_DIR})
    if(OpenMP_C_FOUND)
        target_link_libraries(librifec_${isa} PRIVATE OpenMP::OpenMP_C)
    else()
        target_compile_options(librifec_${isa} PRIVATE -Wno-unknown-pragmas -Wno-unused-variable)
    endif()
    target_sources(librifec PRIVATE $<TARGET_OBJECTS:librifec_${isa}>)
endfunction()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(have_avx2 1)
    rifec_isa(avx2 -mavx2 "CPU_AVX2=1;CPU_AVX512=0" engine/cpu/load.c engine/cpu/conv_s2.c
        engine/cpu/deconv.c engine/cpu/encode.c engine/cpu/gather_row.c engine/cpu/blend_row.c engine/cpu/store.c)
    # Convolutions fuse multiply and add: they have a tolerance, not bits.
    rifec_isa(avx2_fma "-mavx2;-mfma;-ffp-contract=fast" "CPU_AVX2=1;CPU_AVX512=0"
        engine/cpu/resconv_wino.c)
    rifec_isa(avx512 "-mavx512f;-mprefer-vector-width=512;-ffp-contract=fast"
        "CPU_AVX2=0;CPU_AVX512=1" engine/cpu/resconv_wino.c)
endif()

target_compile_definitions(librifec PRIVATE RIFEC_HAVE_DNN=${have_dnn} RIFEC_HAVE_CUDA=${have_cuda} CPU_HAVE_AVX2=${have_avx2}
    CPU_AVX2=0 CPU_AVX512=0 RIFEC_FEATURES="${features}")
