/* The report of one run of the pipeline, on stderr and as JSON. */
#include "cli/job.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/outpath.h"
#include "cli/json_text.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "cli/summary.h"

/* --- messages ------------------------------------------------------------- */

/*
 * Messages that the log callback, called from any thread, keeps for the report. A text
 * slot belongs to the one call that drew its number, and is read after the threads are
 * joined.
 */
struct messages {
    struct progress *progress;
    enum rifec_log_level shown; /* least important level that stderr gets          */
    atomic_int errors, warnings;
    char error[STATS_TEXT];
    char warning[STATS_WARNINGS][STATS_TEXT];
};

static void on_message(void *opaque, enum rifec_log_level level, const char *line)
{
    struct messages *m = opaque;
    if (level == RIFEC_LOG_ERROR && atomic_fetch_add(&m->errors, 1) == 0)
        snprintf(m->error, sizeof m->error, "%s", line);
    if (level == RIFEC_LOG_WARNING) {
        int i = atomic_fetch_add(&m->warnings, 1);
        if (i < STATS_WARNINGS)
            snprintf(m->warning[i], sizeof m->warning[i], "%s", line);
    }
    if (level > m->shown)
        return;
    progress_break_line(m->progress);
    fprintf(stderr, "rifec: %s%s\n", level == RIFEC_LOG_WARNING ? "warning: " : "", line);
}

static void say_begin(const struct pipeline_options *job, const struct pipeline_report *r)
{
    char text[SUMMARY_TEXT];
    summary_begin(job, r, text, sizeof text);
    log_info("%s", text);
}

static void say_end(const struct pipeline_report *r)
{
    char text[SUMMARY_TEXT];
    summary_end(r, text, sizeof text);
    log_info("%s", text);
    if (r->out.frames_resumed)
        log_info("%lld of these frames were kept from an earlier run",
                 (long long)r->out.frames_resumed);
    if (r->in.cuts || r->in.duplicates) {
        summary_frames(r, text, sizeof text);
        log_info("%s", text);
    }
}

static void say_resumable(const struct pipeline_options *job,
                          const struct pipeline_report *r)
{
    char *folder = outpath_beside(job->output.path, ".resume");
    if (!folder)
        mem_fail("a file name");
    log_info("%lld frames are kept in %s; run the same command to continue",
             (long long)r->resumable, folder ? folder : "the folder of --resume");
    free(folder);
}

/* --- the job -------------------------------------------------------------- */

/* Static, because the log may need them until the process ends. */
static struct progress progress;
static struct messages messages;
static char *names; /* the files' names as JSON; owned */

void job_begin(const struct options *opt)
{
    messages.progress = &progress;
    messages.shown = opt->log_level;
    bool enough = opt->log_level > RIFEC_LOG_WARNING;
    rifec_log_set(enough ? opt->log_level : RIFEC_LOG_WARNING, on_message, &messages);
}

static int exit_status(int err, const struct pipeline_report *report)
{
    if (signals_caught() && (err == RIFEC_ERR_ABORT || (!err && report->interrupted)))
        return 128 + signals_caught();
    return err >= RIFEC_ERR_VERIFY ? -err : -RIFEC_ERR_INTERNAL;
}

static char *describe(const struct pipeline_options *job,
                      const struct pipeline_report *report, char *const *argv, int err,
                      int status, bool one_line)
{
    int texts = report->warnings < STATS_WARNINGS ? report->warnings : STATS_WARNINGS;
    const char *error = messages.error[0] ? messages.error : rifec_strerror(err);
    return stats_text(
        &(struct stats){
            .argv = argv,
            .job = job,
            .report = report,
            .exit_status = status,
            .error = err ? error : NULL,
            .warnings = messages.warning,
            .warning_texts = texts,
        },
        one_line);
}

/* The members of a JSON object without its braces. Returns NULL when out of memory, which
 * is not an error: progress then has no names. */
static char *names_of(const struct job_place *at, const struct pipeline_options *job)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "input", json_text(job->input.path));
    cJSON_AddItemToObject(object, "output", json_text(job->output.path));
    cJSON_AddNumberToObject(object, "file", at->number);
    cJSON_AddNumberToObject(object, "files", at->count);
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (text) {
        size_t length = strlen(text) - 2;
        memmove(text, text + 1, length);
        text[length] = '\0';
    }
    return text;
}

int job_run(const struct options *opt, const struct pipeline_options *asked,
            const struct job_place *at, char *const *argv, char **stats)
{
    static struct pipeline_report report; /* too large for the stack */
    unsigned long failures = mem_failures();
    struct pipeline_options job = *asked;
    job.begins = say_begin;
    free(names);
    names = opt->progress == PROGRESS_JSON ? names_of(at, &job) : NULL;
    progress = (struct progress){ .mode = opt->progress, .names = names };
    messages.errors = messages.warnings = 0;
    messages.error[0] = '\0';

    int err = pipeline_run(&job, &progress, &report);
    /* After a failed allocation, later failures are only its consequences. */
    if (err != RIFEC_ERR_ABORT && mem_check(failures))
        err = mem_check(failures);
    report.warnings = messages.warnings;
    int status = exit_status(err, &report);
    if (report.out.taken) {
        pipeline_report_close(&report);
        return JOB_SKIPPED;
    }
    if (report.finished_before)
        log_verbose("%s: an earlier run finished it, so there was nothing to do",
                    job.output.path);
    else if (!err || (err == RIFEC_ERR_INPUT && report.checked))
        say_end(&report);
    else if (err == RIFEC_ERR_ABORT && signals_caught())
        log_info("%s: stopped, and nothing was written", job.output.path);
    if (err && report.resumable)
        say_resumable(&job, &report);
    if (stats)
        *stats = describe(&job, &report, argv, err, status, at->count > 1);
    pipeline_report_close(&report);
    return status;
}

void job_end(int status)
{
    progress_conclude(&progress, status);
    free(names);
    progress.names = names = NULL;
}
