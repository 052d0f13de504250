/*
 * The JSON of --stats: what was requested, read, written and computed, how long it took,
 * and how it ended: docs/statistics.md. "schema" is increased when a key changes its
 * meaning or is removed; new keys may appear. Unknown values are null.
 */
#ifndef RIFEC_CLI_STATS_H
#define RIFEC_CLI_STATS_H

#include "cli/options.h"

#define STATS_SCHEMA   2
#define STATS_WARNINGS 32 /* texts kept; further warnings are only counted */
#define STATS_TEXT     512

/* Everything the JSON is made from; borrowed. */
struct stats {
    char *const *argv; /* NULL-terminated */
    const struct pipeline_options *job;
    const struct pipeline_report *report;
    int exit_status;
    const char *error; /* NULL when nothing failed */
    const char (*warnings)[STATS_TEXT];
    int warning_texts; /* number of them */
};

/* Checks that stats_write() will be possible, before hours of work. An existing file
 * is replaced only with `overwrite`, if it is empty, or if it holds statistics of an
 * earlier run. Errors, logged: OUTPUT, NOMEM. */
int stats_check(const char *path, bool overwrite);

/* True for stdout, a pipe or a device, which does not keep what is written. */
bool stats_is_stream(const char *path);

/* The JSON, indented or as one line; freed with free(). NULL: out of memory,
 * logged. */
char *stats_text(const struct stats *stats, bool one_line);

/* Writes it to a file, as a whole, or to stdout when path is "-". The same rules and
 * errors. */
int stats_write(const char *path, const char *text, bool overwrite);

#endif
