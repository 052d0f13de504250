/* libavcodec's encoder: colour tags, durations, packets. */
#include "media/out/encode.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/color.h"
#include "media/convert.h"
#include "media/out/encoder_choice.h"
#include "media/frame.h"
#include "media/out/hdr.h"
#include "media/hush.h"
#include "media/hwaccel.h"
#include "media/out/palette.h"
#include "media/threads.h"

/* Frames an encoder may hold back; x264's longest lookahead is 250. */
#define DURATIONS 1024

struct encode {
    AVCodecContext *codec;
    struct encode_params params; /* its options are ours, its frame is gone */
    enum AVPixelFormat source_pix_fmt, pix_fmt;
    struct convert *convert; /* NULL: frames go in as they come */
    struct palette *palette; /* what chooses 256 colours, or NULL */
    bool discards;           /* the pixels are not used */
    struct hdr hdr;
    AVFrame *first;    /* tags and size, no pixels                             */
    AVFrame *original; /* newest decoded frame's tags and side data, no pixels */
    int stream_index;
    int64_t sent, received;                                        /* frames, packets */
    int64_t start, end;                                            /* of what was sent */
    int (*look)(void *opaque, const AVFrame *frame, bool decoded); /* or NULL */
    void *look_opaque;
    /* Encoders of FFmpeg up to 5 forget the duration: kept here by pts. */
    struct {
        int64_t pts, duration;
    } durations[DURATIONS];
    unsigned next_duration;
};

/* Unspecified stays unspecified: a tag is copied, never invented. */
static void copy_tags(AVCodecContext *c, const AVFrame *f)
{
    c->color_range = f->color_range;
    c->color_primaries = f->color_primaries;
    c->color_trc = f->color_trc;
    c->colorspace = f->colorspace;
    c->chroma_sample_location = f->chroma_location;
    c->sample_aspect_ratio = f->sample_aspect_ratio;
}

/* Fields that are kept are coded as such where an encoder can, and x264 wants pairs of
 * macroblock rows for that. Else the output is whole frames; unsaid stays unsaid. */
static void set_fields(AVCodecContext *c, const struct encode_params *p)
{
    if (p->field_order != AV_FIELD_UNKNOWN) {
        c->field_order = p->field_order;
        if (c->height % 4 == 0)
            c->flags |= AV_CODEC_FLAG_INTERLACED_DCT | AV_CODEC_FLAG_INTERLACED_ME;
    } else if (p->source->codecpar->field_order != AV_FIELD_UNKNOWN) {
        c->field_order = AV_FIELD_PROGRESSIVE;
    }
}

static int configure(struct encode *e, AVCodecContext *c)
{
    const struct encode_params *p = &e->params;
    c->pix_fmt = e->pix_fmt;
    c->width = e->first->width;
    c->height = e->first->height;
    c->time_base = (AVRational){ (int)p->time_base.num, (int)p->time_base.den };
    if (p->frame_rate.num > 0)
        c->framerate = (AVRational){ (int)p->frame_rate.num, (int)p->frame_rate.den };
    if (p->container->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    copy_tags(c, e->first);
    set_fields(c, p);
    /* As in all of FFmpeg, the container's word outweighs the stream's. */
    if (p->source->sample_aspect_ratio.num)
        c->sample_aspect_ratio = p->source->sample_aspect_ratio;
    if (e->convert) { /* RGB that becomes YUV gets a matrix, and so a tag */
        bool rgb = av_pix_fmt_desc_get(c->pix_fmt)->flags & AV_PIX_FMT_FLAG_RGB;
        convert_tags(e->convert, &c->colorspace, &c->color_range);
        if (rgb)
            c->chroma_sample_location = AVCHROMA_LOC_UNSPECIFIED;
    }
    int err = 0;
    TRY(hdr_configure(&e->hdr, c));
    TRY(threads_for_encoder(c));
    TRY(encoder_set(c, p));
    TRY(encoder_check(c));
fail:
    return err;
}

static int open_codec(struct encode *e, const AVCodec *codec)
{
    int err = 0;
    e->codec = avcodec_alloc_context3(codec);
    if (!e->codec)
        TRY(mem_fail("a codec context"));
    TRY(configure(e, e->codec));
    struct hush hush = { { -1, -1 }, -1 };
    if (!e->sent) /* later, the progress is on stderr */
        hush_begin(&hush);
    int av = avcodec_open2(e->codec, codec, NULL);
    hush_end(&hush, av < 0 ? RIFEC_LOG_ERROR : RIFEC_LOG_VERBOSE);
    if (av < 0) {
        char advice[256];
        err = av_fail(RIFEC_ERR_CODEC, av,
                      "encoder %s refuses %dx%d %s (-v shows more%s)", codec->name,
                      e->first->width, e->first->height, av_get_pix_fmt_name(e->pix_fmt),
                      encoder_advice(codec, e->codec, advice, sizeof advice));
    }
fail:
    return err;
}

/* The list belongs to the caller; its strings are not copied. */
static int keep_params(struct encode *e, const struct encode_params *p)
{
    e->params = *p;
    struct encode_option *options =
        calloc((size_t)p->user.option_count + 1, sizeof *options);
    if (options && p->user.option_count)
        memcpy(options, p->user.options, (size_t)p->user.option_count * sizeof *options);
    e->params.user.options = options;
    return options ? 0 : mem_fail("the options of the encoder");
}

int encode_open(struct encode **out, const struct encode_params *p)
{
    int err = 0;
    *out = NULL;
    const AVCodec *codec;
    struct encode *e = calloc(1, sizeof *e);
    if (!e)
        return mem_fail("an encoder");
    e->stream_index = p->source->index;
    e->source_pix_fmt = p->source_pix_fmt;
    e->first = av_frame_alloc();
    e->original = av_frame_alloc();
    if (!e->first || !e->original)
        TRY(mem_fail("a frame"));
    TRY(keep_params(e, p));
    TRY(frame_copy_tags(e->first, p->first));
    TRY(frame_copy_tags(e->original, p->first));
    codec = encoder_choose(p, e->first);
    TRY(codec ? 0 : RIFEC_ERR_CODEC);
    TRY(encoder_pix_fmt(codec, p, e->first, &e->pix_fmt));
    e->discards = encoder_is_null(codec, p->container) && e->pix_fmt == p->source_pix_fmt;
    e->first->format = p->source_pix_fmt;
    e->first->width = p->first->width;
    e->first->height = p->first->height;
    bool palette = e->pix_fmt == AV_PIX_FMT_PAL8 && p->source_pix_fmt != e->pix_fmt;
    enum AVPixelFormat converted = palette ? PALETTE_SOURCE : e->pix_fmt;
    if (converted != p->source_pix_fmt)
        TRY(convert_open(&e->convert, e->first, converted));
    if (palette)
        TRY(palette_open(&e->palette, e->first, e->convert));
    hdr_find(&e->hdr, p->source, e->first);
    TRY(open_codec(e, codec));
    TRY(hdr_describe(&e->hdr, e->codec, p->container));
    *out = e;
    return 0;
fail:
    encode_close(&e);
    return err;
}

int encode_restart(struct encode *e)
{
    const AVCodec *codec = e->codec->codec;
    avcodec_free_context(&e->codec);
    return open_codec(e, codec);
}

int encode_pass(struct encode *e, struct rifec_frame **frame)
{
    int err = 0;
    if (!*frame)
        return 0;
    bool decoded = frame_is_decoded(*frame);
    AVFrame *av = frame_unwrap(frame, e->source_pix_fmt);
    if (!av) {
        rifec_frame_free(frame);
        return mem_fail("a frame for the encoder");
    }
    e->next_duration++;
    if (decoded)
        err = frame_keep_tags(e->original, av);
    av_frame_free(&av);
    return err;
}

/* An in-between has the tags and side data of the original before it. */
static int dress(struct encode *e, AVFrame *av, bool decoded)
{
    int64_t pts = av->pts, duration = AVFRAME_DURATION(av);
    int err = 0;
    if (!decoded && av_frame_copy_props(av, e->original) < 0)
        return mem_fail("a frame's side data");
    AVFrame *whole = decoded ? av_frame_clone(av) : NULL;
    if (decoded && !whole)
        return mem_fail("a frame for the encoder");
    if (!decoded)
        frame_drop_moment(av, NULL);
    else if (e->next_duration > 0) /* otherwise the original is the frame itself */
        frame_drop_moment(av, e->original);
    if (decoded)
        err = frame_keep_tags(e->original, whole);
    av_frame_free(&whole);
    av->pts = pts;
    AVFRAME_DURATION(av) = duration;
    /* The decoder's choice of frame types is not for the encoder. */
    av->pict_type = AV_PICTURE_TYPE_NONE;
    return err;
}

/* The mark of a decoded frame, in AVFrame.opaque: frames may wait for their palette. */
static const char is_decoded;

/* Downloads a frame from the GPU, unless no pixels are used; then it is only marked as
 * being in host memory. */
static int fetch(struct encode *e, AVFrame *av)
{
    if (hwaccel_is_device(av) && e->discards) {
        av->format = e->source_pix_fmt;
        return 0;
    }
    int code = hwaccel_download(av);
    return code < 0 ? av_fail(RIFEC_ERR_DEVICE, code, "cannot fetch a decoded picture")
                    : 0;
}

void encode_watch(struct encode *e,
                  int (*look)(void *opaque, const AVFrame *frame, bool decoded),
                  void *opaque)
{
    e->look = look;
    e->look_opaque = opaque;
    e->discards = false;
}

/* A frame in the encoder's pixel format; NULL: no more will come. */
static int give(struct encode *e, const AVFrame *av)
{
    int err = 0;
    if (av && e->look)
        TRY(e->look(e->look_opaque, av, av->opaque == &is_decoded));
    int code = avcodec_send_frame(e->codec, av);
    if (code < 0)
        err = av_fail(RIFEC_ERR_CODEC, code, "encoder %s failed", e->codec->codec->name);
fail:
    return err;
}

int encode_send(struct encode *e, struct rifec_frame **frame)
{
    int err = 0;
    AVFrame *av = NULL;
    if (frame) {
        bool decoded = frame_is_decoded(*frame);
        av = frame_unwrap(frame, e->source_pix_fmt);
        if (!av) {
            rifec_frame_free(frame);
            return mem_fail("a frame for the encoder");
        }
        TRY(fetch(e, av));
        TRY(dress(e, av, decoded));
        av->opaque = decoded ? (void *)&is_decoded : NULL;
        if (e->convert && !e->palette)
            TRY(convert_frame(e->convert, &av));
        e->start = e->sent++ ? e->start : av->pts;
        e->end = av->pts + AVFRAME_DURATION(av);
        unsigned i = e->next_duration++ % DURATIONS;
        e->durations[i].pts = av->pts;
        e->durations[i].duration = AVFRAME_DURATION(av);
    }
    if (e->palette) {
        err = palette_send(e->palette, av);
        return err;
    }
    err = give(e, av);
fail:
    av_frame_free(&av);
    return err;
}

static int64_t duration_at(const struct encode *e, int64_t pts)
{
    for (unsigned i = 0; i < DURATIONS; i++)
        if (e->durations[i].pts == pts)
            return e->durations[i].duration;
    return 0;
}

/* One packet, at the end, is the whole moving picture. */
static bool is_whole(const struct encode *e)
{
    return !strcmp(e->codec->codec->name, "libwebp_anim");
}

/* Gives the encoder what the palette is chosen for; *given: a frame, or the end. */
static int give_paletted(struct encode *e, bool *given)
{
    int err = 0;
    AVFrame *av = NULL;
    *given = false;
    TRY(palette_receive(e->palette, &av));
    if (!av && !palette_is_done(e->palette))
        return 0;
    TRY(give(e, av));
    *given = true;
fail:
    av_frame_free(&av);
    return err;
}

int encode_receive(struct encode *e, AVPacket **out)
{
    *out = NULL;
    AVPacket *pkt = av_packet_alloc();
    if (!pkt)
        return mem_fail("a packet");
    int code = avcodec_receive_packet(e->codec, pkt);
    while (code == AVERROR(EAGAIN) && e->palette) {
        bool given;
        int err = give_paletted(e, &given);
        if (err < 0) {
            av_packet_free(&pkt);
            return err;
        }
        if (!given)
            break;
        code = avcodec_receive_packet(e->codec, pkt);
    }
    if (code < 0) {
        av_packet_free(&pkt);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return 0;
        return av_fail(RIFEC_ERR_CODEC, code, "encoder %s failed", e->codec->codec->name);
    }
    if (is_whole(e)) {
        pkt->pts = pkt->dts = e->start;
        pkt->duration = e->end - e->start;
    } else if (!pkt->duration)
        pkt->duration = duration_at(e, pkt->pts);
    e->received++;
    pkt->stream_index = e->stream_index;
    *out = pkt;
    return 0;
}

int64_t encode_written(const struct encode *e)
{
    return is_whole(e) && e->received ? e->sent : e->received;
}

const AVCodecContext *encode_context(const struct encode *e)
{
    return e->codec;
}

void encode_close(struct encode **e)
{
    if (!*e)
        return;
    palette_close(&(*e)->palette);
    convert_close(&(*e)->convert);
    av_frame_free(&(*e)->first);
    av_frame_free(&(*e)->original);
    free((void *)(*e)->params.user.options);
    avcodec_free_context(&(*e)->codec);
    free(*e);
    *e = NULL;
}
