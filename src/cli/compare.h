/* --compare and --side-by-side. Both return an exit status. */
#ifndef RIFEC_CLI_COMPARE_H
#define RIFEC_CLI_COMPARE_H

#include "cli/options.h"

int compare_run(const struct options *opt);

/* After a job: its source and its result next to each other. */
int compare_source_and_result(const struct options *opt);

#endif
