/*
 * Refuses a run that would write over its own input or write two things to one file:
 * outputs, their temporary files and the statistics are compared with inputs, model, list
 * of cuts and with each other. Files are compared by device and inode, so that links and
 * ./x change nothing; files that do not exist yet, by their folder and name; pictures by
 * folder, pattern, and the inodes of those that exist.
 */
#ifndef RIFEC_PIPELINE_CLASH_H
#define RIFEC_PIPELINE_CLASH_H

#include "pipeline/pipeline.h"

struct clash_params {
    const struct pipeline_options *job; /* format, model and cuts of all        */
    const char *const *inputs;          /* [count]                              */
    char *const *outputs;               /* [count]                              */
    int count;
    const char *stats; /* file, or NULL                        */
};

/* Creates nothing. Errors, logged: OUTPUT if an output is also read; USAGE if the
 * command line names one file twice for writing, or for the statistics; NOMEM. */
int clash_check(const struct clash_params *p);

#endif
