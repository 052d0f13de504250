/* libavcodec's decoder, drained, watched for damage and changes of size. */
#include "media/decode.h"

#include <stdbool.h>
#include <stdlib.h>

#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/color.h"
#include "media/convert.h"
#include "media/frame.h"

struct decode {
    AVCodecContext *codec;
    struct convert *convert; /* NULL: frames pass as decoded */
    int width, height;       /* of the first frame; 0 before */
    enum AVPixelFormat source_pix_fmt, pix_fmt;
    const char *path;
    int64_t damaged;
};

/*
 * Transparent VP8 and VP9 are two streams in one. FFmpeg's own decoders see the
 * colours only; libvpx's see both.
 */
static const AVCodec *choose_decoder(const AVStream *stream)
{
    enum AVCodecID id = stream->codecpar->codec_id;
    const AVDictionaryEntry *alpha = av_dict_get(stream->metadata, "alpha_mode", NULL, 0);
    const AVCodec *both = NULL;
    if (alpha && atoi(alpha->value) && id == AV_CODEC_ID_VP8)
        both = avcodec_find_decoder_by_name("libvpx");
    else if (alpha && atoi(alpha->value) && id == AV_CODEC_ID_VP9)
        both = avcodec_find_decoder_by_name("libvpx-vp9");
    return both ? both : avcodec_find_decoder(id);
}

int decode_open(struct decode **out, AVFormatContext *format, AVStream *stream,
                const char *path)
{
    int err = 0;
    *out = NULL;
    const char *name = avcodec_get_name(stream->codecpar->codec_id);
    const AVCodec *codec = choose_decoder(stream);
    if (!codec) {
        log_error("%s: this FFmpeg has no decoder for '%s'", path, name);
        return RIFEC_ERR_CODEC;
    }
    struct decode *d = calloc(1, sizeof *d);
    if (!d)
        return RIFEC_ERR_NOMEM;
    d->path = path;
    d->codec = avcodec_alloc_context3(codec);
    if (!d->codec)
        FAIL(RIFEC_ERR_NOMEM, "out of memory");
    int e = avcodec_parameters_to_context(d->codec, stream->codecpar);
    if (e >= 0) {
        d->codec->pkt_timebase = stream->time_base;
        d->codec->framerate = av_guess_frame_rate(format, stream, NULL);
        d->codec->thread_count = 0;
        e = avcodec_open2(d->codec, codec, NULL);
    }
    if (e < 0) {
        err = av_fail(RIFEC_ERR_CODEC, e, "cannot open the decoder '%s'", codec->name);
        goto fail;
    }
    *out = d;
    return 0;
fail:
    decode_close(&d);
    return err;
}

/* Counts damage and goes on; only lack of memory ends the job. */
static int note_damage(struct decode *d, int averr)
{
    if (averr == AVERROR(ENOMEM))
        return av_fail(RIFEC_ERR_NOMEM, averr, "cannot decode");
    char why[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(averr, why, sizeof why);
    if (d->damaged++ == 0)
        log_warning("%s: some of it does not decode (%s); going on with what does",
                    d->path, why);
    return 0;
}

int decode_send(struct decode *d, const AVPacket *pkt)
{
    int e = avcodec_send_packet(d->codec, pkt);
    if (e < 0 && e != AVERROR_EOF)
        return note_damage(d, e);
    if (pkt && pkt->flags & AV_PKT_FLAG_CORRUPT)
        return note_damage(d, AVERROR_INVALIDDATA);
    return 0;
}

/* The first frame decides what all others must be. */
static int settle(struct decode *d, const AVFrame *av)
{
    struct rifec_format unused;
    d->width = av->width;
    d->height = av->height;
    d->source_pix_fmt = av->format;
    d->pix_fmt = av->format;
    if (color_format(av->format, &unused))
        return 0;
    d->pix_fmt = color_nearest(av->format);
    bool lost = color_has_alpha(av->format) && !color_has_alpha(d->pix_fmt);
    log_info("pixel format %s is converted to %s%s", av_get_pix_fmt_name(av->format),
             av_get_pix_fmt_name(d->pix_fmt), lost ? "; transparency is lost" : "");
    return convert_open(&d->convert, av, d->pix_fmt);
}

static int accept(struct decode *d, AVFrame **av, struct rifec_frame **out)
{
    int err = 0;
    AVFrame *f = *av;
    if (f->format != color_plain(f->format)) {
        f->format = color_plain(f->format);
        f->color_range = AVCOL_RANGE_JPEG;
    }
    if (!d->width)
        TRY(settle(d, f));
    if (f->width != d->width || f->height != d->height || f->format != d->source_pix_fmt)
        FAIL(RIFEC_ERR_INPUT,
             "%s: the picture changes from %dx%d %s to %dx%d %s; the output ends there",
             d->path, d->width, d->height, av_get_pix_fmt_name(d->source_pix_fmt),
             f->width, f->height, av_get_pix_fmt_name(f->format));
    if (f->flags & AV_FRAME_FLAG_CORRUPT || f->decode_error_flags)
        TRY(note_damage(d, AVERROR_INVALIDDATA));
    if (d->convert)
        TRY(convert_frame(d->convert, av));
    *out = frame_wrap(av);
    if (!*out)
        FAIL(RIFEC_ERR_NOMEM, "out of memory");
fail:
    return err;
}

int decode_receive(struct decode *d, struct rifec_frame **out)
{
    int err = 0;
    *out = NULL;
    AVFrame *av = av_frame_alloc();
    if (!av)
        return RIFEC_ERR_NOMEM;
    int e;
    while ((e = avcodec_receive_frame(d->codec, av)) < 0) {
        if (e == AVERROR(EAGAIN) || e == AVERROR_EOF)
            goto fail; /* no error: nothing for now */
        TRY(note_damage(d, e));
    }
    err = accept(d, &av, out);
fail:
    av_frame_free(&av);
    return err;
}

int64_t decode_damaged(const struct decode *d)
{
    return d->damaged;
}

enum AVPixelFormat decode_pix_fmt(const struct decode *d)
{
    return d->pix_fmt;
}

enum AVPixelFormat decode_source_pix_fmt(const struct decode *d)
{
    return d->source_pix_fmt;
}

const char *decode_codec_name(const struct decode *d)
{
    return d->codec->codec->name;
}

void decode_close(struct decode **d)
{
    if (!*d)
        return;
    convert_close(&(*d)->convert);
    avcodec_free_context(&(*d)->codec);
    free(*d);
    *d = NULL;
}
