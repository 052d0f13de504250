/* libavformat's muxer: stream mapping, times, and disk errors. */
#include "media/mux.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>

#include "base/err.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/target.h"

struct mux {
    AVFormatContext *ctx, *input;
    const AVStream *video_in;
    AVStream *video_out;
    AVRational encoder_time_base;
    int *map;               /* [input streams] output stream, or -1 */
    struct mux_span *spans; /* [input streams] */
    struct target *target;
};

static bool no_file(const struct mux *m)
{
    return m->ctx->oformat->flags & AVFMT_NOFILE;
}

static bool wanted(const struct mux_params *p, const AVStream *st)
{
    switch (st->codecpar->codec_type) {
    case AVMEDIA_TYPE_AUDIO:
        return !p->no_audio;
    case AVMEDIA_TYPE_SUBTITLE:
        return !p->no_subs;
    default:
        return false;
    }
}

/* Side data that speaks of the picture; the rest speaks of the old bits. */
static bool describes_picture(enum AVPacketSideDataType type)
{
    return type == AV_PKT_DATA_DISPLAYMATRIX || type == AV_PKT_DATA_STEREO3D ||
           type == AV_PKT_DATA_SPHERICAL || type == AV_PKT_DATA_ICC_PROFILE ||
           type == AV_PKT_DATA_MASTERING_DISPLAY_METADATA ||
           type == AV_PKT_DATA_CONTENT_LIGHT_LEVEL;
}

static int copy_side_data(AVStream *to, const AVStream *from, bool reencoded)
{
    int n;
    const AVPacketSideData *sd = avcompat_side_data(from, &n);
    for (int i = 0; i < n; i++) {
        if (reencoded && !describes_picture(sd[i].type))
            continue;
        uint8_t *room = avcompat_new_side_data(to, sd[i].type, sd[i].size);
        if (!room)
            return RIFEC_ERR_NOMEM;
        memcpy(room, sd[i].data, sd[i].size);
    }
    return 0;
}

/* What a stream carries beside its packets. */
static int copy_properties(AVStream *to, const AVStream *from)
{
    to->disposition = from->disposition;
    to->sample_aspect_ratio = from->sample_aspect_ratio;
    to->avg_frame_rate = from->avg_frame_rate;
    av_dict_copy(&to->metadata, from->metadata, 0);
    /* "encoder" in the input names what made the input. */
    av_dict_set(&to->metadata, "encoder", NULL, 0);
    return 0;
}

static int add_copy(struct mux *m, const AVStream *from)
{
    AVStream *to = avformat_new_stream(m->ctx, NULL);
    if (!to)
        return RIFEC_ERR_NOMEM;
    int e = avcodec_parameters_copy(to->codecpar, from->codecpar);
    if (e < 0)
        return av_fail(RIFEC_ERR_OUTPUT, e, "cannot copy stream %d", from->index);
    /* Another container may know the codec by another tag. */
    const struct AVCodecTag *const *tags = m->ctx->oformat->codec_tag;
    uint32_t tag = to->codecpar->codec_tag;
    if (!tags || av_codec_get_id(tags, tag) != to->codecpar->codec_id)
        to->codecpar->codec_tag = 0;
    to->time_base = from->time_base;
    m->map[from->index] = to->index;
#if !AVCOMPAT_PAR_SIDE_DATA /* else it came with the parameters */
    int err = copy_side_data(to, from, false);
    if (err < 0)
        return err;
#endif
    return copy_properties(to, from);
}

static bool holds(const struct mux *m, enum AVCodecID codec)
{
    return avformat_query_codec(m->ctx->oformat, codec, FF_COMPLIANCE_NORMAL) == 1;
}

/* The output stream for an input stream, or none. */
static int map_stream(struct mux *m, const struct mux_params *p, const AVStream *st)
{
    const AVCodecParameters *par = st->codecpar;
    const char *type = av_get_media_type_string(par->codec_type);
    const char *codec = avcodec_get_name(par->codec_id);
    const char *container = m->ctx->oformat->name;
    if (st == p->video) {
        m->video_out = avformat_new_stream(m->ctx, NULL);
        if (!m->video_out)
            return RIFEC_ERR_NOMEM;
        m->map[st->index] = m->video_out->index;
        return 0;
    }
    if (!wanted(p, st) || no_file(m)) {
        log_verbose("stream %d (%s) is not copied", st->index, type ? type : "?");
        return 0;
    }
    if (holds(m, par->codec_id))
        return add_copy(m, st);
    log_warning("stream %d (%s, %s) is left out: %s cannot hold it%s", st->index,
                type ? type : "?", codec, container,
                strcmp(container, "matroska") ? "; .mkv may" : "");
    return 0;
}

/* Streams keep the input's order, so players pick the same ones. */
static int map_streams(struct mux *m, const struct mux_params *p)
{
    m->map = av_malloc_array(p->input->nb_streams, sizeof *m->map);
    m->spans = av_malloc_array(p->input->nb_streams, sizeof *m->spans);
    if (!m->map || !m->spans)
        return RIFEC_ERR_NOMEM;
    for (unsigned i = 0; i < p->input->nb_streams; i++) {
        AVStream *st = p->input->streams[i];
        m->map[i] = -1;
        m->spans[i] = (struct mux_span){ INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN };
        int err = map_stream(m, p, st);
        if (err < 0)
            return err;
        if (m->map[i] < 0)
            st->discard = AVDISCARD_ALL;
    }
    return 0;
}

/* By FFmpeg's name (matroska), by extension (mkv), or from the file's name. */
static int choose_container(struct mux *m, const struct mux_params *p)
{
    const char *format = p->format;
    if (!format && !strcmp(p->path, "-"))
        format = "yuv4mpegpipe";
    int e = avformat_alloc_output_context2(&m->ctx, NULL, format, p->path);
    if (e < 0 && format) {
        char *name = av_asprintf("x.%s", format);
        e = avformat_alloc_output_context2(&m->ctx, NULL, NULL, name);
        av_free(name);
    }
    if (e < 0 && format)
        log_error("'%s' is no container FFmpeg can write; try -f mp4 or -f mkv", format);
    else if (e < 0)
        log_error("%s: the name does not say which container to write; end it in .mp4 or "
                  ".mkv, or give -f",
                  p->path);
    if (e < 0)
        return RIFEC_ERR_OUTPUT;
    /* YUV4MPEG with more than 8 bits is what everybody writes, not official. */
    if (!strcmp(m->ctx->oformat->name, "yuv4mpegpipe"))
        m->ctx->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    return 0;
}

static int open_target(struct mux *m, const struct mux_params *p)
{
    return target_open(&m->target, &(struct target_params){
                                       .path = p->path,
                                       .input = p->input_path,
                                       .nowhere = no_file(m),
                                       .overwrite = p->overwrite,
                                       .stopped = p->stopped,
                                   });
}

int mux_open(struct mux **out, const struct mux_params *p)
{
    int err = 0;
    *out = NULL;
    struct mux *m = calloc(1, sizeof *m);
    if (!m)
        return RIFEC_ERR_NOMEM;
    m->input = p->input;
    m->video_in = p->video;
    TRY(choose_container(m, p));
    TRY(open_target(m, p));
    TRY(map_streams(m, p));
    av_dict_copy(&m->ctx->metadata, p->input->metadata, 0);
    /* These described the input file. */
    av_dict_set(&m->ctx->metadata, "encoder", NULL, 0);
    av_dict_set(&m->ctx->metadata, "major_brand", NULL, 0);
    av_dict_set(&m->ctx->metadata, "minor_version", NULL, 0);
    av_dict_set(&m->ctx->metadata, "compatible_brands", NULL, 0);
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

/* FFmpeg has a flag for it (AVFMT_VARIABLE_FPS), but mp4 lacks it in some
 * versions. */
bool mux_needs_constant_rate(const struct mux *m)
{
    static const char *const constant[] = { "avi", "yuv4mpegpipe", "mxf", "gxf", "dv" };
    for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
        if (!strcmp(m->ctx->oformat->name, constant[i]))
            return true;
    return m->ctx->oformat->flags & AVFMT_NOTIMESTAMPS && !no_file(m);
}

bool mux_copies(const struct mux *m, int input_stream)
{
    return m->map[input_stream] >= 0 && input_stream != m->video_in->index;
}

int mux_start(struct mux *m, const AVCodecContext *encoder)
{
    int err = 0;
    AVStream *st = m->video_out;
    m->encoder_time_base = encoder->time_base;
    int e = avcodec_parameters_from_context(st->codecpar, encoder);
    if (e < 0) {
        err = av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot describe the video", mux_path(m));
        goto fail;
    }
    TRY(copy_properties(st, m->video_in));
    TRY(copy_side_data(st, m->video_in, true));
    st->time_base = encoder->time_base;
    st->avg_frame_rate = encoder->framerate;
    st->sample_aspect_ratio = encoder->sample_aspect_ratio;
    TRY(target_create(m->target, &m->ctx->pb));
    e = avformat_write_header(m->ctx, NULL);
    if (e < 0)
        err = av_fail(
            RIFEC_ERR_OUTPUT, e, "%s: cannot write the header (%s in %s?)%s", mux_path(m),
            avcodec_get_name(encoder->codec_id), m->ctx->oformat->name,
            target_is_stdout(m->target) ? "; a pipe can take y4m, nut or matroska" : "");
fail:
    return err;
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

static void widen(int64_t *start, int64_t *end, const AVPacket *p, AVRational time_base)
{
    int64_t ts = p->pts != AV_NOPTS_VALUE ? p->pts : p->dts;
    if (ts == AV_NOPTS_VALUE)
        return;
    int64_t from = av_rescale_q(ts, time_base, AV_TIME_BASE_Q);
    int64_t to = av_rescale_q(ts + p->duration, time_base, AV_TIME_BASE_Q);
    *start = from < *start ? from : *start;
    *end = to > *end ? to : *end;
}

bool mux_get_span(const struct mux *m, int input_stream, struct mux_span *out)
{
    *out = m->spans[input_stream];
    return out->out_start <= out->out_end;
}

int mux_write(struct mux *m, AVPacket **pkt)
{
    AVPacket *p = *pkt;
    int in = p->stream_index;
    AVRational from = in == m->video_in->index ? m->encoder_time_base
                                               : m->input->streams[in]->time_base;
    AVStream *st = m->ctx->streams[m->map[in]];
    p->stream_index = st->index;
    p->pos = -1;
    widen(&m->spans[in].in_start, &m->spans[in].in_end, p, from);
    av_packet_rescale_ts(p, from, st->time_base);
    widen(&m->spans[in].out_start, &m->spans[in].out_end, p, st->time_base);
    int e = av_interleaved_write_frame(m->ctx, p);
    av_packet_free(pkt);
    return check_written(m, e);
}

int mux_finish(struct mux *m)
{
    int err = check_written(m, av_write_trailer(m->ctx));
    m->ctx->pb = NULL; /* the target's, which closes it */
    return err < 0 ? err : target_commit(m->target);
}

void mux_close(struct mux **mux)
{
    struct mux *m = *mux;
    if (!m)
        return;
    target_close(&m->target);
    avformat_free_context(m->ctx);
    av_free(m->map);
    av_free(m->spans);
    free(m);
    *mux = NULL;
}
