/* The errors of a command line, and notes that are worth logging. */
#ifndef RIFEC_CLI_OPTION_ERROR_H
#define RIFEC_CLI_OPTION_ERROR_H

#include "base/log.h"
#include "cli/options.h"

/*
 * Puts a message into opt->error and returns RIFEC_ERR_USAGE. Keeps the first:
 * later ones are often its consequences.
 */
int option_fail(struct options *opt, const char *fmt, ...) LOG_PRINTF(2, 3);

/* The same for a failed allocation; returns RIFEC_ERR_NOMEM. */
int option_no_memory(struct options *opt, const char *fmt, ...) LOG_PRINTF(2, 3);

/* Keeps a note until the log's level is known. */
void option_note(struct options *opt, enum rifec_log_level level, const char *fmt, ...)
    LOG_PRINTF(3, 4);

#endif
