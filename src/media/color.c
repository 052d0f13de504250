/* Pixel formats and colour tags: FFmpeg's into ours. */
#include "media/color.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

typedef const char *name_of_number(int);

/* "unknown, bt709, ..." */
static void list_names(char *text, size_t size, name_of_number *name)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < 32 && used < size; i++) {
        const char *n = name(i);
        if (n && strcmp(n, "reserved"))
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", n);
    }
}

static const char *matrix_name(int n)
{
    return av_color_space_name((enum AVColorSpace)n);
}

static const char *range_name(int n)
{
    return av_color_range_name((enum AVColorRange)n);
}

static const char *primaries_name(int n)
{
    return av_color_primaries_name((enum AVColorPrimaries)n);
}

static const char *transfer_name(int n)
{
    return av_color_transfer_name((enum AVColorTransferCharacteristic)n);
}

/* Read as ffmpeg reads its own options, aliases included. */
static int read_name(AVCodecContext *c, const char *option, const char *key,
                     const char *value, name_of_number *name)
{
    char names[512];
    if (!value || av_opt_set(c, key, value, 0) >= 0)
        return 0;
    list_names(names, sizeof names, name);
    log_error("--%s takes one of %s, not '%s'", option, names, value);
    return RIFEC_ERR_USAGE;
}

int color_read_names(struct color_override *out, const struct color_names *names)
{
    int err = 0;
    AVCodecContext *c = avcodec_alloc_context3(NULL);
    if (!c)
        return mem_fail("a codec context");
    TRY(read_name(c, "colorspace", "colorspace", names->matrix, matrix_name));
    TRY(read_name(c, "range", "color_range", names->range, range_name));
    TRY(read_name(c, "primaries", "color_primaries", names->primaries, primaries_name));
    TRY(read_name(c, "trc", "color_trc", names->transfer, transfer_name));
    out->matrix = names->matrix ? (int)c->colorspace : -1;
    out->range = names->range ? (int)c->color_range : -1;
    out->primaries = names->primaries ? (int)c->color_primaries : -1;
    out->transfer = names->transfer ? (int)c->color_trc : -1;
fail:
    avcodec_free_context(&c);
    return err;
}

void color_override(AVFrame *frame, const struct color_override *tags)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    const bool rgb = d && d->flags & AV_PIX_FMT_FLAG_RGB;
    if (tags->matrix >= 0 && !rgb)
        frame->colorspace = (enum AVColorSpace)tags->matrix;
    if (tags->range >= 0 && !rgb)
        frame->color_range = (enum AVColorRange)tags->range;
    if (tags->primaries >= 0)
        frame->color_primaries = (enum AVColorPrimaries)tags->primaries;
    if (tags->transfer >= 0)
        frame->color_trc = (enum AVColorTransferCharacteristic)tags->transfer;
}

bool color_format(enum AVPixelFormat pix_fmt, struct rifec_format *out)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
    const uint64_t refused = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                             AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER |
                             AV_PIX_FMT_FLAG_FLOAT;
    if (!d || d->flags & refused)
        return false;
    const bool alpha = d->flags & AV_PIX_FMT_FLAG_ALPHA;
    const int colours = d->nb_components - alpha;
    if (colours != 1 && colours != 3)
        return false;
    if (pix_fmt == AV_PIX_FMT_XYZ12LE || pix_fmt == AV_PIX_FMT_XYZ12BE)
        return false;

    struct rifec_format f = {
        .family = colours == 1                     ? RIFEC_FAMILY_GRAY
                  : d->flags & AV_PIX_FMT_FLAG_RGB ? RIFEC_FAMILY_RGB
                                                   : RIFEC_FAMILY_YUV,
        .depth = (uint8_t)d->comp[0].depth,
        .chroma_w_log2 = d->log2_chroma_w,
        .chroma_h_log2 = d->log2_chroma_h,
    };
    if (f.depth < 8 || f.depth > 16)
        return false;
    for (int i = 0; i < d->nb_components; i++) {
        const AVComponentDescriptor *c = &d->comp[i];
        int sample_bytes = c->depth + c->shift > 8 ? 2 : 1;
        if (c->depth != f.depth || c->shift != d->comp[0].shift || c->step < sample_bytes)
            return false;
        f.comp[i < colours ? i : 3] = (struct rifec_component){
            .plane = (uint8_t)c->plane,
            .step = (uint8_t)c->step,
            .offset = (uint8_t)c->offset,
            .shift = (uint8_t)c->shift,
        };
    }
    const bool wide = f.depth + f.comp[0].shift > 8;
    const bool big_endian = d->flags & AV_PIX_FMT_FLAG_BE;
    if (wide && big_endian != AV_HAVE_BIGENDIAN)
        return false;
    *out = f;
    return true;
}

bool color_has_alpha(enum AVPixelFormat pix_fmt)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
    return d && d->flags & AV_PIX_FMT_FLAG_ALPHA;
}

enum AVPixelFormat color_nearest(enum AVPixelFormat pix_fmt)
{
    enum AVPixelFormat best = AV_PIX_FMT_NONE;
    bool alpha = color_has_alpha(pix_fmt);
    const AVPixFmtDescriptor *from = av_pix_fmt_desc_get(pix_fmt);
    if (from && from->flags & AV_PIX_FMT_FLAG_FLOAT && from->flags & AV_PIX_FMT_FLAG_RGB)
        return alpha ? AV_PIX_FMT_GBRAP16 : AV_PIX_FMT_GBRP16;
    if (from && from->flags & AV_PIX_FMT_FLAG_FLOAT && !alpha)
        return AV_PIX_FMT_GRAY16;
    for (const AVPixFmtDescriptor *d = NULL; (d = av_pix_fmt_desc_next(d));) {
        enum AVPixelFormat candidate = av_pix_fmt_desc_get_id(d);
        struct rifec_format unused;
        if (candidate == color_plain(candidate) && color_format(candidate, &unused))
            best = av_find_best_pix_fmt_of_2(best, candidate, pix_fmt, alpha, NULL);
    }
    return best;
}

enum AVPixelFormat color_plain(enum AVPixelFormat pix_fmt)
{
    switch (pix_fmt) {
    case AV_PIX_FMT_YUVJ420P:
        return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
        return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
        return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
        return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
        return AV_PIX_FMT_YUV411P;
    default:
        return pix_fmt;
    }
}

static enum rifec_matrix matrix_of(const AVFrame *frame)
{
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
        return RIFEC_MATRIX_BT709;
    case AVCOL_SPC_FCC:
        return RIFEC_MATRIX_FCC;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return RIFEC_MATRIX_BT601;
    case AVCOL_SPC_SMPTE240M:
        return RIFEC_MATRIX_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
        return RIFEC_MATRIX_BT2020_NCL;
    default:
        return frame->height >= 720 ? RIFEC_MATRIX_BT709 : RIFEC_MATRIX_BT601;
    }
}

struct rifec_color color_of(const AVFrame *frame)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);
    bool rgb = d && d->flags & AV_PIX_FMT_FLAG_RGB;
    struct rifec_color c = { .matrix = matrix_of(frame) };
    if (frame->color_range != AVCOL_RANGE_UNSPECIFIED)
        c.range = frame->color_range == AVCOL_RANGE_JPEG ? RIFEC_RANGE_FULL
                                                         : RIFEC_RANGE_LIMITED;
    else
        c.range = rgb ? RIFEC_RANGE_FULL : RIFEC_RANGE_LIMITED;
    /* FFmpeg numbers the sitings as we do: left, center, topleft, ... */
    c.chroma_loc = frame->chroma_location == AVCHROMA_LOC_UNSPECIFIED
                       ? RIFEC_CHROMA_LEFT
                       : (enum rifec_chroma_loc)frame->chroma_location;
    return c;
}
