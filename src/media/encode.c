/* libavcodec's encoder: choice, options, colour tags, durations. */
#define _POSIX_C_SOURCE 200809L
#include "media/encode.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/color.h"
#include "media/container.h"
#include "media/convert.h"
#include "media/forms.h"
#include "media/frame.h"
#include "media/hdr.h"

/* Frames an encoder may hold back; x264's longest lookahead is 250. */
#define DURATIONS 1024

struct encode {
    AVCodecContext *codec;
    enum AVPixelFormat source_pix_fmt;
    struct convert *convert; /* NULL: frames go in as they come */
    struct hdr hdr;
    AVFrame *original; /* newest decoded frame's tags and side data, no pixels */
    int stream_index;
    int64_t sent, received; /* frames, packets */
    /* Encoders of FFmpeg up to 5 forget the duration: kept here by pts. */
    struct {
        int64_t pts, duration;
    } durations[DURATIONS];
    unsigned next_duration;
};

/* Quality where the picture is hard to tell from the source. */
static const struct {
    const char *codec, *key, *value;
} default_quality[] = {
    { "libx264", "crf", "16" },
    { "libx264rgb", "crf", "16" },
    { "libx265", "crf", "18" },
    { "libvpx-vp9", "crf", "24" },
    { "libvpx", "crf", "10" },
    { "libsvtav1", "crf", "24" },
    { "libaom-av1", "crf", "20" },
    { "mjpeg", "qmin", "2" },
    { "mjpeg", "qmax", "2" },
    { "libwebp", "quality", "90" },
    { "libwebp_anim", "quality", "90" },
};
#define DEFAULTS (sizeof default_quality / sizeof *default_quality)

static const AVCodec *choose(const struct encode_params *p)
{
    const AVCodec *codec;
    if (p->must && p->codec) {
        log_error("pictures are encoded as their names say: without -c:v %s", p->codec);
        return NULL;
    }
    if (p->must)
        return forms_picture_encoder(p->must);
    if (p->codec) {
        codec = avcodec_find_encoder_by_name(p->codec);
        if (!codec) {
            log_error("this FFmpeg has no encoder '%s'; `ffmpeg -encoders` lists them",
                      p->codec);
            return NULL;
        }
        if (avformat_query_codec(p->container, codec->id, FF_COMPLIANCE_EXPERIMENTAL) ==
            0) {
            const AVCodec *other = avcodec_find_encoder(p->container->video_codec);
            log_error("%s cannot hold %s; .mkv can, or try -c:v %s", p->container->name,
                      codec->name, other ? other->name : "libx264");
            return NULL;
        }
        return codec;
    }
    if (container_holds_codec(p->container, AV_CODEC_ID_H264)) {
        codec = avcodec_find_encoder_by_name("libx264");
        if (codec)
            return codec;
    }
    codec = avcodec_find_encoder(p->container->video_codec);
    if (!codec)
        log_error("this FFmpeg has no video encoder for %s; name one with -c:v",
                  p->container->name);
    return codec;
}

static bool contains(const enum AVPixelFormat *list, enum AVPixelFormat f)
{
    for (; *list != AV_PIX_FMT_NONE; list++)
        if (*list == f)
            return true;
    return false;
}

static bool fits(const AVPixFmtDescriptor *d, int width, int height)
{
    return width % (1 << d->log2_chroma_w) == 0 && height % (1 << d->log2_chroma_h) == 0;
}

/*
 * H.264 and H.265 cannot have half a chroma sample at the edge: an odd size
 * needs a format without subsampling. The alternative, a size that differs
 * from the input's, would be worse.
 */
static enum AVPixelFormat whole_samples(const AVCodec *codec,
                                        const enum AVPixelFormat *list,
                                        enum AVPixelFormat f,
                                        const struct rifec_frame *first)
{
    bool cannot = codec->id == AV_CODEC_ID_H264 || codec->id == AV_CODEC_ID_HEVC;
    if (!list || !cannot || fits(av_pix_fmt_desc_get(f), first->width, first->height))
        return f;
    enum AVPixelFormat best = AV_PIX_FMT_NONE;
    for (; *list != AV_PIX_FMT_NONE; list++)
        if (fits(av_pix_fmt_desc_get(*list), first->width, first->height))
            best = av_find_best_pix_fmt_of_2(best, color_plain(*list), f, 0, NULL);
    return best == AV_PIX_FMT_NONE ? f : best;
}

static int choose_pix_fmt(const AVCodec *codec, const struct encode_params *p,
                          enum AVPixelFormat *out)
{
    const enum AVPixelFormat *held = forms_pix_fmts(p->container, codec);
    const enum AVPixelFormat *list = held ? held : avcompat_pix_fmts(codec);
    const char *taker = p->must || !held ? codec->name : p->container->name;
    const char *from = av_get_pix_fmt_name(p->source_pix_fmt);
    if (p->pix_fmt) {
        *out = av_get_pix_fmt(p->pix_fmt);
        if (*out == AV_PIX_FMT_NONE) {
            log_error("'%s' is no pixel format; `ffmpeg -pix_fmts` lists them",
                      p->pix_fmt);
            return RIFEC_ERR_USAGE;
        }
        if (list && !contains(list, *out)) {
            log_error("%s does not take %s", taker, p->pix_fmt);
            return RIFEC_ERR_CODEC;
        }
    } else if (!list || contains(list, p->source_pix_fmt)) {
        *out = p->source_pix_fmt;
    } else {
        *out = avcodec_find_best_pix_fmt_of_list(
            list, p->source_pix_fmt, color_has_alpha(p->source_pix_fmt), NULL);
    }
    if (!p->pix_fmt)
        *out = whole_samples(codec, list, *out, p->first);
    bool lost = color_has_alpha(p->source_pix_fmt) && !color_has_alpha(*out);
    if (*out != p->source_pix_fmt)
        log_info("%s gets %s, converted from %s%s", taker, av_get_pix_fmt_name(*out),
                 from, lost ? "; transparency is lost" : "");
    return 0;
}

/* The option goes to the encoder's own table or to libavcodec's common one. */
static bool knows(const AVCodecContext *c, const char *key)
{
    return av_opt_find((void *)c, key, NULL, 0, AV_OPT_SEARCH_CHILDREN) != NULL;
}

static int set_option(AVCodecContext *c, const char *key, const char *value)
{
    if (!knows(c, key)) {
        log_error("encoder %s knows no option '%s'; `ffmpeg -h encoder=%s` lists them",
                  c->codec->name, key, c->codec->name);
        return RIFEC_ERR_USAGE;
    }
    char *ours = NULL, *both = NULL;
    const char *last = strrchr(key, '-');
    if (last && !strcmp(last, "-params")) /* a list: what is in it already stays */
        av_opt_get(c, key, AV_OPT_SEARCH_CHILDREN, (uint8_t **)&ours);
    if (ours && ours[0])
        both = av_asprintf("%s:%s", ours, value);
    int e = av_opt_set(c, key, both ? both : value, AV_OPT_SEARCH_CHILDREN);
    av_free(ours);
    av_free(both);
    if (e < 0)
        return av_fail(RIFEC_ERR_USAGE, e, "encoder %s: option %s=%s", c->codec->name,
                       key, value);
    return 0;
}

static bool is_given(const struct encode_params *p, const char *key)
{
    for (int i = 0; i < p->option_count; i++)
        if (!strcmp(p->options[i].key, key))
            return true;
    return false;
}

static const char *const rate_keys[] = { "crf",  "qp",      "b",       "qmin",
                                         "qmax", "quality", "lossless" };

/* The user's rate control, in any of the forms encoders know, or our crf. */
static int set_quality(AVCodecContext *c, const struct encode_params *p)
{
    int err = 0;
    bool given = false;
    for (size_t i = 0; i < sizeof rate_keys / sizeof *rate_keys; i++)
        given = given || is_given(p, rate_keys[i]);
    if (p->crf)
        TRY(set_option(c, "crf", p->crf));
    for (size_t i = 0; !p->crf && !given && i < DEFAULTS; i++)
        if (!strcmp(c->codec->name, default_quality[i].codec))
            TRY(set_option(c, default_quality[i].key, default_quality[i].value));
    if (p->preset)
        TRY(set_option(c, "preset", p->preset));
    for (int i = 0; i < p->option_count; i++)
        TRY(set_option(c, p->options[i].key, p->options[i].value));
fail:
    return err;
}

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

/* Some encoders write to stderr themselves, past FFmpeg's log and ours. */
static int silence(AVCodecContext *c)
{
    if (log_shows(RIFEC_LOG_VERBOSE))
        return 0;
    if (!strcmp(c->codec->name, "libsvtav1"))
        setenv("SVT_LOG", "1", 0); /* errors only; read when it is opened */
    return strcmp(c->codec->name, "libx265")
               ? 0
               : set_option(c, "x265-params", "log-level=error");
}

static int configure(struct encode *e, const struct encode_params *p)
{
    AVCodecContext *c = e->codec;
    c->width = p->first->width;
    c->height = p->first->height;
    c->time_base = (AVRational){ (int)p->time_base.num, (int)p->time_base.den };
    if (p->frame_rate.num > 0)
        c->framerate = (AVRational){ (int)p->frame_rate.num, (int)p->frame_rate.den };
    c->thread_count = 0;
    if (p->container->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    copy_tags(c, e->original);
    /* Whatever it was, it is treated as whole frames; unsaid stays unsaid. */
    if (p->source->codecpar->field_order != AV_FIELD_UNKNOWN)
        c->field_order = AV_FIELD_PROGRESSIVE;
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
    TRY(silence(c));
    TRY(set_quality(c, p));
fail:
    return err;
}

int encode_open(struct encode **out, const struct encode_params *p)
{
    int err = 0;
    *out = NULL;
    const AVCodec *codec = choose(p);
    if (!codec)
        return RIFEC_ERR_CODEC;
    struct encode *e = calloc(1, sizeof *e);
    if (!e)
        return RIFEC_ERR_NOMEM;
    e->stream_index = p->source->index;
    e->source_pix_fmt = p->source_pix_fmt;
    e->codec = avcodec_alloc_context3(codec);
    e->original = av_frame_alloc();
    if (!e->codec || !e->original)
        FAIL(RIFEC_ERR_NOMEM, "out of memory");
    TRY(choose_pix_fmt(codec, p, &e->codec->pix_fmt));
    TRY(frame_copy_tags(e->original, p->first));
    e->original->format = p->source_pix_fmt;
    e->original->width = p->first->width;
    e->original->height = p->first->height;
    if (e->codec->pix_fmt != p->source_pix_fmt)
        TRY(convert_open(&e->convert, e->original, e->codec->pix_fmt));
    hdr_find(&e->hdr, p->source, e->original);
    TRY(configure(e, p));
    int av = avcodec_open2(e->codec, codec, NULL);
    if (av < 0) {
        err = av_fail(RIFEC_ERR_CODEC, av, "encoder %s refuses %dx%d %s (-v says more)",
                      codec->name, e->codec->width, e->codec->height,
                      av_get_pix_fmt_name(e->codec->pix_fmt));
        goto fail;
    }
    TRY(hdr_describe(&e->hdr, e->codec, p->container));
    *out = e;
    return 0;
fail:
    encode_close(&e);
    return err;
}

/* An in-between has the tags and side data of the original before it. */
/*
 * Closed captions and timecodes belong to one showing of a frame: written with
 * each repetition and in-between, they would be there twice.
 */
static void drop_spent(struct encode *e, AVFrame *av, bool decoded)
{
    static const enum AVFrameSideDataType once[] = { AV_FRAME_DATA_A53_CC,
                                                     AV_FRAME_DATA_S12M_TIMECODE,
                                                     AV_FRAME_DATA_GOP_TIMECODE };
    for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
        const AVFrameSideData *now = av_frame_get_side_data(av, once[i]);
        const AVFrameSideData *before = av_frame_get_side_data(e->original, once[i]);
        bool again = e->next_duration > 0 && now && before && now->data == before->data;
        if (now && (!decoded || again))
            av_frame_remove_side_data(av, once[i]);
    }
}

static int dress(struct encode *e, AVFrame *av, bool decoded)
{
    int64_t pts = av->pts, duration = AVFRAME_DURATION(av);
    int err = 0;
    if (!decoded && av_frame_copy_props(av, e->original) < 0)
        return RIFEC_ERR_NOMEM;
    AVFrame *whole = decoded ? av_frame_clone(av) : NULL;
    if (decoded && !whole)
        return RIFEC_ERR_NOMEM;
    drop_spent(e, av, decoded);
    if (decoded)
        err = frame_keep_tags(e->original, whole);
    av_frame_free(&whole);
    av->pts = pts;
    AVFRAME_DURATION(av) = duration;
    /* The decoder's choice of frame types is not for the encoder. */
    av->pict_type = AV_PICTURE_TYPE_NONE;
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
            return RIFEC_ERR_NOMEM;
        }
        TRY(dress(e, av, decoded));
        if (e->convert)
            TRY(convert_frame(e->convert, &av));
        e->sent++;
        unsigned i = e->next_duration++ % DURATIONS;
        e->durations[i].pts = av->pts;
        e->durations[i].duration = AVFRAME_DURATION(av);
    }
    int code = avcodec_send_frame(e->codec, av);
    if (code < 0)
        err = av_fail(RIFEC_ERR_CODEC, code, "encoder %s failed", e->codec->codec->name);
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

int encode_receive(struct encode *e, AVPacket **out)
{
    *out = NULL;
    AVPacket *pkt = av_packet_alloc();
    if (!pkt)
        return RIFEC_ERR_NOMEM;
    int code = avcodec_receive_packet(e->codec, pkt);
    if (code < 0) {
        av_packet_free(&pkt);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return 0;
        return av_fail(RIFEC_ERR_CODEC, code, "encoder %s failed", e->codec->codec->name);
    }
    if (!pkt->duration)
        pkt->duration = duration_at(e, pkt->pts);
    e->received++;
    pkt->stream_index = e->stream_index;
    *out = pkt;
    return 0;
}

int64_t encode_written(const struct encode *e)
{
    /* One packet, at the end, is the whole moving picture. */
    bool whole = !strcmp(e->codec->codec->name, "libwebp_anim");
    return whole && e->received ? e->sent : e->received;
}

const AVCodecContext *encode_context(const struct encode *e)
{
    return e->codec;
}

void encode_close(struct encode **e)
{
    if (!*e)
        return;
    convert_close(&(*e)->convert);
    av_frame_free(&(*e)->original);
    avcodec_free_context(&(*e)->codec);
    free(*e);
    *e = NULL;
}
