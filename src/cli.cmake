# src/cli: the command line. Included by program.cmake, which makes `rifec`.

# All but main(), so that the tests can link it.
add_library(rifec_cli STATIC
    cli/batch.c
    cli/compare.c
    cli/completion.c
    cli/doctor.c
    cli/habits.c
    cli/help.c
    cli/job.c
    cli/json_text.c
    cli/manual.c
    cli/manual_text.c
    cli/number.c
    cli/option_error.c
    cli/option_table.c
    cli/options.c
    cli/signals.c
    cli/spelling.c
    cli/stats.c cli/stats_file.c
    cli/store.c
    cli/summary.c
    cli/words.c)
target_include_directories(rifec_cli PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(rifec_cli PUBLIC rifec_pipeline PRIVATE PkgConfig::CJSON m)

target_sources(rifec PRIVATE cli/main.c)
target_link_libraries(rifec PRIVATE rifec_cli)
