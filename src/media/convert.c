/* swscale, used carefully; and by hand what it does by way of fewer bits. */
#include "media/convert.h"

#include <math.h>
#include <stdlib.h>

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/color.h"

struct convert {
    struct SwsContext *sws; /* NULL: between floats and 16 bits */
    enum AVPixelFormat pix_fmt;
    enum AVColorSpace colorspace; /* of the result; RGB to YUV decides it */
    enum AVColorRange range;
};

static bool is_rgb(enum AVPixelFormat pix_fmt)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
    return d && d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
}

/* --- floats and 16-bit words ---------------------------------------------- */

/* Planes of floats, as EXR has them. */
static bool is_float(enum AVPixelFormat pix_fmt)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
    return d && d->flags & AV_PIX_FMT_FLAG_FLOAT && d->comp[0].depth == 32 &&
           d->comp[0].step == 4 && !(d->flags & AV_PIX_FMT_FLAG_BE) == !AV_HAVE_BIGENDIAN;
}

static bool is_words(enum AVPixelFormat pix_fmt)
{
    return pix_fmt == AV_PIX_FMT_GBRP16 || pix_fmt == AV_PIX_FMT_GBRAP16 ||
           pix_fmt == AV_PIX_FMT_GRAY16;
}

static bool is_by_hand(enum AVPixelFormat a, enum AVPixelFormat b)
{
    return av_pix_fmt_count_planes(a) == av_pix_fmt_count_planes(b) &&
           ((is_float(a) && is_words(b)) || (is_words(a) && is_float(b)));
}

static void words_of(const float *from, uint16_t *to, int n)
{
    for (int i = 0; i < n; i++) {
        float v = from[i] > 0.0f ? from[i] : 0.0f; /* NaN is black */
        to[i] = (uint16_t)lrintf((v < 1.0f ? v : 1.0f) * 65535.0f);
    }
}

static void floats_of(const uint16_t *from, float *to, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (float)from[i] / 65535.0f;
}

static void convert_words(const AVFrame *from, AVFrame *to)
{
    bool to_words = is_words(to->format);
    int planes = av_pix_fmt_count_planes(to->format);
    for (int p = 0; p < planes; p++)
        for (int y = 0; y < to->height; y++) {
            const void *in = from->data[p] + (ptrdiff_t)y * from->linesize[p];
            void *out = to->data[p] + (ptrdiff_t)y * to->linesize[p];
            if (to_words)
                words_of(in, out, to->width);
            else
                floats_of(in, out, to->width);
        }
}

/* --- all formats ---------------------------------------------------------- */

int convert_open(struct convert **out, const AVFrame *from, enum AVPixelFormat pix_fmt)
{
    *out = NULL;
    struct convert *c = calloc(1, sizeof *c);
    if (!c)
        return mem_fail("a pixel format converter");
    struct rifec_color color = color_of(from);
    bool to_rgb = is_rgb(pix_fmt), from_rgb = is_rgb(from->format);
    c->pix_fmt = pix_fmt;
    c->colorspace = from->colorspace;
    c->range = from->color_range;
    bool from_full = from_rgb || color.range == RIFEC_RANGE_FULL, to_full = from_full;
    if (from_rgb && !to_rgb) {
        c->colorspace =
            color.matrix == RIFEC_MATRIX_BT709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
        to_full = color_plain(pix_fmt) != pix_fmt;
        c->range = to_full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    } else if (to_rgb) {
        c->colorspace = AVCOL_SPC_RGB;
        c->range = AVCOL_RANGE_JPEG;
        to_full = true;
    } else if (color_plain(pix_fmt) != pix_fmt) { /* yuvj420p: full by its name */
        c->range = AVCOL_RANGE_JPEG;
        to_full = true;
    }
    *out = c;
    if (is_by_hand(from->format, pix_fmt))
        return 0;
    c->sws = sws_getContext(from->width, from->height, from->format, from->width,
                            from->height, pix_fmt,
                            SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT |
                                SWS_FULL_CHR_H_INP | SWS_BITEXACT,
                            NULL, NULL, NULL);
    if (!c->sws) {
        log_error("cannot convert %s to %s", av_get_pix_fmt_name(from->format),
                  av_get_pix_fmt_name(pix_fmt));
        convert_close(out);
        return RIFEC_ERR_CODEC;
    }
    /* swscale's numbers for matrices are those of H.273, as ours are. */
    const int *coefficients = sws_getCoefficients((int)color.matrix);
    sws_setColorspaceDetails(c->sws, coefficients, from_full, coefficients, to_full, 0,
                             1 << 16, 1 << 16);
    return 0;
}

int convert_frame(struct convert *c, AVFrame **frame)
{
    AVFrame *from = *frame, *to = av_frame_alloc();
    if (!to)
        return mem_fail("a converted frame");
    to->width = from->width;
    to->height = from->height;
    to->format = c->pix_fmt;
    int e = av_frame_get_buffer(to, 0);
    if (e >= 0)
        e = av_frame_copy_props(to, from);
    if (e >= 0 && !c->sws)
        convert_words(from, to);
    else if (e >= 0)
        e = sws_scale(c->sws, (const uint8_t *const *)from->data, from->linesize, 0,
                      from->height, to->data, to->linesize);
    if (e < 0) {
        av_frame_free(&to);
        return av_fail(RIFEC_ERR_INTERNAL, e, "cannot convert the pixel format");
    }
    to->colorspace = c->colorspace;
    to->color_range = c->range;
    av_frame_free(frame);
    *frame = to;
    return 0;
}

void convert_tags(const struct convert *c, enum AVColorSpace *colorspace,
                  enum AVColorRange *range)
{
    *colorspace = c->colorspace;
    *range = c->range;
}

void convert_close(struct convert **c)
{
    if (!*c)
        return;
    sws_freeContext((*c)->sws);
    free(*c);
    *c = NULL;
}
