/* Descriptions and counts, copied from the objects of a job. */
#include "pipeline/report.h"

#include <stdio.h>
#include <stdlib.h>

#include <libavutil/pixdesc.h>

/* How much later than the file the video begins. */
static double late_s(const AVFormatContext *ctx, const AVStream *st)
{
    if (st->start_time == AV_NOPTS_VALUE || ctx->start_time == AV_NOPTS_VALUE)
        return 0;
    double late = (double)st->start_time * av_q2d(st->time_base) -
                  (double)ctx->start_time / AV_TIME_BASE;
    return late > 0 && late < (double)ctx->duration / AV_TIME_BASE ? late : 0;
}

void report_input(struct pipeline_report *r, const struct source *s,
                  const struct rifec_frame *first)
{
    const AVFormatContext *ctx = demux_context(s->demux);
    const AVStream *st = demux_video(s->demux);
    snprintf(r->in.codec, sizeof r->in.codec, "%s",
             avcodec_get_name(st->codecpar->codec_id));
    snprintf(r->in.pix_fmt, sizeof r->in.pix_fmt, "%s",
             av_get_pix_fmt_name(decode_source_pix_fmt(s->decode)));
    snprintf(r->in.decoder, sizeof r->in.decoder, "%s", decode_decoder_name(s->decode));
    r->in.width = first->width;
    r->in.height = first->height;
    r->in.rate = source_frame_rate(s);
    if (st->duration > 0 &&
        demux_can_last(s->demux,
                       av_rescale_q(st->duration, st->time_base, AV_TIME_BASE_Q)))
        r->in.duration_s = (double)st->duration * av_q2d(st->time_base);
    else if (demux_duration_us(s->demux) > 0)
        r->in.duration_s = 1e-6 * (double)demux_duration_us(s->demux) - late_s(ctx, st);
}

void report_output(struct pipeline_report *r, const struct mux *mux,
                   const AVCodecContext *encoder, const struct rifec_info *engine)
{
    snprintf(r->out.path, sizeof r->out.path, "%s", mux_path(mux));
    snprintf(r->out.format, sizeof r->out.format, "%s", mux_format(mux)->name);
    snprintf(r->out.codec, sizeof r->out.codec, "%s", encoder->codec->name);
    snprintf(r->out.pix_fmt, sizeof r->out.pix_fmt, "%s",
             av_get_pix_fmt_name(encoder->pix_fmt));
    r->out.nowhere = mux_is_nowhere(mux);
    if (encoder->framerate.den > 0)
        r->out.rate = (struct rational){ encoder->framerate.num, encoder->framerate.den };
    snprintf(r->engine.backend, sizeof r->engine.backend, "%s", engine->backend);
    snprintf(r->engine.device, sizeof r->engine.device, "%s", engine->device);
    snprintf(r->engine.precision, sizeof r->engine.precision, "%s", engine->precision);
    snprintf(r->engine.model, sizeof r->engine.model, "%s", engine->model);
    snprintf(r->engine.model_sha256, sizeof r->engine.model_sha256, "%s",
             engine->model_sha256);
    r->engine.memory_bytes = engine->memory_bytes;
}

void report_work(struct pipeline_report *r, const struct source *source,
                 const struct inbetween *inbetween, const struct sink *sink)
{
    r->timing.decode_s = source->busy_s;
    r->timing.engine_s = inbetween->busy_s;
    r->timing.encode_s = sink->busy_s;
    r->out.frames_resumed = sink->frames_reused;
}

static const char *bottleneck(const struct pipeline_report *r)
{
    const char *slowest = "decode";
    double most = r->timing.decode_s;
    if (r->timing.engine_s > most) {
        most = r->timing.engine_s;
        slowest = "engine";
    }
    return r->timing.encode_s > most ? "encode" : slowest;
}

void report_counts(struct pipeline_report *r, const struct source *source,
                   const struct inbetween *inbetween, const struct sink *sink,
                   const struct rifec_info *engine)
{
    report_work(r, source, inbetween, sink);
    r->in.frames = inbetween->sources;
    r->in.duplicates = inbetween->duplicates;
    r->in.cuts = inbetween->cuts;
    r->in.damaged = source->damaged;
    r->out.frames_planned = inbetween_planned(inbetween);
    r->out.frames_original = inbetween->originals;
    r->out.frames_synthesized = inbetween->synthesized;
    r->out.frames_held = inbetween->held;
    r->out.duration_s = (double)(inbetween->end - inbetween->begin) *
                        rational_to_double(sink->p.time_base);
    r->out.frames_written = sink_written(sink);
    r->engine.frames_loaded = engine->frames_loaded;
    r->timing.bottleneck = bottleneck(r);
}

void pipeline_report_close(struct pipeline_report *report)
{
    free(report->in.cut_s);
    report->in.cut_s = NULL;
}
