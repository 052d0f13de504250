/*
 * The three stages and their life: open, start, watch, join, check, finish.
 *
 * Each stage owns its objects while it runs; items change hands only through
 * the queues. A stage that fails aborts both queues, so that its neighbours
 * return RIFEC_ERR_ABORT; the caller's thread joins all and reports the first
 * code that is not that.
 */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/pipeline.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libavutil/pixdesc.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"
#include "media/av.h"
#include "media/encode.h"
#include "pipeline/checks.h"
#include "pipeline/holdback.h"
#include "pipeline/inbetween.h"
#include "pipeline/resume.h"
#include "pipeline/source.h"
#include "rifec/devices.h"

/* Each queue holds about this many frames, whatever their size. */
#define QUEUE_FRAMES 8
/* Room for audio beside the frames. */
#define QUEUE_SLACK_BYTES (4u << 20)

struct job {
    const struct pipeline_options *opt;
    struct progress *progress;
    struct pipeline_report *report;

    unsigned long failures; /* of allocations in this process, at the start */
    struct source source;
    struct mux *mux;
    struct encode *encode;
    struct watch *watch;   /* or NULL */
    struct resume *resume; /* or NULL */
    struct rifec *engine;
    struct rifec_cuda cuda; /* the decoder's place on the device; empty: none */
    char why_no_cuda[128];

    struct queue *decoded, *finished;
    struct thread source_thread, engine_thread, sink_thread;
    atomic_int stages_running;
    struct rational out_time_base, out_rate; /* seconds; frames per second */

    struct inbetween inbetween; /* the engine stage's              */
    atomic_bool enough;         /* no more source frames are wanted */
    int64_t enough_us;          /* then: where the picture ends     */
    struct holdback holdback;   /* the sink's                       */
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

/* The first Ctrl-C ends the file early, unless the job is to go on later. */
static bool gives_up(const struct job *j)
{
    return atomic_load(&interrupts) > (j->opt->resume ? 0 : 1);
}

/* --- source stage --------------------------------------------------------- */

static int source_step(struct job *j, struct item *it)
{
    double start = clock_seconds();
    int err = 0;
    *it = (struct item){ .kind = ITEM_EOF };
    if (gives_up(j))
        return RIFEC_ERR_ABORT;
    if (atomic_load(&j->enough))
        source_end_at(&j->source, j->enough_us);
    if (atomic_load(&interrupts) == 0)
        err = source_next(&j->source, it);
    j->report->timing.decode_s += clock_seconds() - start;
    return err;
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

/* Frames decoded ahead are not worth waiting for after a Ctrl-C. */
static bool interrupted_after_first(const struct job *j)
{
    return atomic_load(&interrupts) > 0 && j->inbetween.sources > 0;
}

static int64_t output_us(const struct job *j, int64_t ts)
{
    AVRational tb = { (int)j->out_time_base.num, (int)j->out_time_base.den };
    return av_rescale_q(ts, tb, AV_TIME_BASE_Q);
}

static int engine_stage(struct job *j)
{
    int err = 0;
    struct item it = { .kind = ITEM_PACKET };
    while (it.kind != ITEM_EOF) {
        TRY(queue_pop(j->decoded, &it));
        if (it.kind == ITEM_FRAME && interrupted_after_first(j)) {
            item_drop(&it);
            continue;
        }
        if (it.kind == ITEM_FRAME) {
            TRY(inbetween_frame(&j->inbetween, it.frame));
            if (inbetween_done(&j->inbetween) && !atomic_load(&j->enough)) {
                j->enough_us = output_us(j, j->inbetween.end);
                if (j->opt->slowmo)
                    j->enough_us =
                        av_rescale(j->enough_us, j->opt->factor.den, j->opt->factor.num);
                atomic_store(&j->enough, true);
            }
            continue;
        }
        if (it.kind == ITEM_EOF)
            TRY(inbetween_end(&j->inbetween));
        TRY(item_push(j->finished, &it));
    }
fail:
    inbetween_close(&j->inbetween);
    return err;
}

/* --- sink stage ----------------------------------------------------------- */

static int write_encoded(struct job *j)
{
    int err = 0;
    AVPacket *pkt;
    for (;;) {
        TRY(encode_receive(j->encode, &pkt));
        if (!pkt)
            return 0;
        TRY(j->resume ? resume_keep(j->resume, j->mux, &pkt) : mux_write(j->mux, &pkt));
    }
fail:
    return err;
}

static int drain_encoder(struct job *j)
{
    int err = 0;
    TRY(encode_send(j->encode, NULL));
    TRY(write_encoded(j));
    TRY(j->resume ? resume_commit(j->resume) : 0);
fail:
    return err;
}

/* Takes the frame, always. */
static int sink_frame(struct job *j, struct rifec_frame **frame)
{
    int err = 0;
    if (j->resume && resume_at_end(j->resume)) {
        TRY(drain_encoder(j));
        TRY(encode_restart(j->encode));
    }
    TRY(encode_send(j->encode, frame));
    if (j->resume)
        resume_count(j->resume);
    TRY(write_encoded(j));
fail:
    rifec_frame_free(frame);
    return err;
}

/* A frame that a run before has encoded. */
static int sink_passed(struct job *j, struct rifec_frame **frame)
{
    int err = 0;
    TRY(encode_pass(j->encode, frame));
    TRY(resume_pass(j->resume, j->mux, demux_video(j->source.demux)->index));
    j->report->out.frames_resumed++;
    atomic_fetch_add(&j->progress->frames_reused, 1);
fail:
    return err;
}

/* Sound and subtitles end with a picture that ends before its time. */
static int sink_end(struct job *j)
{
    int err = 0;
    TRY(holdback_end(&j->holdback,
                     atomic_load(&j->enough) || atomic_load(&interrupts) > 0));
    atomic_store(&j->progress->finishing, true);
    TRY(drain_encoder(j));
fail:
    return err;
}

/* Takes the item, always. */
static int sink_item(struct job *j, struct item *it)
{
    int err = 0;
    int64_t end = it->kind == ITEM_FRAME ? it->frame->pts + it->frame->duration : it->end;
    switch (it->kind) {
    case ITEM_PACKET:
        return holdback_packet(&j->holdback, &it->packet);
    case ITEM_FRAME:
        TRY(sink_frame(j, &it->frame));
        break;
    case ITEM_PASSED:
        TRY(sink_passed(j, &it->frame));
        break;
    default:
        return sink_end(j);
    }
    int64_t end_us = output_us(j, end);
    atomic_fetch_add(&j->progress->frames_given, 1);
    if (end_us > atomic_load(&j->progress->out_time_us))
        atomic_store(&j->progress->out_time_us, end_us);
    TRY(holdback_reach(&j->holdback, end_us));
fail:
    return err;
}

static int sink_stage(struct job *j)
{
    int err = 0;
    struct item it = { .kind = ITEM_PACKET };
    while (it.kind != ITEM_EOF) {
        TRY(queue_pop(j->finished, &it));
        double start = clock_seconds();
        TRY(sink_item(j, &it));
        j->report->timing.encode_s += clock_seconds() - start;
    }
fail:
    holdback_close(&j->holdback);
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

static struct stream_choice stream_choice(const struct job *j)
{
    const struct pipeline_options *o = j->opt;
    return (struct stream_choice){
        .no_audio = o->no_audio,
        .no_subs = o->no_subs,
        .no_chapters = o->no_chapters,
        .no_attachments = o->no_attachments,
        .no_metadata = o->no_metadata,
        .from_us = o->from_us,
        .to_us = o->to_us,
        .origin_us = demux_origin_us(j->source.demux),
        .slowdown = o->slowmo ? o->factor : (struct rational){ 1, 1 },
        .slow_audio = o->slowmo_audio,
    };
}

/* Decoded on the engine's device, the pictures need not leave it. */
static struct hwaccel_params hwaccel_params(struct job *j)
{
    const struct pipeline_options *o = j->opt;
    struct hwaccel_params p = { .mode = o->hwaccel };
    p.to_host = rifec_device_of(&o->engine) != RIFEC_DEVICE_CUDA;
    if (p.mode == HWACCEL_AUTO && p.to_host)
        p.mode = HWACCEL_NONE;
    /* Of a device that is not there the engine will speak. */
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
    if (o->scene_list)
        TRY(scene_list_open(&j->inbetween.cuts_given, o->scene_list));
    TRY(demux_open(&j->source.demux, &(struct demux_params){
                                         .path = o->input,
                                         .format = o->input_format,
                                         .size = o->input_size,
                                         .pix_fmt = o->input_pix_fmt,
                                         .rate = o->input_rate,
                                         .video = o->video_stream,
                                         .stopped = is_interrupted,
                                     }));
    AVFormatContext *ctx = demux_context(j->source.demux);
    TRY(mux_open(&j->mux, &(struct mux_params){
                              .path = o->output,
                              .format = o->format,
                              .input_pictures = demux_pictures(j->source.demux),
                              .overwrite = o->overwrite,
                              .take_over = o->resume || o->skip_existing,
                              .taken = o->skip_existing ? &j->report->out.taken : NULL,
                              .streams = {
                                  .input = ctx,
                                  .video = demux_video(j->source.demux),
                                  .ahead = demux_ahead(j->source.demux),
                                  .choice = stream_choice(j),
                              },
                              .stopped = is_aborted,
                          }));
    j->source.mux = j->mux;
    j->source.from_us = o->from_us;
    j->source.to_us = o->to_us;
    source_seek(&j->source);
    TRY(decode_open(&j->source.decode, &(struct decode_params){
                                           .format = ctx,
                                           .stream = demux_video(j->source.demux),
                                           .path = demux_name(j->source.demux),
                                           .deinterlace = o->deinterlace,
                                           .color = o->color,
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
        snprintf(length, sizeof length, ", which lasts %.3f s", 1e-6 * (double)us);
    if (j->source.outside)
        log_error("%s: none of its frames lies in the part that --ss and --to take out "
                  "of it%s",
                  name, length);
    else
        log_error("%s: no frame of its video decodes", name);
    return RIFEC_ERR_INPUT;
}

/*
 * Reads up to the first frame, which says what everything else must be opened
 * for. The queue has no limit yet, as no stage is there to empty it. The frame
 * stays the queue's, whose consumer is not started before the caller is done
 * with it.
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
                  j->opt->input, first->width, first->height, RIFEC_SIZE_MIN,
                  RIFEC_SIZE_MAX);
        return RIFEC_ERR_INPUT;
    }
    p.width = first->width;
    p.height = first->height;
    p.format = first->format;
    p.color = first->color;
    /* The command line states a wish, which the library would take as an order. */
    if (p.device == RIFEC_DEVICE_CPU && p.precision > RIFEC_PRECISION_FP32) {
        log_warning("%s was asked for, but --device cpu has FP32 only",
                    p.precision == RIFEC_PRECISION_FP16 ? "FP16" : "TF32");
        p.precision = RIFEC_PRECISION_FP32;
    }
    int err = rifec_open(&j->engine, &p);
    if (err < 0)
        return err;
    const struct rifec_info *info = rifec_get_info(j->engine);
    j->inbetween.engine = j->inbetween.outbox.engine = j->engine;
    j->inbetween.outbox.in_flight = info->in_flight;
    return 0;
}

static int open_timeline(struct job *j, const struct rifec_frame *first)
{
    const struct pipeline_options *o = j->opt;
    const AVRational tb = decode_time_base(j->source.decode);
    const struct rational source_rate = source_frame_rate(&j->source);
    struct timeline_params p = {
        .time_base = { tb.num, tb.den },
        .factor = o->factor,
        .rate = o->rate,
        .tail = o->tail,
        .first_pts = first->pts == TIMELINE_NO_PTS ? 0 : first->pts,
        .expected_step = 1,
    };
    if (source_rate.num > 0) {
        p.expected_step = av_rescale(source_rate.den, tb.den, source_rate.num * tb.num);
        if (p.expected_step < 1)
            p.expected_step = 1;
        if (!p.rate.num && (o->cfr || mux_needs_constant_rate(j->mux)))
            p.rate = rational_multiply(source_rate, o->factor);
    }
    int err = timeline_open(&j->inbetween.timeline, &p);
    if (err < 0)
        return err;
    /* Slow motion: the same frames at the same rate, each gap longer. */
    j->out_time_base = j->inbetween.timeline.out;
    j->out_rate = p.rate.num ? p.rate : rational_multiply(source_rate, o->factor);
    if (o->slowmo) {
        j->out_time_base = rational_multiply(j->out_time_base, o->factor);
        j->out_rate = source_rate;
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
        .input = o->input,
        .output = o->output,
        .settings = o->resume,
        .scene_list = o->scene_list,
        .keep_s = o->keep_s,
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
        FAIL(RIFEC_ERR_USAGE, "%s: --resume is for an output that is one video file",
             mux_path(j->mux));
    TRY(resume_open(&j->resume, &p));
    j->inbetween.there = resume_frames(j->resume);
fail:
    return err;
}

static int open_watch(struct job *j)
{
    const struct pipeline_options *o = j->opt;
    int err = watch_open(
        &j->watch, &(struct watch_params){
                       .options = &o->watch,
                       .overwrite = o->overwrite,
                       .deterministic = o->deterministic,
                       .title = strcmp(o->output, "-") ? mux_path(j->mux) : o->input,
                       .settings = o->settings,
                       .engine = rifec_get_info(j->engine),
                       .encoder = encode_context(j->encode),
                   });
    if (err == 0)
        encode_watch(j->encode, watch_frame, j->watch);
    return err;
}

static int open_output(struct job *j, const struct rifec_frame *first)
{
    int err = 0;
    const struct pipeline_options *o = j->opt;
    struct encode_option *options = NULL;
    TRY(open_timeline(j, first));
    options = calloc((size_t)o->encoder_option_count + 1, sizeof *options);
    if (!options)
        TRY(mem_fail("the options of the encoder"));
    for (int i = 0; i < o->encoder_option_count; i++)
        options[i] = (struct encode_option){ o->encoder_options[i].key,
                                             o->encoder_options[i].value };
    TRY(encode_open(&j->encode,
                    &(struct encode_params){
                        .container = mux_format(j->mux),
                        .must = mux_codec(j->mux),
                        .codec = o->codec,
                        .crf = o->crf,
                        .bitrate = o->bitrate,
                        .preset = o->preset,
                        .pix_fmt = o->pix_fmt,
                        .options = options,
                        .option_count = o->encoder_option_count,
                        .time_base = j->out_time_base,
                        .frame_rate = j->out_rate,
                        .source_pix_fmt = decode_pix_fmt(j->source.decode),
                        .planar_pix_fmt = decode_planar_pix_fmt(j->source.decode),
                        .field_order = decode_field_order(j->source.decode),
                        .source = demux_video(j->source.demux),
                        .first = first,
                    }));
    TRY(watch_is_wanted(&o->watch) ? open_watch(j) : 0);
    TRY(o->resume ? open_resume(j) : 0);
    TRY(mux_start(j->mux, encode_context(j->encode)));
    j->holdback.mux = j->mux;
    j->holdback.stretch = o->slowmo ? o->factor : (struct rational){ 1, 1 };
    j->holdback.reached_us = INT64_MIN;
    j->holdback.expected_us = INT64_MAX;
    if (o->frames && j->out_rate.num > 0)
        j->holdback.expected_us =
            av_rescale_q(j->inbetween.timeline.p.first_pts,
                         decode_time_base(j->source.decode), AV_TIME_BASE_Q) +
            av_rescale(o->frames, 1000000 * j->out_rate.den, j->out_rate.num);
    size_t limit = QUEUE_FRAMES * rifec_frame_bytes(first) + QUEUE_SLACK_BYTES;
    queue_set_limit(j->decoded, limit);
    TRY(queue_open(&j->finished, sizeof(struct item), limit));
    j->inbetween.out = j->finished;
    struct inbetween *b = &j->inbetween;
    b->limit = o->frames;
    b->from_us = o->from_us;
    b->no_frame_cache = o->no_frame_cache;
    b->scene = o->scene;
    b->scene_threshold = o->scene_threshold > 0 ? o->scene_threshold : SCENE_THRESHOLD;
    b->has_list = o->scene_list != NULL;
    b->on_cut = o->on_cut;
    b->dedup = o->dedup;
    b->dedup_run = o->dedup_run > 0 ? o->dedup_run : DEDUP_RUN;
fail:
    free(options);
    return err;
}

/* How long after the file the video begins. */
static double late_s(const AVFormatContext *ctx, const AVStream *st)
{
    if (st->start_time == AV_NOPTS_VALUE || ctx->start_time == AV_NOPTS_VALUE)
        return 0;
    double late = (double)st->start_time * av_q2d(st->time_base) -
                  (double)ctx->start_time / AV_TIME_BASE;
    return late > 0 && late < (double)ctx->duration / AV_TIME_BASE ? late : 0;
}

/* What is known of the input before it is read; feeds progress and report. */
static void describe_input(struct job *j, const struct rifec_frame *first)
{
    struct pipeline_report *r = j->report;
    const AVFormatContext *ctx = demux_context(j->source.demux);
    const AVStream *st = demux_video(j->source.demux);
    struct rational rate = source_frame_rate(&j->source);
    snprintf(r->in.codec, sizeof r->in.codec, "%s",
             avcodec_get_name(st->codecpar->codec_id));
    snprintf(r->in.pix_fmt, sizeof r->in.pix_fmt, "%s",
             av_get_pix_fmt_name(decode_source_pix_fmt(j->source.decode)));
    snprintf(r->in.decoder, sizeof r->in.decoder, "%s",
             decode_decoder_name(j->source.decode));
    r->in.width = first->width;
    r->in.height = first->height;
    r->in.rate = rate;
    if (st->duration > 0)
        r->in.duration_s = (double)st->duration * av_q2d(st->time_base);
    else if (demux_duration_us(j->source.demux) > 0)
        r->in.duration_s =
            1e-6 * (double)demux_duration_us(j->source.demux) - late_s(ctx, st);

    const struct pipeline_options *o = j->opt;
    int64_t frames = st->nb_frames * decode_rate_factor(j->source.decode);
    double seconds = r->in.duration_s;
    if (frames <= 0 || o->from_us || o->to_us) {
        double from = (double)o->from_us / AV_TIME_BASE,
               to = (double)o->to_us / AV_TIME_BASE;
        seconds = (o->to_us && to < seconds ? to : seconds) - from;
        frames = (int64_t)(seconds * rational_to_double(rate) + 0.5);
    }
    j->progress->frames_expected =
        timeline_estimate(&j->inbetween.timeline, frames, seconds);
    if (o->frames && o->frames < j->progress->frames_expected)
        j->progress->frames_expected = o->frames;
}

static void describe_output(struct job *j)
{
    struct pipeline_report *r = j->report;
    const AVCodecContext *c = encode_context(j->encode);
    const struct rifec_info *info = rifec_get_info(j->engine);
    snprintf(r->out.path, sizeof r->out.path, "%s", mux_path(j->mux));
    snprintf(r->out.format, sizeof r->out.format, "%s", mux_format(j->mux)->name);
    snprintf(r->out.codec, sizeof r->out.codec, "%s", c->codec->name);
    snprintf(r->out.pix_fmt, sizeof r->out.pix_fmt, "%s",
             av_get_pix_fmt_name(c->pix_fmt));
    r->out.nowhere = mux_is_nowhere(j->mux);
    if (c->framerate.den > 0)
        r->out.rate = (struct rational){ c->framerate.num, c->framerate.den };
    snprintf(r->engine.backend, sizeof r->engine.backend, "%s", info->backend);
    snprintf(r->engine.device, sizeof r->engine.device, "%s", info->device);
    snprintf(r->engine.precision, sizeof r->engine.precision, "%s", info->precision);
    snprintf(r->engine.model, sizeof r->engine.model, "%s", info->model);
    snprintf(r->engine.model_sha256, sizeof r->engine.model_sha256, "%s",
             info->model_sha256);
    r->engine.memory_bytes = info->memory_bytes;
    log_verbose("%s: %s %s in %s", r->out.path, r->out.codec, r->out.pix_fmt,
                r->out.format);
    const char *path = j->opt->output;
    if (r->out.nowhere && strcmp(path, "-") && strcmp(path, "/dev/null"))
        log_warning("-f null writes nothing: %s will not be there", path);
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

static void conclude(struct job *j)
{
    struct pipeline_report *r = j->report;
    const struct inbetween *b = &j->inbetween;
    r->in.frames = b->sources;
    r->in.duplicates = b->duplicates;
    r->in.cuts = b->cuts;
    r->in.damaged = j->source.damaged;
    r->out.frames_planned = inbetween_planned(b);
    r->out.frames_original = b->originals;
    r->out.frames_synthesized = b->synthesized;
    r->out.frames_held = b->held;
    r->out.duration_s =
        (double)(b->end - b->begin) * rational_to_double(j->out_time_base);
    r->engine.frames_loaded = rifec_get_info(j->engine)->frames_loaded;
    r->timing.engine_s = b->busy_s;
    r->out.frames_written = encode_written(j->encode) + r->out.frames_resumed;
    r->interrupted = atomic_load(&interrupts) > 0;
    r->timing.bottleneck = "decode";
    double most = r->timing.decode_s;
    if (r->timing.engine_s > most) {
        most = r->timing.engine_s;
        r->timing.bottleneck = "engine";
    }
    if (r->timing.encode_s > most)
        r->timing.bottleneck = "encode";
}

/* A missing frame is our own fault and always an error. */
static int verify(const struct job *j)
{
    const struct pipeline_report *r = j->report;
    if (!r->checks.frames_ok) {
        log_error("%s: %lld frames were planned but %lld written", r->out.path,
                  (long long)r->out.frames_planned, (long long)r->out.frames_written);
        return RIFEC_ERR_VERIFY;
    }
    return checks_judge(&r->checks, r->out.path, j->opt->strict);
}

static int look_for_finished(struct job *j)
{
    struct resume_params p = resume_params(j->opt);
    return resume_finished(&p, &j->report->finished_before, &j->report->in.damaged);
}

/* An output that fails a check gets its name, too; but then what it was made from is
 * kept. */
static int publish(struct job *j)
{
    int err = 0, verdict = verify(j);
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

void pipeline_report_close(struct pipeline_report *report)
{
    free(report->in.cut_s);
    report->in.cut_s = NULL;
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

    TRY(opt->resume ? look_for_finished(&j) : 0);
    if (report->finished_before)
        return report->in.damaged ? RIFEC_ERR_INPUT : 0;
    TRY(open_input(&j));
    TRY(prime(&j, &first));
    TRY(open_engine(&j, first));
    TRY(open_output(&j, first));
    describe_input(&j, first);
    describe_output(&j);
    TRY(run_stages(&j));
    conclude(&j);
    /* What differs from the golden frames does not get its name. */
    TRY(j.watch ? watch_finish(j.watch, is_interrupted()) : 0);
    TRY(mux_end(j.mux));
    report->in.damaged = report->in.damaged || mux_damaged(j.mux);
    checks_make(&report->checks,
                &(struct checks_subject){
                    .mux = j.mux,
                    .demux = j.source.demux,
                    .timeline = &j.inbetween.timeline,
                    .stretch = opt->slowmo ? opt->factor : (struct rational){ 1, 1 },
                    .made_s = report->out.duration_s,
                    .limited = opt->frames > 0,
                });
    report->checked = true;
    report->checks.frames_ok = report->out.frames_written == report->out.frames_planned;
    TRY(publish(&j));
    if (report->in.damaged)
        err = RIFEC_ERR_INPUT;
fail:
    if (!err && !is_interrupted()) /* what was expected no longer matters */
        progress->frames_expected = progress->frames_given;
    progress_finish(progress, !err || (err == RIFEC_ERR_INPUT && report->checked));
    report->in.cut_s = j.inbetween.cut_s;
    report->resumable = j.resume ? resume_safe(j.resume) : 0;
    inbetween_close(&j.inbetween);
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
    /* Last of all: whoever is stopped before this is told so by the next run. */
    resume_close(&j.resume);
    return err;
}
