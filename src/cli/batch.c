/* Runs the list of jobs, and decides when it ends. */
#define _POSIX_C_SOURCE 200809L
#include "cli/batch.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "cli/job.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "pipeline/clash.h"
#include "pipeline/naming.h"

struct batch {
    const struct options *opt;
    char *const *argv;
    int count;
    char **outputs;   /* [count] */
    bool made_folder; /* -o DIR/ did not exist */
    char *records;    /* --stats so far: one line of JSON for each file */
    int done, skipped, failed;
};

/* --- what goes where ------------------------------------------------------ */

/* True if the output is a folder in which files get names of their own. */
static bool names_outputs(const struct options *opt)
{
    if (!strcmp(opt->job.output.path, "-") || !naming_is_folder(opt->job.output.path))
        return false;
    return opt->input_count > 1 || opt->name_template || !naming_is_album(&opt->job);
}

static int name_outputs(struct batch *b)
{
    const struct options *opt = b->opt;
    bool into_folder = names_outputs(opt);
    for (int i = 0; i < b->count; i++) {
        char error[512];
        struct pipeline_options job = opt->job;
        struct naming n = { opt->job.output.path, opt->name_template, i + 1 };
        job.input.path = opt->inputs[i];
        b->outputs[i] = into_folder ? naming_make(&n, &job, error, sizeof error)
                                    : strdup(opt->job.output.path);
        if (!b->outputs[i] && into_folder && error[0]) {
            log_error("%s", error);
            return RIFEC_ERR_USAGE;
        }
        if (!b->outputs[i])
            return mem_fail("a file name");
    }
    return 0;
}

/* Checks that need the file system. */
static int check_output(const struct options *opt)
{
    const char *output = opt->job.output.path;
    bool nowhere = opt->job.output.format && !strcmp(opt->job.output.format, "null");
    if (nowhere)
        return 0;
    if (opt->input_count > 1 && !naming_is_folder(output)) {
        const char *base = strrchr(output, '/'),
                   *dot = strrchr(base ? base : output, '.');
        int stem = (int)(dot && dot > output ? dot - output : (ptrdiff_t)strlen(output));
        log_error("%d inputs ('%s', '%s'%s) but one output, '%s'; to write all of them, "
                  "give a folder: -o %.*s/%s",
                  opt->input_count, opt->inputs[0], opt->inputs[1],
                  opt->input_count > 2 ? ", ..." : "", output, stem, output,
                  naming_is_picture(opt->inputs[0])
                      ? "; to make one film of pictures, give theirs: -i frames/"
                      : "");
        return RIFEC_ERR_USAGE;
    }
    if (opt->name_template && !naming_is_folder(output)) {
        log_error("--name-template needs an output that is a folder: -o DIR/");
        return RIFEC_ERR_USAGE;
    }
    return 0;
}

/* Checks that no output is also an input. */
static int check_clashes(const struct batch *b)
{
    return clash_check(&(struct clash_params){
        .job = &b->opt->job,
        .inputs = b->opt->inputs,
        .outputs = b->outputs,
        .count = b->count,
        .stats = b->opt->stats,
    });
}

static int make_folder(struct batch *b)
{
    return names_outputs(b->opt)
               ? outfile_make_folder(b->opt->job.output.path, &b->made_folder)
               : 0;
}

static int plan(struct batch *b)
{
    int err = 0;
    b->outputs = calloc((size_t)b->count, sizeof *b->outputs);
    if (!b->outputs)
        return mem_fail("the list of outputs");
    TRY(check_output(b->opt));
    TRY(name_outputs(b));
    TRY(check_clashes(b));
    TRY(b->opt->stats ? stats_check(b->opt->stats, b->opt->job.output.overwrite) : 0);
    TRY(make_folder(b));
fail:
    return err;
}

/* --- one after the other -------------------------------------------------- */

/* Takes ownership of the text. The whole file is written again each time, so that it is
 * complete even after a power loss. */
static int record(struct batch *b, char *text)
{
    const char *path = b->opt->stats;
    int err = 0;
    if (!text)
        return mem_fail("the statistics");
    if (b->count == 1 || stats_is_stream(path)) {
        err = stats_write(path, text, b->opt->job.output.overwrite);
    } else {
        size_t used = b->records ? strlen(b->records) + 1 : 0;
        char *all = realloc(b->records, used + strlen(text) + 1);
        if (all) {
            if (used)
                all[used - 1] = '\n';
            strcpy(all + used, text);
            b->records = all;
        }
        err = all ? stats_write(path, all, b->opt->job.output.overwrite)
                  : mem_fail("the statistics");
    }
    free(text);
    return err;
}

/* Each of several inputs has its own golden folder, reports and hashes, named after its
 * output: DIR/NAME, report.NAME.html. Owned by `names`. */
struct watch_names {
    char *all[2 + GOLDEN_REPORTS_MAX];
    int count;
};

static const char *keep_name(struct watch_names *n, const char *format, int stem_length,
                             const char *stem, const char *name, const char *ending)
{
    size_t size = (size_t)stem_length + strlen(name) + strlen(ending) + 8;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, format, stem_length, stem, name, ending);
    n->all[n->count++] = text;
    return text;
}

static int name_watched(struct watch_options *w, struct watch_names *n,
                        const char *output)
{
    const char **files[1 + GOLDEN_REPORTS_MAX] = { &w->framemd5 };
    const char *slash = strrchr(output, '/'), *name = slash ? slash + 1 : output;
    int count = 1;
    bool ok = true;
    for (int i = 0; i < w->golden_report_count; i++)
        files[count++] = &w->golden_reports[i];
    if (w->golden)
        ok = (w->golden = keep_name(n, "%.*s/%s%s", (int)strlen(w->golden), w->golden,
                                    name, "")) != NULL;
    for (int i = 0; i < count; i++) {
        if (!*files[i])
            continue;
        const char *base = strrchr(*files[i], '/');
        const char *dot = strrchr(base ? base : *files[i], '.');
        int stem = dot ? (int)(dot - *files[i]) : (int)strlen(*files[i]);
        *files[i] = keep_name(n, "%.*s.%s%s", stem, *files[i], name, dot ? dot : "");
        ok = ok && *files[i];
    }
    return ok ? 0 : mem_fail("the names of golden reports");
}

static int run_one(struct batch *b, int i)
{
    const struct options *opt = b->opt;
    struct pipeline_options job = opt->job;
    struct watch_names names = { 0 };
    job.input.path = opt->inputs[i];
    job.output.path = b->outputs[i];
    int named = b->count > 1 ? name_watched(&job.watch, &names, job.output.path) : 0;
    if (named < 0)
        return -named;
    if (opt->job.output.skip_existing && naming_exists(job.output.path)) {
        log_info("%s: already exists, skipped", job.output.path);
        b->skipped++;
        return 0;
    }
    char *text = NULL;
    int status = job_run(opt, &job, &(struct job_place){ i + 1, b->count }, b->argv,
                         opt->stats ? &text : NULL);
    if (status == JOB_SKIPPED) {
        b->skipped++;
        return 0;
    }
    int err = opt->stats ? record(b, text) : 0;
    if (err && !status)
        status = -err;
    job_end(status);
    for (int k = 0; k < names.count; k++)
        free(names.all[k]);
    b->done += status == 0;
    b->failed += status != 0;
    return status;
}

static void say_end(const struct batch *b)
{
    int left = b->count - b->done - b->skipped - b->failed;
    char skipped[32] = "", failed[32] = "", rest[32] = "";
    if (b->skipped)
        snprintf(skipped, sizeof skipped, ", %d skipped", b->skipped);
    if (b->failed)
        snprintf(failed, sizeof failed, ", %d failed", b->failed);
    if (left)
        snprintf(rest, sizeof rest, ", %d not started", left);
    log_info("%d files: %d done%s%s%s", b->count, b->done, skipped, failed, rest);
}

int batch_run(const struct options *opt, char *const *argv)
{
    struct batch b = { .opt = opt, .argv = argv, .count = opt->input_count };
    int status = -plan(&b);
    for (int i = 0; i < b.count && (!status || (opt->keep_going && b.failed)); i++) {
        int one = run_one(&b, i);
        status = one > status ? one : status;
        if (signals_caught())
            break;
    }
    if (b.count > 1 && b.done + b.skipped + b.failed > 0)
        say_end(&b);
    if (b.made_folder)
        rmdir(opt->job.output.path); /* it may be missing or not empty */
    for (int i = 0; b.outputs && i < b.count; i++)
        free(b.outputs[i]);
    free(b.outputs);
    free(b.records);
    return status;
}
