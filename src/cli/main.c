/*
 * The program: reads the options, runs the pipeline, says how it went. Messages
 * of all threads pass through here on their way to stderr; stdout carries only
 * what was asked for.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/options.h"
#include "cli/stats.h"
#include "media/versions.h"

/* --- messages ------------------------------------------------------------- */

/*
 * What the log callback, called from any thread, remembers for the report. A
 * text slot belongs to the one call that drew its number, and is read after
 * the threads are joined.
 */
struct messages {
    struct progress *progress;
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
    log_info("%s: %lld frames (%lld decoded %s), %.2f s, %.1f fps, %s%s%.1f s%s",
             strcmp(r->out.path, "-") ? r->out.path : "no output",
             (long long)r->out.frames_written, (long long)r->in.frames, rate,
             r->out.duration_s, wall_s > 0 ? (double)r->out.frames_written / wall_s : 0.0,
             r->timing.bottleneck ? r->timing.bottleneck : "",
             r->timing.bottleneck ? "-bound, " : "", wall_s,
             r->interrupted ? ", stopped early" : "");
    if (r->in.cuts || r->in.duplicates)
        log_info("%lld cuts, %lld repeated frames; %lld frames were synthesized",
                 (long long)r->in.cuts, (long long)r->in.duplicates,
                 (long long)r->out.frames_synthesized);
}

/* --- signals -------------------------------------------------------------- */

static atomic_int caught; /* the first signal that asked us to stop */

static void on_signal(int number)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&caught, &none, number))
        signal(number, SIG_DFL); /* a third one ends the process at once */
    pipeline_interrupt();
}

static void set_signals(void)
{
    struct sigaction stop = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    /* A closed pipe or a file size limit is an error of write(), not our end. */
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* --- the program ---------------------------------------------------------- */

/* Started without stdin, stdout or stderr, the output file would get their
 * number and our messages. Opened the wrong way round, so that using one of
 * them fails. */
static void fill_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
            _exit(-RIFEC_ERR_INTERNAL);
}

static int exit_status(int err, const struct pipeline_report *report)
{
    if (caught && (err == RIFEC_ERR_ABORT || (!err && report->interrupted)))
        return 128 + caught;
    return err >= RIFEC_ERR_VERIFY ? -err : -RIFEC_ERR_INTERNAL;
}

static int run(const struct options *opt, char **argv)
{
    static struct pipeline_report report; /* large for a stack, as is the next */
    static struct messages messages;
    static struct progress progress; /* the log may need it to the very end */
    progress.mode = opt->progress;
    messages.progress = &progress;
    rifec_log_set(opt->log_level, on_message, &messages);
    set_signals();

    /* A statistics file that cannot be is better known before the work. */
    int err = opt->stats ? stats_check(opt->stats) : 0;
    if (err)
        return -err;
    err = pipeline_run(&opt->job, &progress, &report);
    report.warnings = messages.warnings;
    int status = exit_status(err, &report);
    if (!err || (err == RIFEC_ERR_INPUT && report.in.damaged))
        say_summary(&opt->job, &report);
    else if (err == RIFEC_ERR_ABORT && caught)
        log_info("%s: stopped, nothing is written", opt->job.output);

    if (opt->stats) {
        int texts = report.warnings < STATS_WARNINGS ? report.warnings : STATS_WARNINGS;
        const char *error = messages.error[0] ? messages.error : rifec_strerror(err);
        struct stats stats = {
            .argv = argv,
            .options = opt,
            .report = &report,
            .exit_status = status,
            .error = err ? error : NULL,
            .warnings = messages.warning,
            .warning_texts = texts,
        };
        err = stats_write(opt->stats, &stats);
        if (err && !status)
            status = exit_status(err, &report);
    }
    pipeline_report_close(&report);
    return status;
}

static int print_version(void)
{
    printf("rifec %s\nRIFE 4.6, %s\n", rifec_version(), media_versions());
    return fflush(stdout) ? -RIFEC_ERR_OUTPUT : 0;
}

static int print_help(void)
{
    options_help(stdout);
    return fflush(stdout) ? -RIFEC_ERR_OUTPUT : 0;
}

int main(int argc, char **argv)
{
    fill_standard_files();
    struct options opt;
    int status;
    if (options_parse(&opt, argc, argv) < 0) {
        log_error("%s", opt.error);
        fputs("Try 'rifec --help'.\n", stderr);
        status = -RIFEC_ERR_USAGE;
    } else if (opt.help) {
        status = print_help();
    } else if (opt.version) {
        status = print_version();
    } else {
        status = run(&opt, argv);
    }
    options_free(&opt);
    return status;
}
