/* Compares two films, or shows them next to each other. */
#include "cli/compare.h"

#include <stdio.h>

#include "base/log.h"
#include "base/outfile.h"

static int put_beside(const struct options *opt, const char *left, const char *right)
{
    const char *out = opt->side_by_side;
    if (outfile_same(out, left) || outfile_same(out, right)) {
        log_error("%s: is one of the two videos to compare; give another name", out);
        return -RIFEC_ERR_OUTPUT;
    }
    return -compare_write_beside(out, left, right, opt->job.output.overwrite);
}

int compare_run(const struct options *opt)
{
    const char *a = opt->inputs[0], *b = opt->inputs[1];
    bool brief = opt->log_level < RIFEC_LOG_INFO;
    int status = -compare_films(&opt->comparison, a, b, brief, stdout);
    /* The user probably wants to look at a comparison that failed. */
    if (opt->side_by_side && (!status || status == -RIFEC_ERR_VERIFY)) {
        int beside = put_beside(opt, a, b);
        status = status ? status : beside;
    }
    return status;
}

int compare_source_and_result(const struct options *opt)
{
    return put_beside(opt, opt->job.input.path, opt->job.output.path);
}
