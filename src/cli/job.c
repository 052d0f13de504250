/* What one run of the pipeline tells, on stderr and as JSON. */
#include "cli/job.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/signals.h"
#include "cli/stats.h"

/* --- messages ------------------------------------------------------------- */

/*
 * What the log callback, called from any thread, remembers for the report. A
 * text slot belongs to the one call that drew its number, and is read after
 * the threads are joined.
 */
struct messages {
    struct progress *progress;
    enum rifec_log_level shown; /* of these on stderr; the report has warnings anyway */
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

/* "x5/2", or "to 60000/1001 fps". */
static void describe_rate(const struct pipeline_options *job, char *text, size_t size)
{
    struct rational f = job->rate.num ? job->rate : job->factor;
    char den[24] = "";
    if (f.den != 1)
        snprintf(den, sizeof den, "/%lld", (long long)f.den);
    snprintf(text, size, "%s%lld%s%s", job->rate.num ? "to " : "x", (long long)f.num, den,
             job->rate.num ? " fps" : "");
}

/* "out.mp4: 120 frames (60 decoded x2), 2.00 s, 14.2 fps, engine-bound, 8.4 s" */
static void say_summary(const struct pipeline_options *job,
                        const struct pipeline_report *r)
{
    char rate[64];
    describe_rate(job, rate, sizeof rate);
    double wall_s = r->timing.wall_s;
    double made = (double)(r->out.frames_written - r->out.frames_resumed);
    log_info("%s: %lld frames (%lld decoded %s), %.2f s, %.1f fps, %s%s%.1f s%s",
             strcmp(r->out.path, "-") ? r->out.path : "no output",
             (long long)r->out.frames_written, (long long)r->in.frames, rate,
             r->out.duration_s, wall_s > 0 ? made / wall_s : 0.0,
             r->timing.bottleneck ? r->timing.bottleneck : "",
             r->timing.bottleneck ? "-bound, " : "", wall_s,
             r->interrupted ? ", stopped early" : "");
    if (r->out.frames_resumed)
        log_info("%lld of these frames were there from a run before",
                 (long long)r->out.frames_resumed);
    if (r->in.cuts || r->in.duplicates)
        log_info("%lld cuts, %lld repeated frames; %lld frames were synthesized",
                 (long long)r->in.cuts, (long long)r->in.duplicates,
                 (long long)r->out.frames_synthesized);
}

/* --- the job -------------------------------------------------------------- */

/* The log may need these to the very end. */
static struct progress progress;
static struct messages messages;

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

int job_run(const struct options *opt, const struct pipeline_options *job,
            char *const *argv, char **stats, bool one_line)
{
    static struct pipeline_report report; /* large for a stack */
    progress = (struct progress){ .mode = opt->progress };
    messages.errors = messages.warnings = 0;
    messages.error[0] = '\0';

    int err = pipeline_run(job, &progress, &report);
    report.warnings = messages.warnings;
    int status = exit_status(err, &report);
    if (!err || (err == RIFEC_ERR_INPUT && report.in.damaged))
        say_summary(job, &report);
    else if (err == RIFEC_ERR_ABORT && signals_caught())
        log_info("%s: stopped, nothing is written", job->output);
    if (err && report.resumable)
        log_info("%lld frames are kept in %s.resume; the same command goes on there",
                 (long long)report.resumable, job->output);
    if (stats)
        *stats = describe(job, &report, argv, err, status, one_line);
    pipeline_report_close(&report);
    return status;
}
