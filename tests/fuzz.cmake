# Fuzzing harnesses (fuzz/README.md). Included by CMakeLists.txt. In every build they run
# over their committed inputs; with RIFEC_FUZZ they are programs of libFuzzer.

# rifec_add_fuzzer(NAME [SOURCES ...] [LIBS ...] [CUTS n]): fuzz/NAME.c over
# fuzz/corpus/NAME; each input is also cut short at CUTS places.
function(rifec_add_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "CUTS" "SOURCES;LIBS")
    if(NOT arg_CUTS)
        set(arg_CUTS 64)
    endif()
    add_executable(fuzz_${name} fuzz/${name}.c fuzz/fuzz.c ${arg_SOURCES})
    target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                    ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(fuzz_${name} PRIVATE ${arg_LIBS} librifec m)
    if(RIFEC_FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(fuzz_${name} PRIVATE fuzz/replay.c)
        add_test(NAME fuzz/${name}
            COMMAND fuzz_${name} ${arg_CUTS}
                    ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
        rifec_test_properties(fuzz/${name} 120 unit fuzz)
    endif()
endfunction()

rifec_add_fuzzer(weights)
rifec_add_fuzzer(plan_cache LIBS PkgConfig::CJSON
    SOURCES ${PROJECT_SOURCE_DIR}/src/engine/cudnn/plan_cache.c)
if(TARGET rifec_cli)
    rifec_add_fuzzer(options LIBS rifec_cli)
    rifec_add_fuzzer(naming LIBS rifec_pipeline)
    rifec_add_fuzzer(scene_list LIBS rifec_pipeline)
    rifec_add_fuzzer(golden LIBS rifec_golden)
    rifec_add_fuzzer(resume_state LIBS rifec_pipeline)
    rifec_add_fuzzer(segment LIBS rifec_media)
    rifec_add_fuzzer(film CUTS 3 SOURCES media/copy_engine.c LIBS rifec_pipeline)
endif()

# Damaged films go through the whole program, but with an engine that only copies: opening
# the real one takes longer than such a film.
if(TARGET rifec_cli)
    add_executable(rifec_copying ${PROJECT_SOURCE_DIR}/src/cli/main.c media/copy_engine.c)
    target_include_directories(rifec_copying PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                     ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(rifec_copying PRIVATE rifec_cli rifec_tool librifec m)
    rifec_add_script(fuzz/films LABELS fuzz TIMEOUT 300
        COMMAND sh -c "command -v python3 >/dev/null || exit 77; exec python3 \"$@\"" sh
                ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/mutate-films
                $<TARGET_FILE:rifec_copying> --count 24)
endif()
