# Tests of src/model and src/engine. Included by tests/CMakeLists.txt.

# The library's private switches, which say which implementations exist.
get_target_property(engine_definitions librifec COMPILE_DEFINITIONS)
list(FILTER engine_definitions INCLUDE REGEX "^(CPU|RIFEC_HAVE)_")

function(rifec_add_engine_test name)
    rifec_add_test(${name} ${ARGN})
    target_compile_definitions(test_${name} PRIVATE ${engine_definitions})
endfunction()

set(op_sources checkop.c)
set(op_libs "")
if("RIFEC_HAVE_CUDA=1" IN_LIST engine_definitions)
    find_package(CUDAToolkit REQUIRED)
    list(APPEND op_sources checkcuda.c)
    set(op_libs CUDA::cudart_static)
endif()

# An op test on the GPU, if there is one: runs PROGRAM with --cuda.
function(rifec_add_cuda_test op program)
    add_test(NAME ${op}_cuda COMMAND ${program} --cuda)
    rifec_test_properties(${op}_cuda 300 gpu)
    target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/kernels)
endfunction()

foreach(op ${RIFEC_OPS})
    rifec_add_engine_test(${op} LABELS op SOURCES ops/${op}.c ${op_sources} LIBS ${op_libs})
    rifec_add_cuda_test(${op} test_${op})
endforeach()
foreach(op ${RIFEC_GPU_OPS})
    add_executable(test_${op} ops/cudamain.c ${op_sources})
    if("RIFEC_HAVE_CUDA=1" IN_LIST engine_definitions)
        target_sources(test_${op} PRIVATE ops/${op}.c)
    endif()
    target_include_directories(test_${op} PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                  ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(test_${op} PRIVATE ${op_libs} librifec m)
    target_compile_definitions(test_${op} PRIVATE ${engine_definitions})
    rifec_add_cuda_test(${op} test_${op})
endforeach()

# For gpu.sh, which also runs where there is no CMake.
list(JOIN RIFEC_OPS " " op_names)
list(JOIN RIFEC_GPU_OPS " " gpu_op_names)
file(WRITE ${PROJECT_BINARY_DIR}/tests/ops "${op_names} ${gpu_op_names}\n")

if("RIFEC_HAVE_CUDNN=1" IN_LIST engine_definitions)
    add_executable(test_cudnn ops/cudnn.c)
    target_include_directories(test_cudnn PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/kernels
                                                  ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(test_cudnn PRIVATE ${op_libs} librifec m)
    add_test(NAME cudnn COMMAND test_cudnn)
    rifec_test_properties(cudnn 300 gpu)
endif()
if("RIFEC_HAVE_CUDA=1" IN_LIST engine_definitions)
    rifec_add_test(plan_cache LABELS unit SOURCES unit/plan_cache.c)
endif()

# --- model ----------------------------------------------------------------------
set(golden ${CMAKE_CURRENT_SOURCE_DIR}/golden)
rifec_add_engine_test(golden_c LABELS model SOURCES model/golden.c ${op_sources} LIBS ${op_libs}
    ARGS ${golden} c)
target_include_directories(test_golden_c PRIVATE ${PROJECT_SOURCE_DIR}/kernels)
foreach(kernels dnn best)
    foreach(isa "" _avx2)
        add_test(NAME golden_${kernels}${isa} COMMAND test_golden_c ${golden} ${kernels})
        rifec_test_properties(golden_${kernels}${isa} 120 model)
    endforeach()
endforeach()
foreach(precision fp32 fp16)
    add_test(NAME golden_${precision} COMMAND test_golden_c ${golden} ${precision})
    rifec_test_properties(golden_${precision} 120 gpu)
endforeach()
foreach(precision fp32 tf32 fp16)
    add_test(NAME golden_cudnn_${precision} COMMAND test_golden_c ${golden} ${precision} cudnn)
    rifec_test_properties(golden_cudnn_${precision} 120 gpu)
endforeach()
# As on a machine without AVX-512.
set_property(TEST golden_dnn_avx2 golden_best_avx2 PROPERTY ENVIRONMENT DNNL_MAX_CPU_ISA=AVX2)
rifec_add_engine_test(engine LABELS model SOURCES model/engine.c)
rifec_add_engine_test(rife425 LABELS model SOURCES model/rife425.c)
rifec_add_engine_test(library LABELS model SOURCES model/library.c)
add_test(NAME library_200 COMMAND test_library 200)
rifec_test_properties(library_200 600 model long)
set_property(TEST library library_200 PROPERTY
             ENVIRONMENT GLIBC_TUNABLES=glibc.malloc.tcache_count=0)
rifec_add_engine_test(check LABELS model SOURCES model/check.c checkop.c)
rifec_add_engine_test(engine_cuda LABELS gpu SOURCES model/engine_cuda.c ${op_sources}
    LIBS ${op_libs} ARGS cuda TIMEOUT 600)
target_include_directories(test_engine_cuda PRIVATE ${PROJECT_SOURCE_DIR}/kernels)
add_test(NAME engine_cuda_on_cpu COMMAND test_engine_cuda cpu)
rifec_test_properties(engine_cuda_on_cpu 120 model)
rifec_add_engine_test(precision LABELS gpu SOURCES gpu/precision.c ${op_sources}
    LIBS ${op_libs} TIMEOUT 600)
target_include_directories(test_precision PRIVATE ${PROJECT_SOURCE_DIR}/kernels)

# --- weights --------------------------------------------------------------------
rifec_add_engine_test(weights LABELS unit SOURCES unit/weights.c
    ARGS ${PROJECT_SOURCE_DIR}/weights/ifnet-4.6.safetensors)
rifec_add_engine_test(weights_files LABELS unit SOURCES unit/weights_files.c
    ARGS ${CMAKE_CURRENT_SOURCE_DIR}/data)
rifec_add_engine_test(weights_ncnn LABELS unit SOURCES unit/weights_ncnn.c)
find_package(OpenMP COMPONENTS C QUIET)
rifec_add_engine_test(versions LABELS unit SOURCES unit/versions.c)
if(OpenMP_C_FOUND)
    target_link_libraries(test_versions PRIVATE OpenMP::OpenMP_C)
endif()
