/*
 * One file: runs the pipeline, says how it went and puts it on record. Messages
 * of all threads pass through here on their way to stderr.
 */
#ifndef RIFEC_CLI_JOB_H
#define RIFEC_CLI_JOB_H

#include "cli/options.h"

/* Before the first job, and before anything is said: how much is. */
void job_begin(const struct options *opt);

/* Runs `job`, which is opt->job with its own input and output. Returns the exit
 * status. *stats, when not NULL, becomes the JSON of it, for free(), or NULL;
 * one_line: for a list of them. */
int job_run(const struct options *opt, const struct pipeline_options *job,
            char *const *argv, char **stats, bool one_line);

#endif
