/* Tables of what picture formats hold. */
#include "media/out/forms.h"

#include <string.h>

#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
#include <libavutil/pixfmt.h>
#include <libavutil/rational.h>

#include "base/log.h"
#include "base/mem.h"
#include "rifec/error.h"

/* The muxer's, from 8 bits that are official to 16 that FFmpeg began. */
static const enum AVPixelFormat y4m_pix_fmts[] = {
    AV_PIX_FMT_GRAY8,     AV_PIX_FMT_GRAY9,     AV_PIX_FMT_GRAY10,
    AV_PIX_FMT_GRAY12,    AV_PIX_FMT_GRAY16,    AV_PIX_FMT_YUV411P,
    AV_PIX_FMT_YUV420P,   AV_PIX_FMT_YUV422P,   AV_PIX_FMT_YUV444P,
    AV_PIX_FMT_YUV420P9,  AV_PIX_FMT_YUV422P9,  AV_PIX_FMT_YUV444P9,
    AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV422P10, AV_PIX_FMT_YUV444P10,
    AV_PIX_FMT_YUV420P12, AV_PIX_FMT_YUV422P12, AV_PIX_FMT_YUV444P12,
    AV_PIX_FMT_YUV420P14, AV_PIX_FMT_YUV422P14, AV_PIX_FMT_YUV444P14,
    AV_PIX_FMT_YUV420P16, AV_PIX_FMT_YUV422P16, AV_PIX_FMT_YUV444P16,
    AV_PIX_FMT_NONE,
};

/* TIFF can hold YUV, but says neither of which matrix nor of which range. */
static const enum AVPixelFormat tiff_pix_fmts[] = {
    AV_PIX_FMT_GRAY8,   AV_PIX_FMT_GRAY16LE, AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA,
    AV_PIX_FMT_RGB48LE, AV_PIX_FMT_RGBA64LE, AV_PIX_FMT_NONE,
};

/* JPEG's numbers are full-range, whatever it is given. */
static const enum AVPixelFormat jpeg_pix_fmts[] = {
    AV_PIX_FMT_YUVJ420P,
    AV_PIX_FMT_YUVJ422P,
    AV_PIX_FMT_YUVJ444P,
    AV_PIX_FMT_NONE,
};

const enum AVPixelFormat *forms_pix_fmts(const AVOutputFormat *format,
                                         const AVCodec *encoder)
{
    if (!strcmp(format->name, "yuv4mpegpipe"))
        return y4m_pix_fmts;
    if (encoder->id == AV_CODEC_ID_TIFF)
        return tiff_pix_fmts;
    return encoder->id == AV_CODEC_ID_MJPEG ? jpeg_pix_fmts : NULL;
}

const AVCodec *forms_picture_encoder(enum AVCodecID codec)
{
    const AVCodec *encoder = avcodec_find_encoder(codec);
    switch (codec) {
    case AV_CODEC_ID_GIF: /* a container's, not a file's */
    case AV_CODEC_ID_FITS:
    case AV_CODEC_ID_AV1:
        encoder = NULL;
        break;
    case AV_CODEC_ID_WEBP: /* the default one wants to make a moving picture */
        encoder = avcodec_find_encoder_by_name("libwebp");
        break;
    default:
        break;
    }
    if (!encoder)
        log_error("this FFmpeg cannot write pictures as %s; try png, tiff or jpg",
                  avcodec_get_name(codec));
    return encoder;
}

/* Browsers and viewers show a frame that lasts one hundredth for ten of them. */
bool forms_clock(const AVOutputFormat *format, AVRational *tick, int *least)
{
    *tick = (AVRational){ 1, 100 };
    *least = 2;
    return !strcmp(format->name, "gif");
}

int forms_end(AVFormatContext *ctx, int64_t ticks, AVRational tick)
{
    const char *const key = "final_delay";
    const int64_t longest = UINT16_MAX;
    int e = 0;
    if (ticks <= 0)
        return 0;
    if (!strcmp(ctx->oformat->name, "gif")) {
        int64_t delay = av_rescale_q(ticks, tick, (AVRational){ 1, 100 });
        e = av_opt_set_int(ctx->priv_data, key, delay < longest ? delay : longest, 0);
    } else if (!strcmp(ctx->oformat->name, "apng")) {
        AVRational delay;
        av_reduce(&delay.num, &delay.den, ticks * tick.num, tick.den, longest);
        e = av_opt_set_q(ctx->priv_data, key, delay, 0);
    }
    return e < 0 ? mem_fail("the options of the container") : 0;
}

int forms_muxer_options(const AVOutputFormat *format, AVDictionary **options)
{
    int e = 0;
    if (!strcmp(format->name, "webp"))
        e = av_dict_set(options, "loop", "0", 0); /* for ever, as GIF does */
    else if (!strcmp(format->name, "apng"))
        e = av_dict_set(options, "plays", "0", 0);
    return e < 0 ? mem_fail("the options of the container") : 0;
}
