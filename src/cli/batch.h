/*
 * Processes all inputs of the command line, one after the other: chooses the output of
 * each, what is skipped, and when to stop. A single input is a batch of one.
 */
#ifndef RIFEC_CLI_BATCH_H
#define RIFEC_CLI_BATCH_H

#include "cli/options.h"

/* Returns the exit status: the highest of any file. */
int batch_run(const struct options *opt, char *const *argv);

#endif
