# Sources of src/cli and the progress display. Included by program.cmake.
set(RIFEC_CLI_SOURCES
    cli/help.c
    cli/main.c
    cli/option_table.c
    cli/options.c
    cli/stats.c
    pipeline/progress.c)
