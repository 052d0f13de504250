/* Three rules about what players support. */
#include "media/out/plays.h"

#include <stdio.h>

#include <libavutil/pixdesc.h>

#include "media/out/container.h"

bool plays_matters(const AVOutputFormat *f)
{
    return container_is(f, "mp4|mov|ipod|f4v|3gp|3g2|psp|ismv");
}

static bool is_pq(const AVFrame *tags)
{
    return tags->color_trc == AVCOL_TRC_SMPTE2084;
}

static bool is_hlg(const AVFrame *tags)
{
    return tags->color_trc == AVCOL_TRC_ARIB_STD_B67;
}

static int depth_of(enum AVPixelFormat pix_fmt)
{
    return av_pix_fmt_desc_get(pix_fmt)->comp[0].depth;
}

const char *plays_why_not_h264(enum AVPixelFormat pix_fmt, const AVFrame *tags,
                               char *text, size_t size)
{
    int depth = depth_of(pix_fmt);
    if (is_pq(tags) || is_hlg(tags))
        snprintf(text, size, "%s (HDR)", is_pq(tags) ? "PQ" : "HLG");
    else if (depth > 8)
        snprintf(text, size, "%d-bit video", depth);
    else
        return NULL;
    return text;
}

enum AVPixelFormat plays_pix_fmt(enum AVPixelFormat pix_fmt, const AVFrame *tags)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
    char unused[32];
    if (!(d->flags & AV_PIX_FMT_FLAG_RGB) && d->nb_components > 2)
        return AV_PIX_FMT_NONE;
    return plays_why_not_h264(pix_fmt, tags, unused, sizeof unused) ? AV_PIX_FMT_YUV420P10
                                                                    : AV_PIX_FMT_YUV420P;
}
