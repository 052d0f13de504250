# Small things alone: base, options, progress, statistics, headers, layers.
foreach(name arguments crash dtype frame fused half log mem memlimit outfile queue rational thread)
    rifec_add_test(${name} LABELS unit SOURCES unit/${name}.c)
endforeach()
# It asks for more memory than exists; the sanitizers would stop there.
set_property(TEST mem PROPERTY ENVIRONMENT
    ASAN_OPTIONS=allocator_may_return_null=1 TSAN_OPTIONS=allocator_may_return_null=1)

if(TARGET rifec_cli)
    rifec_add_test(clash LABELS unit SOURCES unit/clash.c LIBS rifec_pipeline)
    rifec_add_test(naming LABELS unit SOURCES unit/naming.c LIBS rifec_pipeline)
    rifec_add_test(options LABELS unit SOURCES unit/options.c LIBS rifec_cli)
    rifec_add_test(spelling LABELS unit SOURCES unit/spelling.c LIBS rifec_cli)
    rifec_add_test(rising LABELS unit SOURCES unit/rising.c LIBS rifec_pipeline)
    rifec_add_test(progress LABELS unit SOURCES unit/progress.c LIBS rifec_pipeline)
    rifec_add_test(summary LABELS unit SOURCES unit/summary.c LIBS rifec_cli)
    rifec_add_test(stats LABELS unit SOURCES unit/stats.c LIBS rifec_cli PkgConfig::CJSON)
endif()

rifec_add_script(headers LABELS unit
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/headers/check_headers.sh
            ${CMAKE_C_COMPILER} ${PROJECT_SOURCE_DIR} ${FFMPEG_INCLUDE_DIRS} ${CJSON_INCLUDE_DIRS})
rifec_add_script(layers LABELS unit
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/layers.sh ${PROJECT_SOURCE_DIR})

# The sanitizers add their own symbols.
if(NOT RIFEC_SANITIZE)
    rifec_add_script(symbols LABELS unit
        COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/symbols.sh ${PROJECT_SOURCE_DIR}
                $<TARGET_FILE:rifec_shared> $<TARGET_FILE_DIR:rifec_shared>/librifec.a)
endif()

rifec_add_script(cuda_toolkit LABELS unit
    COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/unit/cuda_toolkit.sh ${PROJECT_SOURCE_DIR} ${CMAKE_COMMAND})

rifec_add_script(messages LABELS unit
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/messages.sh ${PROJECT_SOURCE_DIR})

rifec_add_script(fidelity LABELS unit
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/fidelity.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})

# The model is the one whose figures are in weights/README.md.
rifec_add_script(model_sum LABELS unit
    COMMAND sh -c "cd ${PROJECT_SOURCE_DIR}/weights && sha256sum -c SHA256SUMS")
