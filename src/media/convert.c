/* swscale with careful settings, and our own code for formats that it would convert
 * with fewer bits. */
#include "media/convert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <libavutil/opt.h>
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

/* The colour description before and after. */
struct plan {
    enum rifec_matrix matrix;
    bool from_full, to_full;
    enum AVChromaLocation siting; /* where either side has less chroma than luma */
};

/* RGB has no matrix, so BT.2020's follows from its primaries. */
static enum rifec_matrix matrix_for_rgb(const AVFrame *rgb, enum rifec_matrix usual)
{
    return rgb->color_primaries == AVCOL_PRI_BT2020 ? RIFEC_MATRIX_BT2020_NCL : usual;
}

static enum AVColorSpace tag_of(enum rifec_matrix matrix)
{
    return matrix == RIFEC_MATRIX_BT2020_NCL ? AVCOL_SPC_BT2020_NCL
           : matrix == RIFEC_MATRIX_BT709    ? AVCOL_SPC_BT709
                                             : AVCOL_SPC_SMPTE170M;
}

static bool is_gray(enum AVPixelFormat pix_fmt)
{
    return !is_rgb(pix_fmt) && av_pix_fmt_desc_get(pix_fmt)->nb_components <= 2;
}

static struct plan make_plan(struct convert *c, const AVFrame *from)
{
    struct rifec_color color = color_of(from);
    bool to_rgb = is_rgb(c->pix_fmt), from_rgb = is_rgb(from->format);
    bool full_by_name = color_plain(c->pix_fmt) != c->pix_fmt; /* yuvj420p */
    struct plan p = { .matrix = color.matrix,
                      .from_full = from_rgb || color.range == RIFEC_RANGE_FULL,
                      .siting = (enum AVChromaLocation)color.chroma_loc };
    c->colorspace = from->colorspace;
    c->range = from->color_range;
    p.to_full = p.from_full;
    if (from_rgb && !to_rgb) {
        p.matrix = matrix_for_rgb(from, color.matrix);
        c->colorspace = tag_of(p.matrix);
        p.to_full = full_by_name;
        c->range = p.to_full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    } else if (to_rgb) {
        c->colorspace = AVCOL_SPC_RGB;
        c->range = AVCOL_RANGE_JPEG;
        p.to_full = true;
    } else if (full_by_name) {
        c->range = AVCOL_RANGE_JPEG;
        p.to_full = true;
    } else if (is_gray(from->format) && !is_gray(c->pix_fmt) && p.from_full) {
        c->range = AVCOL_RANGE_MPEG; /* like the coloured pictures of the same sequence */
        p.to_full = false;
    }
    return p;
}

/* By default swscale puts chroma in the middle, but players put it at the left. Positions
 * are from the first luma sample, 256 to the next. */
static int set_siting(struct SwsContext *sws, const char *side, enum AVPixelFormat f,
                      enum AVChromaLocation siting)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f);
    int middle_x = 128 * ((1 << d->log2_chroma_w) - 1);
    int middle_y = 128 * ((1 << d->log2_chroma_h) - 1);
    bool left = siting == AVCHROMA_LOC_LEFT || siting == AVCHROMA_LOC_TOPLEFT ||
                siting == AVCHROMA_LOC_BOTTOMLEFT;
    bool top = siting == AVCHROMA_LOC_TOPLEFT || siting == AVCHROMA_LOC_TOP;
    bool bottom = siting == AVCHROMA_LOC_BOTTOMLEFT || siting == AVCHROMA_LOC_BOTTOM;
    char name[24];
    int e = 0;
    snprintf(name, sizeof name, "%s_h_chr_pos", side);
    if (d->log2_chroma_w)
        e = av_opt_set_int(sws, name, left ? 0 : middle_x, 0);
    snprintf(name, sizeof name, "%s_v_chr_pos", side);
    if (e >= 0 && d->log2_chroma_h)
        e = av_opt_set_int(sws, name,
                           top                               ? 0
                           : bottom && d->log2_chroma_h == 1 ? 256
                                                             : middle_y,
                           0);
    return e;
}

static int set_size(struct SwsContext *sws, const char *side, const AVFrame *from,
                    enum AVPixelFormat f)
{
    char name[16];
    snprintf(name, sizeof name, "%sw", side);
    int e = av_opt_set_int(sws, name, from->width, 0);
    snprintf(name, sizeof name, "%sh", side);
    if (e >= 0)
        e = av_opt_set_int(sws, name, from->height, 0);
    snprintf(name, sizeof name, "%s_format", side);
    return e < 0 ? e : av_opt_set_int(sws, name, f, 0);
}

/* An FFmpeg code. */
static int open_sws(struct convert *c, const AVFrame *from, const struct plan *p)
{
    struct SwsContext *s = c->sws = sws_alloc_context();
    /* swscale's numbers for matrices are those of H.273, as ours are. */
    const int *k = sws_getCoefficients((int)p->matrix);
    int e = s ? set_size(s, "src", from, from->format) : AVERROR(ENOMEM);
    if (e >= 0)
        e = set_size(s, "dst", from, c->pix_fmt);
    if (e >= 0)
        e = av_opt_set_int(s, "sws_flags",
                           SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT |
                               SWS_FULL_CHR_H_INP | SWS_BITEXACT,
                           0);
    if (e >= 0)
        e = set_siting(s, "src", from->format, p->siting);
    if (e >= 0)
        e = set_siting(s, "dst", c->pix_fmt, p->siting);
    if (e >= 0)
        e = av_opt_set_int(s, "src_range", p->from_full, 0);
    if (e >= 0)
        e = av_opt_set_int(s, "dst_range", p->to_full, 0);
    if (e >= 0)
        e = sws_init_context(s, NULL, NULL);
    if (e >= 0)
        sws_setColorspaceDetails(s, k, p->from_full, k, p->to_full, 0, 1 << 16, 1 << 16);
    return e;
}

int convert_open(struct convert **out, const AVFrame *from, enum AVPixelFormat pix_fmt)
{
    *out = NULL;
    struct convert *c = calloc(1, sizeof *c);
    if (!c)
        return mem_fail("a pixel format converter");
    c->pix_fmt = pix_fmt;
    struct plan plan = make_plan(c, from);
    *out = c;
    if (is_by_hand(from->format, pix_fmt))
        return 0;
    int e = open_sws(c, from, &plan);
    if (e >= 0)
        return 0;
    convert_close(out);
    return av_fail(RIFEC_ERR_CODEC, e, "cannot convert %s to %s",
                   av_get_pix_fmt_name(from->format), av_get_pix_fmt_name(pix_fmt));
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
