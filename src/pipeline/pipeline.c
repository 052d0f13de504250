/*
 * The life of the three stages: open, start, watch, join, check, finish.
 *
 * Each stage owns its objects while it runs; items change hands only through
 * the queues. A stage that fails aborts both queues, so that its neighbours
 * return RIFEC_ERR_ABORT; the caller's thread joins all three and reports the first
 * other code.
 */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/pipeline.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"
#include "media/av.h"
#include "media/out/encode.h"
#include "media/out/encoder_choice.h"
#include "pipeline/checks.h"
#include "pipeline/inbetween.h"
#include "pipeline/resume.h"
#include "pipeline/sink.h"
#include "pipeline/source.h"
#include "rifec/devices.h"

/* Each queue holds about this many frames, whatever their size. */
#define QUEUE_FRAMES 8
/* Extra room in each queue, for audio packets. */
#define QUEUE_SLACK_BYTES (4u << 20)

struct job {
    const struct pipeline_options *opt;
    struct progress *progress;
    struct pipeline_report *report;

    unsigned long failures;     /* of allocations in this process, at the start */
    struct source source;       /* the source stage's */
    struct inbetween inbetween; /* the engine stage's */
    struct sink sink;           /* the sink stage's   */
    struct scene_list cuts;     /* until inbetween takes it */
    struct mux *mux;
    struct encode *encode;
    struct watch *watch;   /* or NULL */
    struct resume *resume; /* or NULL */
    struct rifec *engine;
    struct rifec_cuda cuda; /* context for the decoder; empty: not on the device */
    char why_no_cuda[128];

    struct queue *decoded, *finished;
    struct thread source_thread, engine_thread, sink_thread;
    atomic_int stages_running;
    struct rational out_time_base, out_rate; /* seconds; frames per second */

    atomic_bool picture_done; /* no more source frames are needed     */
    int64_t picture_end_us;   /* if picture_done: where the video ends */
};

/* Signals received. Process-wide because signals are. */
static atomic_int interrupts;

void pipeline_interrupt(void)
{
    atomic_fetch_add(&interrupts, 1);
}

static bool is_interrupted(void)
{
    return atomic_load(&interrupts) > 0;
}

static bool is_aborted(void)
{
    return atomic_load(&interrupts) > 1;
}

/* The first Ctrl-C ends the file early; with --resume it stops the job at once, because
 * the next run continues it. */
static bool gives_up(const struct job *j)
{
    return atomic_load(&interrupts) > (j->opt->output.resume_settings ? 0 : 1);
}

/* --- source stage --------------------------------------------------------- */

static int source_step(struct job *j, struct item *it)
{
    *it = (struct item){ .kind = ITEM_EOF };
    if (gives_up(j))
        return RIFEC_ERR_ABORT;
    if (atomic_load(&j->picture_done))
        source_end_at(&j->source, j->picture_end_us);
    return is_interrupted() ? 0 : source_next(&j->source, it);
}

static int source_stage(struct job *j)
{
    int err = 0;
    struct item it = { .kind = ITEM_PACKET };
    while (it.kind != ITEM_EOF) {
        TRY(source_step(j, &it));
        TRY(item_push(j->decoded, &it));
    }
fail:
    return err;
}

/* --- engine stage --------------------------------------------------------- */

static int64_t to_us(struct rational time_base, int64_t ts)
{
    AVRational tb = { (int)time_base.num, (int)time_base.den };
    return av_rescale_q(ts, tb, AV_TIME_BASE_Q);
}

/* The limit of --frames is reached: tell the source, in input time. */
static void end_picture(struct job *j)
{
    j->picture_end_us = to_us(j->out_time_base, j->inbetween.end);
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

/* --- sink stage ----------------------------------------------------------- */

static bool is_cut_short(void *job)
{
    struct job *j = job;
    return atomic_load(&j->picture_done) || is_interrupted();
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

/* --- life ----------------------------------------------------------------- */

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

/* Output duration divided by input duration: more than 1 in slow motion. */
static struct rational stretch(const struct pipeline_options *o)
{
    return o->rate.slowmo ? o->rate.factor : (struct rational){ 1, 1 };
}

static struct stream_choice stream_choice(const struct job *j)
{
    const struct pipeline_options *o = j->opt;
    return (struct stream_choice){
        .user = o->streams,
        .from_us = o->input.from_us,
        .to_us = o->input.to_us,
        .origin_us = demux_origin_us(j->source.demux),
        .slowdown = stretch(o),
        .slow_audio = o->rate.slowmo_audio,
    };
}

/* If the decoder runs on the engine's device, the pictures can stay there. */
static struct hwaccel_params hwaccel_params(struct job *j)
{
    const struct pipeline_options *o = j->opt;
    struct hwaccel_params p = { .mode = o->input.hwaccel };
    p.to_host = rifec_device_of(&o->engine) != RIFEC_DEVICE_CUDA;
    if (p.mode == HWACCEL_AUTO && p.to_host)
        p.mode = HWACCEL_NONE;
    /* If the device is missing, stay quiet here: the engine reports it. */
    if (p.mode != HWACCEL_NONE &&
        rifec_cuda_open(&j->cuda, o->engine.device_index, j->why_no_cuda,
                        sizeof j->why_no_cuda) < 0 &&
        p.mode == HWACCEL_AUTO)
        p.mode = HWACCEL_NONE;
    p.context = j->cuda.context;
    p.stream = j->cuda.stream;
    p.why = j->why_no_cuda;
    return p;
}

static int open_input(struct job *j)
{
    int err = 0;
    const struct pipeline_options *o = j->opt;
    if (o->content.scene_list)
        TRY(scene_list_open(&j->cuts, o->content.scene_list));
    TRY(demux_open(&j->source.demux, &(struct demux_params){
                                         .path = o->input.path,
                                         .format = o->input.format,
                                         .size = o->input.size,
                                         .pix_fmt = o->input.pix_fmt,
                                         .rate = o->input.rate,
                                         .video = o->input.video_stream,
                                         .stopped = is_interrupted,
                                     }));
    AVFormatContext *ctx = demux_context(j->source.demux);
    const struct output_options *out = &o->output;
    TRY(mux_open(&j->mux, &(struct mux_params){
                              .path = out->path,
                              .format = out->format,
                              .input_pictures = demux_pictures(j->source.demux),
                              .overwrite = out->overwrite,
                              .take_over = out->resume_settings || out->skip_existing,
                              .taken = out->skip_existing ? &j->report->out.taken : NULL,
                              .streams = {
                                  .input = ctx,
                                  .video = demux_video(j->source.demux),
                                  .ahead = demux_ahead(j->source.demux),
                                  .choice = stream_choice(j),
                              },
                              .stopped = is_aborted,
                          }));
    j->source.mux = j->mux;
    j->source.from_us = o->input.from_us;
    j->source.to_us = o->input.to_us;
    source_seek(&j->source);
    TRY(decode_open(&j->source.decode, &(struct decode_params){
                                           .format = ctx,
                                           .stream = demux_video(j->source.demux),
                                           .path = demux_name(j->source.demux),
                                           .deinterlace = o->input.deinterlace,
                                           .color = o->input.color,
                                           .hwaccel = hwaccel_params(j),
                                       }));
fail:
    return err;
}

static int fail_empty(const struct job *j)
{
    const char *name = demux_name(j->source.demux);
    int64_t us = demux_duration_us(j->source.demux);
    char length[48] = "";
    if (us > 0)
        snprintf(length, sizeof length, "; the video lasts %.3f s", 1e-6 * (double)us);
    if (j->source.outside)
        log_error("%s: no frame lies between --ss and --to%s", name, length);
    else
        log_error("%s: no frame of the video can be decoded", name);
    return RIFEC_ERR_INPUT;
}

/*
 * Reads up to the first frame; everything else is opened for its size and format. The
 * queue has no limit yet, because no stage is running that would empty it. The queue
 * keeps the frame; its consumer starts only after the caller is done with the frame.
 */
static int prime(struct job *j, const struct rifec_frame **first)
{
    int err = 0;
    struct item it = { .kind = ITEM_PACKET };
    TRY(queue_open(&j->decoded, sizeof it, SIZE_MAX));
    while (it.kind == ITEM_PACKET) {
        TRY(source_step(j, &it));
        if (atomic_load(&interrupts))
            TRY(RIFEC_ERR_ABORT);
        if (it.kind == ITEM_EOF)
            TRY(fail_empty(j));
        *first = it.frame;
        TRY(item_push(j->decoded, &it));
    }
    const int leading = decode_leading(j->source.decode);
    if (leading && !j->source.sought)
        log_info("%s: the first %d picture%s need%s others that the file does not have, "
                 "and %s left out",
                 demux_name(j->source.demux), leading, leading > 1 ? "s" : "",
                 leading > 1 ? "" : "s", leading > 1 ? "are" : "is");
fail:
    return err;
}

static int open_engine(struct job *j, const struct rifec_frame *first)
{
    struct rifec_params p = j->opt->engine;
    int least = first->width < first->height ? first->width : first->height;
    int most = first->width > first->height ? first->width : first->height;
    if (least < RIFEC_SIZE_MIN || most > RIFEC_SIZE_MAX) {
        log_error("%s: a picture of %dx%d; width and height must be %d to %d",
                  j->opt->input.path, first->width, first->height, RIFEC_SIZE_MIN,
                  RIFEC_SIZE_MAX);
        return RIFEC_ERR_INPUT;
    }
    p.width = first->width;
    p.height = first->height;
    p.format = first->format;
    p.color = first->color;
    /* The library would refuse this; on the command line it is only a preference. */
    if (p.device == RIFEC_DEVICE_CPU && p.precision > RIFEC_PRECISION_FP32) {
        log_warning("%s was asked for, but --device cpu has FP32 only",
                    rifec_precision_name(p.precision));
        p.precision = RIFEC_PRECISION_FP32;
    }
    return rifec_open(&j->engine, &p);
}

/* If the container's clock is coarse, puts the frames on its ticks, and limits their rate
 * to what players show. `rate` is the output's, before slow motion; num 0: unknown. */
static void keep_to_clock(const struct job *j, struct timeline_params *p,
                          struct rational rate)
{
    AVRational tick;
    int least;
    if (!mux_clock(j->mux, &tick, &least))
        return;
    const struct rational slowdown = stretch(j->opt);
    const struct rational shown = { tick.den, (int64_t)tick.num * least };
    const struct rational most = rational_multiply(shown, slowdown);
    /* The input time that slow motion stretches to a tick. */
    p->grid = rational_multiply((struct rational){ tick.num, tick.den },
                                (struct rational){ slowdown.den, slowdown.num });
    p->grid_least = least;
    if (rational_to_double(rate) <= rational_to_double(most))
        return;
    p->rate = most;
    log_warning(
        "%s: players show at most %g frames per second of a %s, so the output has "
        "%g, not %g",
        mux_path(j->mux), rational_to_double(shown), mux_format(j->mux)->name,
        rational_to_double(shown),
        rational_to_double(rate) / rational_to_double(slowdown));
}

/* True if the container or the codec needs a constant frame rate. */
static bool needs_constant_rate(const struct job *j)
{
    return mux_needs_constant_rate(j->mux) ||
           (!mux_codec(j->mux) &&
            encoder_needs_constant_rate(mux_format(j->mux), j->opt->encoder.codec));
}

static int open_timeline(struct job *j, const struct rifec_frame *first,
                         struct timeline *tl)
{
    const struct pipeline_options *o = j->opt;
    const AVRational tb = decode_time_base(j->source.decode);
    const struct rational source_rate = source_frame_rate(&j->source);
    struct timeline_params p = {
        .time_base = { tb.num, tb.den },
        .factor = o->rate.factor,
        .rate = o->rate.fps,
        .tail = o->rate.tail,
        .first_pts = first->pts == TIMELINE_NO_PTS ? 0 : first->pts,
        .expected_step = 1,
    };
    if (source_rate.num > 0) {
        p.expected_step = av_rescale(source_rate.den, tb.den, source_rate.num * tb.num);
        if (p.expected_step < 1)
            p.expected_step = 1;
        if (!p.rate.num && (o->rate.cfr || needs_constant_rate(j)))
            p.rate = rational_multiply(source_rate, o->rate.factor);
    }
    keep_to_clock(j, &p,
                  p.rate.num ? p.rate : rational_multiply(source_rate, o->rate.factor));
    int err = timeline_open(tl, &p);
    if (err < 0)
        return err;
    /* Slow motion: the same frames at the same rate, each gap longer. */
    j->out_time_base = tl->out;
    j->out_rate = p.rate.num ? p.rate : rational_multiply(source_rate, o->rate.factor);
    if (o->rate.slowmo) {
        const struct rational slower = { o->rate.factor.den, o->rate.factor.num };
        j->out_time_base = rational_multiply(j->out_time_base, o->rate.factor);
        j->out_rate = rational_multiply(j->out_rate, slower);
    }
    if (j->out_time_base.num > INT_MAX || j->out_time_base.den > INT_MAX) {
        log_error("the input's time base %d/%d is too fine for this factor", tb.num,
                  tb.den);
        return RIFEC_ERR_USAGE;
    }
    if (j->out_rate.num > INT_MAX || j->out_rate.den > INT_MAX)
        j->out_rate = (struct rational){ 0, 1 };
    return 0;
}

static struct resume_params resume_params(const struct pipeline_options *o)
{
    return (struct resume_params){
        .input = o->input.path,
        .output = o->output.path,
        .settings = o->output.resume_settings,
        .scene_list = o->content.scene_list,
        .keep_s = o->output.keep_s,
        .stopped = is_interrupted,
    };
}

static int open_resume(struct job *j)
{
    int err = 0;
    struct resume_params p = resume_params(j->opt);
    p.model = rifec_get_info(j->engine)->model_sha256;
    p.encoder = encode_context(j->encode);
    if (!mux_is_file(j->mux))
        FAIL(RIFEC_ERR_USAGE, "%s: --resume needs an output that is a single video file",
             mux_path(j->mux));
    TRY(resume_open(&j->resume, &p));
fail:
    return err;
}

static int open_watch(struct job *j)
{
    const struct pipeline_options *o = j->opt;
    int err =
        watch_open(&j->watch, &(struct watch_params){
                                  .options = &o->watch,
                                  .overwrite = o->output.overwrite,
                                  .title = strcmp(o->output.path, "-") ? mux_path(j->mux)
                                                                       : o->input.path,
                                  .engine = rifec_get_info(j->engine),
                                  .encoder = encode_context(j->encode),
                              });
    if (err == 0)
        encode_watch(j->encode, watch_frame, j->watch);
    return err;
}

static int open_encoder(struct job *j, const struct rifec_frame *first)
{
    return encode_open(&j->encode,
                       &(struct encode_params){
                           .container = mux_format(j->mux),
                           .required_codec = mux_codec(j->mux),
                           .user = j->opt->encoder,
                           .time_base = j->out_time_base,
                           .frame_rate = j->out_rate,
                           .source_pix_fmt = decode_pix_fmt(j->source.decode),
                           .planar_pix_fmt = decode_planar_pix_fmt(j->source.decode),
                           .field_order = decode_field_order(j->source.decode),
                           .source = demux_video(j->source.demux),
                           .first = first,
                       });
}

/* The cuts are inbetween's from here on. */
static void open_inbetween(struct job *j, const struct timeline *tl)
{
    const struct pipeline_options *o = j->opt;
    inbetween_open(&j->inbetween,
                   &(struct inbetween_params){
                       .engine = j->engine,
                       .timeline = *tl,
                       .out = j->finished,
                       .limit = o->rate.frames,
                       .frames_reused = j->resume ? resume_frames(j->resume) : 0,
                       .from_us = o->input.from_us,
                       .content = o->content,
                       .cuts = j->cuts,
                       .no_frame_cache = o->no_frame_cache,
                       .interrupted = is_interrupted,
                   });
    j->cuts = (struct scene_list){ 0 };
}

/* The end of the video, if --frames sets it; INT64_MAX if unknown. */
static int64_t expected_us(const struct job *j, const struct timeline *tl)
{
    if (!j->opt->rate.frames || j->out_rate.num <= 0)
        return INT64_MAX;
    return to_us(tl->p.time_base, tl->p.first_pts) +
           av_rescale(j->opt->rate.frames, 1000000 * j->out_rate.den, j->out_rate.num);
}

static int open_output(struct job *j, const struct rifec_frame *first)
{
    int err = 0;
    struct timeline timeline;
    TRY(open_timeline(j, first, &timeline));
    TRY(open_encoder(j, first));
    TRY(watch_is_wanted(&j->opt->watch) ? open_watch(j) : 0);
    TRY(j->opt->output.resume_settings ? open_resume(j) : 0);
    TRY(mux_start(j->mux, encode_context(j->encode)));
    size_t limit = QUEUE_FRAMES * rifec_frame_bytes(first) + QUEUE_SLACK_BYTES;
    queue_set_limit(j->decoded, limit);
    TRY(queue_open(&j->finished, sizeof(struct item), limit));
    open_inbetween(j, &timeline);
    sink_open(&j->sink, &(struct sink_params){
                            .mux = j->mux,
                            .encode = j->encode,
                            .resume = j->resume,
                            .progress = j->progress,
                            .video = demux_video(j->source.demux)->index,
                            .time_base = j->out_time_base,
                            .stretch = stretch(j->opt),
                            .expected_us = expected_us(j, &timeline),
                            .cut_short = is_cut_short,
                            .opaque = j,
                        });
fail:
    return err;
}

/* An estimate of the output frames, for the progress line. */
static int64_t expected_frames(const struct job *j)
{
    const struct pipeline_options *o = j->opt;
    int64_t frames =
        demux_video(j->source.demux)->nb_frames * decode_rate_factor(j->source.decode);
    double seconds = j->report->in.duration_s;
    if (frames <= 0 || o->input.from_us || o->input.to_us) {
        double from = (double)o->input.from_us / AV_TIME_BASE,
               to = (double)o->input.to_us / AV_TIME_BASE;
        seconds = (o->input.to_us && to < seconds ? to : seconds) - from;
        frames = (int64_t)(seconds * rational_to_double(j->report->in.rate) + 0.5);
    }
    int64_t expected = timeline_estimate(&j->inbetween.timeline, frames, seconds);
    return o->rate.frames && o->rate.frames < expected ? o->rate.frames : expected;
}

static void announce(struct job *j, const struct rifec_frame *first)
{
    struct pipeline_report *r = j->report;
    const char *path = j->opt->output.path;
    report_input(r, &j->source, first);
    report_output(r, j->mux, encode_context(j->encode), rifec_get_info(j->engine));
    j->progress->frames_expected = expected_frames(j);
    log_verbose("%s: %s %s in %s", r->out.path, r->out.codec, r->out.pix_fmt,
                r->out.format);
    if (r->out.nowhere && strcmp(path, "-") && strcmp(path, "/dev/null"))
        log_warning("-f null writes nothing: %s will not be created", path);
    if (j->opt->begins)
        j->opt->begins(j->opt, r);
}

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
        if (gives_up(j))
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
                                .stretch = stretch(j->opt),
                                .made_s = r->out.duration_s,
                                .limited = j->opt->rate.frames > 0,
                                .frames_planned = r->out.frames_planned,
                                .frames_written = r->out.frames_written,
                            });
    r->checked = true;
}

static int look_for_finished(struct job *j)
{
    struct resume_params p = resume_params(j->opt);
    return resume_finished(&p, &j->report->finished_before, &j->report->in.damaged);
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
    const struct rifec_frame *first = NULL;
    struct job j = {
        .opt = opt, .progress = progress, .report = report, .failures = mem_failures()
    };
    double start = clock_seconds();
    *report = (struct pipeline_report){ .timing.bottleneck = "" };
    av_log_to_rifec();

    TRY(opt->output.resume_settings ? look_for_finished(&j) : 0);
    if (report->finished_before)
        return report->in.damaged ? RIFEC_ERR_INPUT : 0;
    TRY(open_input(&j));
    TRY(prime(&j, &first));
    TRY(open_engine(&j, first));
    TRY(open_output(&j, first));
    announce(&j, first);
    TRY(run_stages(&j));
    report_counts(report, &j.source, &j.inbetween, &j.sink, rifec_get_info(j.engine));
    /* An output that differs from the golden frames is not published. */
    TRY(j.watch ? watch_finish(j.watch, is_interrupted()) : 0);
    TRY(mux_end(j.mux, j.inbetween.end));
    check_output(&j);
    TRY(publish(&j));
    if (report->in.damaged)
        err = RIFEC_ERR_INPUT;
fail:
    if (!err && !is_interrupted()) /* the estimate no longer matters */
        progress->frames_expected = progress->frames_given;
    progress_finish(progress, !err || (err == RIFEC_ERR_INPUT && report->checked));
    report_work(report, &j.source, &j.inbetween, &j.sink);
    report->in.cut_s = j.inbetween.cut_s;
    report->resumable = j.resume ? resume_safe(j.resume) : 0;
    sink_close(&j.sink);
    inbetween_close(&j.inbetween);
    scene_list_close(&j.cuts);
    report->timing.wall_s = clock_seconds() - start;
    report->interrupted = atomic_load(&interrupts) > 0;
    queue_close(&j.decoded, item_drop);
    queue_close(&j.finished, item_drop);
    source_close(&j.source);
    watch_close(&j.watch);
    encode_close(&j.encode);
    rifec_close(&j.engine);
    decode_close(&j.source.decode);
    mux_close(&j.mux);
    demux_close(&j.source.demux);
    rifec_cuda_close(&j.cuda);
    /* Do this last: if the job is stopped before, the next run notices. */
    resume_close(&j.resume);
    return err;
}
