/*
 * The command line, from one table: what getopt_long() accepts is what --help
 * prints. Nothing is opened or read here; values that only a codec, a device or
 * a file can judge are judged there.
 */
#ifndef RIFEC_CLI_OPTIONS_H
#define RIFEC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "pipeline/pipeline.h"

struct options {
    struct pipeline_options job; /* strings point into argv; its input is the first */
    const char **inputs;         /* owned, the names are argv's                */
    int input_count;
    const char *name_template; /* of outputs in a folder; NULL: the default  */
    bool keep_going, skip_existing, resume;
    char *settings; /* options that shape the output, sorted lines; owned      */
    enum progress_mode progress;
    enum rifec_log_level log_level;
    const char *stats; /* path, "-" for stdout, or NULL                        */
    bool help, version, list_devices, doctor;
    int generate; /* enum generate, or -1                                      */

    struct key_value *encoder_options; /* what job points to; owned            */
    char error[512];                   /* the first thing wrong, one line      */
};

/*
 * Reads argv. Returns 0, or RIFEC_ERR_USAGE with the reason in opt->error; a
 * --help anywhere makes the rest irrelevant, --version, --list-devices and --doctor
 * need no input and output. options_free() follows either way.
 */
int options_parse(struct options *opt, int argc, char **argv);

/* The text of --help. */
void options_help(FILE *out);

void options_free(struct options *opt);

#endif
