/* Opens everything that a job needs, one after the other, and closes it. */
#include "pipeline/job.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "media/out/encoder_choice.h"

/* Each queue holds about this many frames, whatever their size. */
#define QUEUE_FRAMES 8
/* Extra room in each queue, for audio packets. */
#define QUEUE_SLACK_BYTES (4u << 20)

/* Signals received. Process-wide because signals are. */
static atomic_int interrupts;

void pipeline_interrupt(void)
{
    atomic_fetch_add(&interrupts, 1);
}

bool job_is_interrupted(void)
{
    return atomic_load(&interrupts) > 0;
}

static bool is_aborted(void)
{
    return atomic_load(&interrupts) > 1;
}

bool job_gives_up(const struct job *j)
{
    return atomic_load(&interrupts) > (j->opt->output.resume_settings ? 0 : 1);
}

int job_next_item(struct job *j, struct item *it)
{
    *it = (struct item){ .kind = ITEM_EOF };
    if (job_gives_up(j))
        return RIFEC_ERR_ABORT;
    if (atomic_load(&j->picture_done))
        source_end_at(&j->source, j->picture_end_us);
    return job_is_interrupted() ? 0 : source_next(&j->source, it);
}

int64_t job_us(struct rational time_base, int64_t ts)
{
    AVRational tb = { (int)time_base.num, (int)time_base.den };
    return av_rescale_q(ts, tb, AV_TIME_BASE_Q);
}

static bool is_cut_short(void *job)
{
    struct job *j = job;
    return atomic_load(&j->picture_done) || job_is_interrupted();
}

struct rational job_stretch(const struct pipeline_options *o)
{
    return o->rate.slowmo ? o->rate.factor : (struct rational){ 1, 1 };
}

/* --- opening ------------------------------------------------------------- */

static struct stream_choice stream_choice(const struct job *j)
{
    const struct pipeline_options *o = j->opt;
    return (struct stream_choice){
        .user = o->streams,
        .from_us = o->input.from_us,
        .to_us = o->input.to_us,
        .origin_us = demux_origin_us(j->source.demux),
        .slowdown = job_stretch(o),
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
                                         .stopped = job_is_interrupted,
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
        TRY(job_next_item(j, &it));
        if (job_is_interrupted())
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
    const struct rational slowdown = job_stretch(j->opt);
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
        .stopped = job_is_interrupted,
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
                       .interrupted = job_is_interrupted,
                   });
    j->cuts = (struct scene_list){ 0 };
}

/* The end of the video, if --frames sets it; INT64_MAX if unknown. */
static int64_t expected_us(const struct job *j, const struct timeline *tl)
{
    if (!j->opt->rate.frames || j->out_rate.num <= 0)
        return INT64_MAX;
    return job_us(tl->p.time_base, tl->p.first_pts) +
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
                            .stretch = job_stretch(j->opt),
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

int job_open(struct job *j)
{
    int err = 0;
    const struct rifec_frame *first = NULL;
    TRY(open_input(j));
    TRY(prime(j, &first));
    TRY(open_engine(j, first));
    TRY(open_output(j, first));
    announce(j, first);
fail:
    return err;
}

int job_look_for_finished(struct job *j)
{
    struct resume_params p = resume_params(j->opt);
    return resume_finished(&p, &j->report->finished_before, &j->report->in.damaged);
}

void job_close(struct job *j)
{
    sink_close(&j->sink);
    inbetween_close(&j->inbetween);
    scene_list_close(&j->cuts);
    queue_close(&j->decoded, item_drop);
    queue_close(&j->finished, item_drop);
    source_close(&j->source);
    watch_close(&j->watch);
    encode_close(&j->encode);
    rifec_close(&j->engine);
    decode_close(&j->source.decode);
    mux_close(&j->mux);
    demux_close(&j->source.demux);
    rifec_cuda_close(&j->cuda);
    /* Do this last: if the job is stopped before, the next run notices. */
    resume_close(&j->resume);
}
