/*
 * Every difference between FFmpeg 4.4 and 8 that rifec meets. No other file
 * asks which version it is built with.
 */
#ifndef RIFEC_MEDIA_AVCOMPAT_H
#define RIFEC_MEDIA_AVCOMPAT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifndef RIFEC_HAVE_AVFILTER /* the build says for src/media */
#define RIFEC_HAVE_AVFILTER 0
#endif

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#if RIFEC_HAVE_AVFILTER
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#endif

/* 6.0 renamed AVFrame.pkt_duration to duration. */
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
#define AVFRAME_DURATION(frame) ((frame)->duration)
#else
#define AVFRAME_DURATION(frame) ((frame)->pkt_duration)
#endif

/* 5.0 made the lists of formats constant. */
#if LIBAVFORMAT_VERSION_MAJOR >= 59
#define AVCOMPAT_FORMAT_CONST const
#else
#define AVCOMPAT_FORMAT_CONST
#endif

/* 7.0 promises not to change what it gives an AVIOContext to write. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
#define AVCOMPAT_WRITE_CONST const
#else
#define AVCOMPAT_WRITE_CONST
#endif

/* 6.1 made a flag of AVFrame.interlaced_frame. */
static inline bool avcompat_is_interlaced(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return frame->flags & AV_FRAME_FLAG_INTERLACED;
#else
    return frame->interlaced_frame;
#endif
}

static inline bool avcompat_is_top_first(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return frame->flags & AV_FRAME_FLAG_TOP_FIELD_FIRST;
#else
    return frame->top_field_first;
#endif
}

static inline void avcompat_set_interlaced(AVFrame *frame, bool top_first)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    frame->flags |= AV_FRAME_FLAG_INTERLACED;
    if (top_first)
        frame->flags |= AV_FRAME_FLAG_TOP_FIELD_FIRST;
#else
    frame->interlaced_frame = 1;
    frame->top_field_first = top_first;
#endif
}

/* 6.1 moved a stream's side data into its codec parameters. */
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)
#define AVCOMPAT_PAR_SIDE_DATA 1
#else
#define AVCOMPAT_PAR_SIDE_DATA 0
#endif

static inline const AVPacketSideData *avcompat_side_data(const AVStream *st, int *count)
{
#if AVCOMPAT_PAR_SIDE_DATA
    *count = st->codecpar->nb_coded_side_data;
    return st->codecpar->coded_side_data;
#else
    *count = st->nb_side_data;
    return st->side_data;
#endif
}

/* NULL when the stream has none of that type. */
static inline const uint8_t *avcompat_find_side_data(const AVStream *st,
                                                     enum AVPacketSideDataType type)
{
    int count;
    const AVPacketSideData *sd = avcompat_side_data(st, &count);
    for (int i = 0; i < count; i++)
        if (sd[i].type == type)
            return sd[i].data;
    return NULL;
}

static inline bool avcompat_has_side_data(const AVStream *st,
                                          enum AVPacketSideDataType type)
{
    return avcompat_find_side_data(st, type) != NULL;
}

/* Room for side data on a stream; NULL when out of memory. */
static inline uint8_t *avcompat_new_side_data(AVStream *st,
                                              enum AVPacketSideDataType type, size_t size)
{
#if AVCOMPAT_PAR_SIDE_DATA
    AVPacketSideData *sd = av_packet_side_data_new(
        &st->codecpar->coded_side_data, &st->codecpar->nb_coded_side_data, type, size, 0);
    return sd ? sd->data : NULL;
#elif LIBAVFORMAT_VERSION_MAJOR >= 59
    return av_stream_new_side_data(st, type, size);
#else
    return av_stream_new_side_data(st, type, (int)size);
#endif
}

#if RIFEC_HAVE_AVFILTER
/* 7.0 wants to know the colour before the first frame. */
static inline void avcompat_source_color(AVBufferSrcParameters *p, const AVFrame *frame)
{
#if LIBAVFILTER_VERSION_MAJOR >= 10
    p->color_space = frame->colorspace;
    p->color_range = frame->color_range;
#else
    (void)p;
    (void)frame;
#endif
}
#endif

#if RIFEC_HAVE_AVFILTER
/* 5.1 made the channel layout a structure. Writes "stereo" and so on, for a filter's
 * option; an unknown layout becomes the usual one for that number of channels. */
static inline void avcompat_describe_layout(const AVCodecContext *c, char *text,
                                            size_t size)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(59, 37, 100)
    AVChannelLayout usual;
    av_channel_layout_default(&usual, c->ch_layout.nb_channels);
    av_channel_layout_describe(
        c->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC ? &usual : &c->ch_layout, text,
        size);
    av_channel_layout_uninit(&usual);
#else
    uint64_t layout = c->channel_layout
                          ? c->channel_layout
                          : (uint64_t)av_get_default_channel_layout(c->channels);
    snprintf(text, size, "0x%llx", (unsigned long long)layout);
#endif
}

/* Sets a frame's channel layout to that of a filter chain's output. Returns the number of
 * channels, or an error. */
static inline int avcompat_frame_layout(AVFrame *frame, const AVFilterContext *sink)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(59, 37, 100)
    int e = av_buffersink_get_ch_layout(sink, &frame->ch_layout);
    return e < 0 ? e : frame->ch_layout.nb_channels;
#else
    frame->channel_layout = av_buffersink_get_channel_layout(sink);
    frame->channels = av_buffersink_get_channels(sink);
    return frame->channels;
#endif
}

/* Sets an encoder's channel layout to that of a filter chain's output. Returns the number
 * of channels, or an error. */
static inline int avcompat_copy_layout(AVCodecContext *c, const AVFilterContext *sink)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(59, 37, 100)
    int e = av_buffersink_get_ch_layout(sink, &c->ch_layout);
    return e < 0 ? e : c->ch_layout.nb_channels;
#else
    c->channel_layout = av_buffersink_get_channel_layout(sink);
    c->channels = av_buffersink_get_channels(sink);
    return c->channels;
#endif
}
#endif

/* 5.0 hid a stream's table of packets behind functions. */
static inline int avcompat_index_count(AVStream *st)
{
#if LIBAVFORMAT_VERSION_MAJOR >= 59
    return avformat_index_get_entries_count(st);
#else
    return st->nb_index_entries;
#endif
}

static inline const AVIndexEntry *avcompat_index_entry(AVStream *st, int i)
{
#if LIBAVFORMAT_VERSION_MAJOR >= 59
    return avformat_index_get_entry(st, i);
#else
    return &st->index_entries[i];
#endif
}

/* 5.0 made muxers const. */
#if LIBAVFORMAT_VERSION_MAJOR >= 59
static inline const AVOutputFormat *avcompat_muxer(const AVOutputFormat *f)
{
    return f;
}
#else
static inline AVOutputFormat *avcompat_muxer(const AVOutputFormat *f)
{
    return (AVOutputFormat *)f;
}
#endif

/* Since 6.1 NVDEC copies its surfaces unless this flag is set; we copy them ourselves. */
#ifdef AV_HWACCEL_FLAG_UNSAFE_OUTPUT
#define AVCOMPAT_HWACCEL_FLAGS AV_HWACCEL_FLAG_UNSAFE_OUTPUT
#else
#define AVCOMPAT_HWACCEL_FLAGS 0
#endif

/* Since 7.0 the Matroska muxer stores rotation. */
#define AVCOMPAT_MATROSKA_ROTATION (LIBAVFORMAT_VERSION_MAJOR >= 61)

/* Side data of an encoder's stream, freed with its context; NULL when out of
 * memory. 6.1 has a function for it. */
static inline uint8_t *avcompat_new_coded_side_data(AVCodecContext *c,
                                                    enum AVPacketSideDataType type,
                                                    size_t size)
{
#if AVCOMPAT_PAR_SIDE_DATA
    AVPacketSideData *sd = av_packet_side_data_new(&c->coded_side_data,
                                                   &c->nb_coded_side_data, type, size, 0);
    return sd ? sd->data : NULL;
#else
    AVPacketSideData *list = av_realloc_array(
        c->coded_side_data, (size_t)c->nb_coded_side_data + 1, sizeof *list);
    if (!list)
        return NULL;
    c->coded_side_data = list;
    AVPacketSideData *sd = &list[c->nb_coded_side_data];
    sd->data = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!sd->data)
        return NULL;
    sd->type = type;
    sd->size = size;
    c->nb_coded_side_data++;
    return sd->data;
#endif
}

/* 5.0 decodes the data that Dolby Vision has for each frame. */
static inline bool avcompat_has_dolby_vision(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_MAJOR >= 57
    return av_frame_get_side_data(frame, AV_FRAME_DATA_DOVI_RPU_BUFFER) ||
           av_frame_get_side_data(frame, AV_FRAME_DATA_DOVI_METADATA);
#else
    (void)frame;
    return false;
#endif
}

/* Since 6.1 libaom's AV1 has room for it. */
static inline bool avcompat_keeps_hdr10plus(const AVCodec *encoder)
{
    return LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 100) &&
           !strcmp(encoder->name, "libaom-av1");
}

/* The pixel formats an encoder takes, ended by AV_PIX_FMT_NONE; NULL: any. */
static inline const enum AVPixelFormat *avcompat_pix_fmts(const AVCodec *codec)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100) /* 7.1 */
    const void *list = NULL;
    if (avcodec_get_supported_config(NULL, codec, AV_CODEC_CONFIG_PIX_FORMAT, 0, &list,
                                     NULL) < 0)
        return NULL;
    return list;
#else
    return codec->pix_fmts;
#endif
}

#endif
