/*
 * Runs the pipeline for one file, reports the result and records it. Messages of all
 * threads pass through here on their way to stderr.
 */
#ifndef RIFEC_CLI_JOB_H
#define RIFEC_CLI_JOB_H

#include "cli/options.h"

/* Sets the log level; called before the first job and the first message. */
void job_begin(const struct options *opt);

/* The number of a file among several. */
struct job_place {
    int number, count; /* from 1 */
};

/* With --skip-existing: another process has made the output meanwhile, or is making
 * it. */
#define JOB_SKIPPED (-1)

/* Runs `job`, which is opt->job with its own input and output. Returns the exit
 * status, or JOB_SKIPPED. *stats, when not NULL, becomes the JSON of it, for free(), or
 * NULL; one line of a list if there are several files. */
int job_run(const struct options *opt, const struct pipeline_options *job,
            const struct job_place *at, char *const *argv, char **stats);

/* After job_run() and everything that follows it: writes the last line of the
 * progress. */
void job_end(int status);

#endif
