/*
 * The life of the three stages: start, watch, join, check, publish. job.c opens what they
 * work with.
 *
 * Each stage owns its objects while it runs; items change hands only through
 * the queues. A stage that fails aborts both queues, so that its neighbours
 * return RIFEC_ERR_ABORT; the caller's thread joins all three and reports the first
 * other code.
 */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/pipeline.h"

#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/av.h"
#include "pipeline/checks.h"
#include "pipeline/job.h"

/* --- the stages ----------------------------------------------------------- */

static int source_stage(struct job *j)
{
    int err = 0;
    struct item it = { .kind = ITEM_PACKET };
    while (it.kind != ITEM_EOF) {
        TRY(job_next_item(j, &it));
        TRY(item_push(j->decoded, &it));
    }
fail:
    return err;
}

/* The limit of --frames is reached: tell the source, in input time. */
static void end_picture(struct job *j)
{
    j->picture_end_us = job_us(j->out_time_base, j->inbetween.end);
    if (j->opt->rate.slowmo)
        j->picture_end_us = av_rescale(j->picture_end_us, j->opt->rate.factor.den,
                                       j->opt->rate.factor.num);
    atomic_store(&j->picture_done, true);
}

static int engine_stage(struct job *j)
{
    int err = 0;
    bool ended = false;
    while (!ended) {
        struct item it;
        TRY(queue_pop(j->decoded, &it));
        ended = it.kind == ITEM_EOF;
        TRY(inbetween_item(&j->inbetween, &it));
        if (inbetween_done(&j->inbetween) && !atomic_load(&j->picture_done))
            end_picture(j);
    }
fail:
    return err;
}

static int sink_stage(struct job *j)
{
    int err = 0;
    bool ended = false;
    while (!ended) {
        struct item it;
        TRY(queue_pop(j->finished, &it));
        ended = it.kind == ITEM_EOF;
        TRY(sink_item(&j->sink, &it));
    }
fail:
    return err;
}

static int run_stage(struct job *j, int (*stage)(struct job *))
{
    int err = stage(j);
    if (err < 0) {
        queue_abort(j->decoded);
        queue_abort(j->finished);
    }
    atomic_fetch_sub(&j->stages_running, 1);
    return err;
}

static int run_source(void *job)
{
    return run_stage(job, source_stage);
}

static int run_engine(void *job)
{
    return run_stage(job, engine_stage);
}

static int run_sink(void *job)
{
    return run_stage(job, sink_stage);
}

/* --- life ----------------------------------------------------------------- */

static int first_failure(int a, int b)
{
    return a < 0 && (b == 0 || b == RIFEC_ERR_ABORT) ? a : b;
}

static int run_stages(struct job *j)
{
    int err = 0;
    atomic_store(&j->stages_running, 3);
    progress_start(j->progress);
    TRY(thread_start(&j->sink_thread, "rifec-sink", run_sink, j));
    TRY(thread_start(&j->engine_thread, "rifec-engine", run_engine, j));
    TRY(thread_start(&j->source_thread, "rifec-source", run_source, j));
    while (atomic_load(&j->stages_running) > 0) {
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        progress_tick(j->progress);
        if (job_gives_up(j))
            TRY(RIFEC_ERR_ABORT);
    }
fail:
    if (err < 0) {
        queue_abort(j->decoded);
        queue_abort(j->finished);
    }
    err = first_failure(err, thread_join(&j->source_thread));
    err = first_failure(err, thread_join(&j->engine_thread));
    err = first_failure(err, thread_join(&j->sink_thread));
    progress_tick(j->progress);
    return err;
}

/* Compare the output with the input and the plan. */
static void check_output(struct job *j)
{
    struct pipeline_report *r = j->report;
    const struct timeline *tl = &j->inbetween.timeline;
    if (tl->left_out && !tl->p.rate.num)
        log_warning(
            "%s: %lld frames are left out, as players do not show frames so close "
            "together; -r %g spaces them evenly",
            mux_path(j->mux), (long long)tl->left_out, rational_to_double(r->out.rate));
    r->in.damaged = r->in.damaged || mux_damaged(j->mux);
    checks_make(&r->checks, &(struct checks_subject){
                                .mux = j->mux,
                                .demux = j->source.demux,
                                .timeline = &j->inbetween.timeline,
                                .stretch = job_stretch(j->opt),
                                .made_s = r->out.duration_s,
                                .limited = j->opt->rate.frames > 0,
                                .frames_planned = r->out.frames_planned,
                                .frames_written = r->out.frames_written,
                            });
    r->checked = true;
}

/* Renames the output, even if it failed a check; but then the folder of --resume is
 * kept. */
static int publish(struct job *j)
{
    int err = 0;
    int verdict =
        checks_judge(&j->report->checks, j->report->out.path, j->opt->output.strict);
    TRY(mem_check(j->failures));
    if (j->resume && !verdict)
        TRY(resume_finish(j->resume, mux_part(j->mux), j->report->in.damaged));
    TRY(mux_finish(j->mux)); /* may take a while: the disk */
    if (j->resume && !verdict)
        resume_remove(j->resume);
    err = verdict;
fail:
    return err;
}

int pipeline_run(const struct pipeline_options *opt, struct progress *progress,
                 struct pipeline_report *report)
{
    int err = 0;
    struct job j = {
        .opt = opt, .progress = progress, .report = report, .failures = mem_failures()
    };
    double start = clock_seconds();
    *report = (struct pipeline_report){ .timing.bottleneck = "" };
    av_log_to_rifec();

    TRY(opt->output.resume_settings ? job_look_for_finished(&j) : 0);
    if (report->finished_before)
        return report->in.damaged ? RIFEC_ERR_INPUT : 0;
    TRY(job_open(&j));
    TRY(run_stages(&j));
    report_counts(report, &j.source, &j.inbetween, &j.sink, rifec_get_info(j.engine));
    /* An output that differs from the golden frames is not published. */
    TRY(j.watch ? watch_finish(j.watch, job_is_interrupted()) : 0);
    TRY(mux_end(j.mux, j.inbetween.end));
    check_output(&j);
    TRY(publish(&j));
    if (report->in.damaged)
        err = RIFEC_ERR_INPUT;
fail:
    if (!err && !job_is_interrupted()) /* the estimate no longer matters */
        progress->frames_expected = progress->frames_given;
    progress_finish(progress, !err || (err == RIFEC_ERR_INPUT && report->checked));
    report_work(report, &j.source, &j.inbetween, &j.sink);
    report->in.cut_s = j.inbetween.cut_s;
    report->resumable = j.resume ? resume_safe(j.resume) : 0;
    report->timing.wall_s = clock_seconds() - start;
    report->interrupted = job_is_interrupted();
    job_close(&j);
    return err;
}
