/* Chooses a video by its properties before it is decoded. */
#include "media/in/videos.h"

#include <stdbool.h>

#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <libavutil/parseutils.h>
#include <libavutil/pixdesc.h>

#include "base/log.h"
#include "rifec/error.h"

static bool is_video(const AVStream *st)
{
    return st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
}

/* Covers, and pictures for chapters. */
static bool is_attached(const AVStream *st)
{
    return st->disposition &
           (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS);
}

/* Matroska does not count frames: there it is a picture, of a small part of the film. */
static bool is_still(const AVFormatContext *ctx, const AVStream *st)
{
    const AVCodecDescriptor *d = avcodec_descriptor_get(st->codecpar->codec_id);
    const AVDictionaryEntry *tag = av_dict_get(st->metadata, "DURATION", NULL, 0);
    int64_t us = 0;
    if (st->nb_frames)
        return st->nb_frames == 1;
    if (!d || !d->mime_types || !av_strstart(d->mime_types[0], "image/", NULL))
        return false;
    if (!tag || av_parse_time(&us, tag->value, 1) < 0)
        return true;
    if (st->start_time != AV_NOPTS_VALUE) /* the tag says when it ends */
        us -= av_rescale_q(st->start_time, st->time_base, AV_TIME_BASE_Q);
    return us < ctx->duration / 4;
}

static bool is_gray(const AVStream *st)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(st->codecpar->format);
    return d && d->nb_components < 3 && !(d->flags & AV_PIX_FMT_FLAG_PAL);
}

/* Better qualities first: each outweighs all that follow. */
static bool is_better(const AVFormatContext *ctx, const AVStream *a, const AVStream *b)
{
    const AVCodecParameters *x = a->codecpar, *y = b->codecpar;
    const bool decodes_a = avcodec_find_decoder(x->codec_id) != NULL,
               decodes_b = avcodec_find_decoder(y->codec_id) != NULL;
    const bool still_a = is_still(ctx, a), still_b = is_still(ctx, b);
    if (decodes_a != decodes_b)
        return decodes_a;
    if (still_a != still_b)
        return still_b;
    if (is_gray(a) != is_gray(b))
        return is_gray(b);
    return (int64_t)x->width * x->height > (int64_t)y->width * y->height;
}

static void say_choice(const AVFormatContext *ctx, int chosen, int number, int count,
                       const char *name)
{
    const AVCodecParameters *par = ctx->streams[chosen]->codecpar;
    log_info("%s: has %d videos; v:%d (%s, %dx%d) is interpolated and the rest copied; "
             "choose with --video-stream N",
             name, count, number, avcodec_get_name(par->codec_id), par->width,
             par->height);
}

int videos_choose(const AVFormatContext *ctx, int wanted, const char *name)
{
    int best = -1, best_number = 0, count = 0, moving = 0;
    for (int i = 0; i < (int)ctx->nb_streams; i++) {
        const AVStream *st = ctx->streams[i];
        if (!is_video(st))
            continue;
        const int number = count++;
        moving += !is_attached(st);
        if (wanted >= 0 ? number != wanted : is_attached(st))
            continue;
        if (best < 0 || is_better(ctx, st, ctx->streams[best])) {
            best = i;
            best_number = number;
        }
    }
    if (!moving) {
        log_error("%s: has no video stream", name);
        return RIFEC_ERR_INPUT;
    }
    if (best < 0 || is_attached(ctx->streams[best])) {
        log_error("%s: --video-stream %d is %s; its videos are numbered 0 to %d", name,
                  wanted, best < 0 ? "none of its videos" : "a cover picture", count - 1);
        return RIFEC_ERR_USAGE;
    }
    if (wanted < 0 && moving > 1)
        say_choice(ctx, best, best_number, moving, name);
    return best;
}
