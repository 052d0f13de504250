/*
 * The command line, from one table: the options that are accepted are those that
 * --help prints. No file is opened or read here; values that only a codec, a device
 * or a file can judge are judged there.
 */
#ifndef RIFEC_CLI_OPTIONS_H
#define RIFEC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "media/versions.h"
#include "pipeline/compare.h"
#include "pipeline/pipeline.h"

#define NOTES_MAX 4

enum help_kind { HELP_NONE, HELP_SHORT, HELP_LONG };

struct option_note {
    enum rifec_log_level level;
    char text[256];
};

struct options {
    struct pipeline_options job; /* strings point into argv; its input is the first */
    const char **inputs;         /* owned, the names are argv's                */
    int input_count;
    const char *name_template; /* of outputs in a folder; NULL: the default  */
    bool keep_going, resume;
    char *settings; /* options that shape the output, sorted lines; owned      */
    enum progress_mode progress;
    enum rifec_log_level log_level;
    const char *stats; /* path, "-" for stdout, or NULL                        */
    bool compare;      /* two films, instead of interpolating one            */
    struct compare_options comparison;
    const char *side_by_side; /* file for both films, or source and result; or NULL */
    int help;                 /* enum help_kind */
    bool version, list_devices, doctor;
    int generate; /* enum generate, or -1                                      */
    enum media_list generate_values;

    struct encode_option *encoder_options; /* memory that job points to; owned */
    int64_t duration_us;                   /* -t; job.to_us follows from it        */
    bool sound_copied;                     /* -c:a copy                            */

    char error[512]; /* the first error, one line */
    int error_code;  /* the code that options_parse() returns for it */
    struct option_note notes[NOTES_MAX];
    int note_count;
};

/*
 * Reads argv. Returns 0, or RIFEC_ERR_USAGE or RIFEC_ERR_NOMEM with the reason in
 * opt->error; a --help anywhere makes the rest irrelevant, --version, --list-devices
 * and --doctor need no input and output. options_free() follows either way.
 */
int options_parse(struct options *opt, int argc, char **argv);

/* Logs the notes of options_parse(). */
void options_log_notes(const struct options *opt);

/* The text of --help, or the short one of -h. */
void options_help(enum help_kind kind, FILE *out);

void options_free(struct options *opt);

#endif
