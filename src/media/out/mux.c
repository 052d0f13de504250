/* libavformat's muxer: stream mapping, times, and disk errors. */
#include "media/out/mux.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/out/album.h"
#include "media/av.h"
#include "media/out/container.h"
#include "media/out/forms.h"
#include "media/out/slowsound.h"
#include "media/out/target.h"

struct mux {
    AVFormatContext *ctx;
    struct streams *streams;
    char *pattern; /* of pictures; NULL: a container */
    struct target *target;
    int video;             /* the input's stream                        */
    AVRational video_tick; /* the encoder's time base                   */
    int64_t video_newest;  /* the latest packet's time, in these ticks  */
};

/* By FFmpeg's name (matroska), by extension (mkv), or from the file's name. */
static int choose_container(struct mux *m, const struct mux_params *p)
{
    const char *format = p->format;
    unsigned long failures = mem_failures();
    m->pattern = album_pattern(p->path, p->format, p->input_pictures);
    if (mem_check(failures))
        return mem_check(failures);
    if (m->pattern)
        format = "image2";
    else if (!format && !strcmp(p->path, "-"))
        format = "yuv4mpegpipe";
    int e = avformat_alloc_output_context2(&m->ctx, NULL, format, p->path);
    if (e < 0 && e != AVERROR(ENOMEM) && format) {
        char *name = av_asprintf("x.%s", format);
        if (!name)
            return mem_fail("a file name");
        e = avformat_alloc_output_context2(&m->ctx, NULL, NULL, name);
        av_free(name);
    }
    if (e == AVERROR(ENOMEM))
        return mem_fail("a muxer");
    if (e < 0 && format)
        log_error("FFmpeg cannot write the format '%s'; try -f mp4 or -f mkv", format);
    else if (e < 0)
        log_error("%s: the name does not say which container to write; end it in .mp4 or "
                  ".mkv, or give -f",
                  p->path);
    if (e < 0)
        return RIFEC_ERR_OUTPUT;
    if (container_is(m->ctx->oformat, "image2") && !m->pattern) {
        log_error(
            "%s: names only one picture; number them, as in out%%05d.png, or give a "
            "folder and -f png",
            p->path);
        return RIFEC_ERR_OUTPUT;
    }
    if (m->ctx->oformat->flags & AVFMT_NOFILE && !m->pattern &&
        !container_is(m->ctx->oformat, "null")) {
        log_error("%s: %s names its files itself, so rifec cannot write them safely; "
                  "write .mp4 or .mkv and let ffmpeg split it",
                  p->path, m->ctx->oformat->name);
        return RIFEC_ERR_OUTPUT;
    }
    if (container_is_for_sound(m->ctx->oformat)) {
        log_error("%s: %s is only for sound; end the name in .mp4 or .mkv", p->path,
                  m->ctx->oformat->name);
        return RIFEC_ERR_OUTPUT;
    }
    /* YUV4MPEG with more than 8 bits is what everybody writes, not official. */
    if (!strcmp(m->ctx->oformat->name, "yuv4mpegpipe"))
        m->ctx->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    return 0;
}

static int open_target(struct mux *m, const struct mux_params *p)
{
    return target_open(&m->target, &(struct target_params){
                                       .path = p->path,
                                       .pattern = m->pattern,
                                       .nowhere = mux_is_nowhere(m),
                                       .overwrite = p->overwrite,
                                       .take_over = p->take_over,
                                       .taken = p->taken,
                                       .stopped = p->stopped,
                                   });
}

int mux_open(struct mux **out, const struct mux_params *p)
{
    int err = 0;
    *out = NULL;
    struct mux *m = calloc(1, sizeof *m);
    if (!m)
        return mem_fail("a muxer");
    m->video = p->streams.video->index;
    TRY(choose_container(m, p));
    TRY(open_target(m, p));
    TRY(streams_open(&m->streams, m->ctx, &p->streams));
    *out = m;
    return 0;
fail:
    mux_close(&m);
    return err;
}

const AVOutputFormat *mux_format(const struct mux *m)
{
    return m->ctx->oformat;
}

const char *mux_path(const struct mux *m)
{
    return target_name(m->target);
}

bool mux_is_nowhere(const struct mux *m)
{
    return m->ctx->oformat->flags & AVFMT_NOFILE && !m->pattern;
}

bool mux_is_file(const struct mux *m)
{
    return target_is_file(m->target) && !container_is(m->ctx->oformat, "gif|apng|webp");
}

enum AVCodecID mux_codec(const struct mux *m)
{
    return m->pattern ? picture_codec(m->pattern) : AV_CODEC_ID_NONE;
}

/* FFmpeg has a flag for it (AVFMT_VARIABLE_FPS), but mp4 lacks it in some
 * versions. */
bool mux_needs_constant_rate(const struct mux *m)
{
    static const char *const constant[] = { "avi", "yuv4mpegpipe", "mxf", "gxf", "dv" };
    for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
        if (!strcmp(m->ctx->oformat->name, constant[i]))
            return true;
    return m->ctx->oformat->flags & AVFMT_NOTIMESTAMPS && !mux_is_nowhere(m);
}

bool mux_clock(const struct mux *m, AVRational *tick, int *least)
{
    return forms_clock(m->ctx->oformat, tick, least);
}

bool mux_copies(const struct mux *m, int input_stream)
{
    return streams_takes(m->streams, input_stream);
}

/*
 * The muxer, or a filter that it uses, refuses one packet: it is freed, and the job can
 * go on. Failures of the byte stream (a full disk) or of memory end the job.
 */
static bool is_refusal(const struct mux *m, int e)
{
    return e < 0 && e != AVERROR(ENOMEM) && e != AVERROR_EXIT &&
           !(m->ctx->pb && m->ctx->pb->error < 0);
}

/*
 * Writes what waits in the muxer's queue. Packets of copied streams that it refuses are
 * dropped and counted: e is such a refusal, or 0. The queue may have held that packet for
 * a while, so only after the flush is it known which stream it belongs to.
 */
static int flush_queue(struct mux *m, int e)
{
    for (int64_t left = streams_unwritten(m->streams); left >= 0; left--) {
        int flushed = av_interleaved_write_frame(m->ctx, NULL);
        if (flushed < 0)
            e = flushed;
        if (!is_refusal(m, flushed))
            break;
    }
    return is_refusal(m, e) && streams_count_refused(m->streams) ? 0 : e;
}

/* A full disk shows in the byte stream, not always in the return value. */
static int check_written(struct mux *m, int e)
{
    if (e >= 0 && m->ctx->pb && m->ctx->pb->error < 0)
        e = m->ctx->pb->error;
    if (e == AVERROR_EXIT)
        return RIFEC_ERR_ABORT;
    if (e < 0)
        return av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot write", mux_path(m));
    return 0;
}

int mux_start(struct mux *m, const AVCodecContext *encoder)
{
    int err = 0;
    AVDictionary *options = NULL;
    m->video_tick = encoder->time_base;
    TRY(streams_describe_video(m->streams, encoder));
    TRY(target_create(m->target, &m->ctx->pb));
    if (m->pattern)
        return 0;
    container_options(m->ctx, &options);
    TRY(forms_muxer_options(m->ctx->oformat, &options));
    int e = avformat_write_header(m->ctx, &options);
    if (e < 0) {
        err = av_fail(
            RIFEC_ERR_OUTPUT, e, "%s: cannot write the header (%s in %s?)%s", mux_path(m),
            avcodec_get_name(encoder->codec_id), m->ctx->oformat->name,
            target_is_stdout(m->target) ? "; use y4m, nut or matroska for a pipe" : "");
        goto fail;
    }
    streams_check_ticks(m->streams, encoder->framerate);
    err = check_written(m, streams_write_covers(m->streams));
fail:
    av_dict_free(&options);
    return err;
}

AVRational mux_time_base(const struct mux *m, int input_stream)
{
    return streams_time_base(m->streams, input_stream);
}

bool mux_get_span(const struct mux *m, int input_stream, struct stream_span *out)
{
    return streams_get_span(m->streams, input_stream, out);
}

static int write_packet(struct mux *m, AVPacket **pkt)
{
    if ((*pkt)->stream_index == m->video && (*pkt)->pts != AV_NOPTS_VALUE)
        m->video_newest = (*pkt)->pts;
    int err = streams_convert(m->streams, pkt);
    if (err == 0 && *pkt && m->pattern) /* its encoders make whole files */
        err = target_add_picture(m->target, (*pkt)->data, (size_t)(*pkt)->size);
    else if (err == 0 && *pkt) {
        int e = av_interleaved_write_frame(m->ctx, *pkt);
        err = check_written(m, is_refusal(m, e) ? flush_queue(m, e) : e);
    }
    av_packet_free(pkt);
    return err;
}

/* pkt: NULL at the end */
static int write_slowed(struct mux *m, struct slowsound *slow, int stream,
                        const AVPacket *pkt)
{
    int err = 0;
    TRY(slowsound_send(slow, pkt));
    for (;;) {
        AVPacket *longer;
        TRY(slowsound_receive(slow, &longer));
        if (!longer)
            break;
        longer->stream_index = stream;
        TRY(write_packet(m, &longer));
    }
fail:
    return err;
}

int mux_write(struct mux *m, AVPacket **pkt)
{
    int stream;
    struct slowsound *slow;
    for (int i = 0; (slow = streams_slow(m->streams, i, &stream)); i++)
        if (stream == (*pkt)->stream_index) {
            int err = write_slowed(m, slow, stream, *pkt);
            av_packet_free(pkt);
            return err;
        }
    return write_packet(m, pkt);
}

int64_t mux_sound_lag_us(const struct mux *m)
{
    int stream;
    int64_t worst = 0;
    struct slowsound *slow;
    for (int i = 0; (slow = streams_slow(m->streams, i, &stream)); i++)
        if (llabs(slowsound_lag_us(slow)) > llabs(worst))
            worst = slowsound_lag_us(slow);
    return worst;
}

static int end_slowed(struct mux *m)
{
    int err = 0, stream;
    struct slowsound *slow;
    for (int i = 0; (slow = streams_slow(m->streams, i, &stream)); i++)
        TRY(write_slowed(m, slow, stream, NULL));
fail:
    return err;
}

int mux_end(struct mux *m, int64_t video_end)
{
    int err = end_slowed(m);
    if (err == 0 && !m->pattern)
        err = forms_end(m->ctx, video_end - m->video_newest, m->video_tick);
    if (err == 0 && !m->pattern)
        err = check_written(m, flush_queue(m, 0));
    if (err == 0 && !m->pattern)
        err = check_written(m, av_write_trailer(m->ctx));
    m->ctx->pb = NULL; /* the target's, which closes it */
    return err;
}

const char *mux_part(const struct mux *m)
{
    return target_part(m->target);
}

int mux_finish(struct mux *m)
{
    int err = target_commit(m->target);
    if (err == 0)
        streams_report(m->streams);
    return err;
}

void mux_miss(struct mux *m, const AVStream *in)
{
    streams_miss(m->streams, in);
}

int mux_left_out(const struct mux *m)
{
    return streams_left_out(m->streams);
}

bool mux_damaged(const struct mux *m)
{
    return streams_damaged(m->streams);
}

void mux_close(struct mux **mux)
{
    struct mux *m = *mux;
    if (!m)
        return;
    target_close(&m->target);
    avformat_free_context(m->ctx);
    streams_close(&m->streams);
    av_free(m->pattern);
    free(m);
    *mux = NULL;
}
