/* Frames to small pictures, by libswscale and libavcodec. */
#include "media/still.h"

#include <stdlib.h>

#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"

static AVFrame *new_picture(enum AVPixelFormat format, int width, int height)
{
    AVFrame *f = av_frame_alloc();
    if (!f)
        return NULL;
    f->format = format;
    f->width = width;
    f->height = height;
    if (av_frame_get_buffer(f, 0) < 0)
        av_frame_free(&f);
    return f;
}

static int scale(AVFrame **out, const AVFrame *from, enum AVPixelFormat format, int width,
                 int height, int filter)
{
    int err = 0;
    *out = new_picture(format, width, height);
    struct SwsContext *sws = sws_getContext(
        from->width, from->height, (enum AVPixelFormat)from->format, width, height,
        format, filter | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
    if (!*out || !sws)
        TRY(mem_fail("a picture for the report"));
    const int *coefficients = sws_getCoefficients(
        from->colorspace == AVCOL_SPC_BT709        ? SWS_CS_ITU709
        : from->colorspace == AVCOL_SPC_BT2020_NCL ? SWS_CS_BT2020
        : from->colorspace == AVCOL_SPC_UNSPECIFIED && from->height >= 720
            ? SWS_CS_ITU709
            : SWS_CS_ITU601);
    bool rgb = av_pix_fmt_desc_get((enum AVPixelFormat)from->format)->flags &
               AV_PIX_FMT_FLAG_RGB;
    sws_setColorspaceDetails(sws, coefficients,
                             rgb || from->color_range == AVCOL_RANGE_JPEG, coefficients,
                             1, 0, 1 << 16, 1 << 16);
    sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
              (*out)->data, (*out)->linesize);
fail:
    sws_freeContext(sws);
    if (err < 0)
        av_frame_free(out);
    return err;
}

int still_rgb(AVFrame **out, const AVFrame *frame)
{
    return scale(out, frame, AV_PIX_FMT_RGB24, frame->width, frame->height, SWS_BICUBIC);
}

int still_difference(AVFrame **out, const AVFrame *a, const AVFrame *b)
{
    *out = new_picture(AV_PIX_FMT_RGB24, a->width, a->height);
    if (!*out)
        return mem_fail("a picture for the report");
    for (int y = 0; y < a->height; y++) {
        const uint8_t *p = a->data[0] + (ptrdiff_t)y * a->linesize[0];
        const uint8_t *q = b->data[0] + (ptrdiff_t)y * b->linesize[0];
        uint8_t *to = (*out)->data[0] + (ptrdiff_t)y * (*out)->linesize[0];
        for (int i = 0; i < 3 * a->width; i++) {
            int difference = STILL_GAIN * abs(p[i] - q[i]);
            to[i] = (uint8_t)(difference < 255 ? difference : 255);
        }
    }
    return 0;
}

/* Where a stretch of `side` around `at` begins in 0 .. size. */
static int begin_of(int at, int side, int size)
{
    int begin = at - side / 2;
    if (begin > size - side)
        begin = size - side;
    return begin > 0 ? begin : 0;
}

int still_crop(AVFrame **out, const AVFrame *rgb, int x, int y, int side)
{
    AVFrame *f = *out = av_frame_clone(rgb);
    if (!f)
        return mem_fail("a picture for the report");
    x = begin_of(x, side, rgb->width);
    y = begin_of(y, side, rgb->height);
    f->width = side < rgb->width ? side : rgb->width;
    f->height = side < rgb->height ? side : rgb->height;
    f->data[0] += (ptrdiff_t)y * f->linesize[0] + 3 * x;
    return 0;
}

static int encode(struct still *out, const AVFrame *picture, enum AVCodecID id,
                  const char *type)
{
    int err = 0;
    AVPacket *packet = av_packet_alloc();
    const AVCodec *codec = avcodec_find_encoder(id);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    *out = (struct still){ .type = type };
    if (!packet || !c)
        TRY(mem_fail("a picture for the report"));
    c->width = picture->width;
    c->height = picture->height;
    c->pix_fmt = (enum AVPixelFormat)picture->format;
    c->time_base = (AVRational){ 1, 25 };
    c->color_range = AVCOL_RANGE_JPEG;
    c->thread_count = 1;
    if (id == AV_CODEC_ID_MJPEG) {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = 4 * FF_QP2LAMBDA;
    }
    int av = avcodec_open2(c, codec, NULL);
    if (av >= 0)
        av = avcodec_send_frame(c, picture);
    if (av >= 0)
        av = avcodec_send_frame(c, NULL);
    if (av >= 0)
        av = avcodec_receive_packet(c, packet);
    if (av < 0)
        TRY(av_fail(RIFEC_ERR_CODEC, av, "cannot encode a picture for the report"));
    out->data = av_memdup(packet->data, (size_t)packet->size);
    out->size = packet->size;
    if (!out->data)
        TRY(mem_fail("a picture for the report"));
fail:
    avcodec_free_context(&c);
    av_packet_free(&packet);
    return err;
}

int still_jpeg(struct still *out, const AVFrame *rgb, int width)
{
    AVFrame *small;
    *out = (struct still){ 0 };
    if (width > rgb->width)
        width = rgb->width;
    int height = (int)(((int64_t)rgb->height * width + rgb->width / 2) / rgb->width);
    int err =
        scale(&small, rgb, AV_PIX_FMT_YUVJ444P, width, height > 0 ? height : 1, SWS_AREA);
    if (err < 0)
        return err;
    small->pts = 0;
    err = encode(out, small, AV_CODEC_ID_MJPEG, "image/jpeg");
    av_frame_free(&small);
    return err;
}

int still_png(struct still *out, const AVFrame *rgb)
{
    return encode(out, rgb, AV_CODEC_ID_PNG, "image/png");
}
