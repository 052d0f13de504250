# Tests of src/model and src/engine. Included by tests/CMakeLists.txt.

# The library's private switches: which implementations there are.
get_target_property(engine_definitions librifec COMPILE_DEFINITIONS)
list(FILTER engine_definitions INCLUDE REGEX "^(CPU|RIFEC_HAVE)_")

function(rifec_add_engine_test name)
    rifec_add_test(${name} ${ARGN})
    target_compile_definitions(test_${name} PRIVATE ${engine_definitions})
endfunction()

foreach(op ${RIFEC_OPS})
    rifec_add_engine_test(${op} LABELS op SOURCES ops/${op}.c checkop.c)
endforeach()

# --- model ----------------------------------------------------------------------
set(golden ${CMAKE_CURRENT_SOURCE_DIR}/golden)
rifec_add_engine_test(golden_c LABELS model SOURCES model/golden.c ARGS ${golden} c)
foreach(kernels dnn best)
    foreach(isa "" _avx2)
        add_test(NAME golden_${kernels}${isa} COMMAND test_golden_c ${golden} ${kernels})
        rifec_test_properties(golden_${kernels}${isa} 120 model)
    endforeach()
endforeach()
# What runs on a machine without AVX-512.
set_property(TEST golden_dnn_avx2 golden_best_avx2 PROPERTY ENVIRONMENT DNNL_MAX_CPU_ISA=AVX2)
rifec_add_engine_test(engine LABELS model SOURCES model/engine.c)

# --- weights --------------------------------------------------------------------
rifec_add_engine_test(weights LABELS unit SOURCES unit/weights.c
    ARGS ${PROJECT_SOURCE_DIR}/weights/ifnet-4.6.safetensors)
