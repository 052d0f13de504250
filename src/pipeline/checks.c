/* Compares the frames and spans that were written with those read and planned. */
#include "pipeline/checks.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "rifec/error.h"

/* Containers round times to ticks, of a millisecond in Matroska. */
#define ROUNDING_US 2000
/* Tolerated offset between slowed-down sound and the picture; nobody notices less. */
#define SLOW_LAG_US 10000

/* How much later than the picture a copied stream begins now, against before. */
static int64_t offset_change(const struct checks_subject *s, int64_t video_in,
                             int64_t video_out)
{
    const AVFormatContext *ctx = demux_context(s->demux);
    int64_t largest = 0;
    for (int i = 0; i < (int)ctx->nb_streams; i++) {
        struct stream_span span;
        if (!mux_copies(s->mux, i) || !mux_get_span(s->mux, i, &span) ||
            ctx->streams[i]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
            continue;
        int64_t change = (span.out_start - video_out) - (span.in_start - video_in);
        if (llabs(change) > llabs(largest))
            largest = change;
    }
    return largest;
}

void checks_make(struct checks *c, const struct checks_subject *s)
{
    *c = (struct checks){
        .frames_planned = s->frames_planned,
        .frames_written = s->frames_written,
        .frames_ok = s->frames_written == s->frames_planned,
        .left_out = mux_left_out(s->mux),
    };
    const struct timeline *tl = s->timeline;
    const double tick_us = 1e6 * rational_to_double(tl->p.time_base);
    const double stretch = rational_to_double(s->stretch);
    struct stream_span video;
    c->duration_ok = c->av_offset_ok = true;
    if (!mux_get_span(s->mux, demux_video(s->demux)->index, &video))
        return;
    double length_us = (double)(tl->pts - tl->p.first_pts) * tick_us * stretch;
    double wanted_us = s->limited ? 1e6 * s->made_s : length_us;
    double frame_us = (double)(tl->gap > tl->last_gap ? tl->gap : tl->last_gap) * tick_us;
    if (tl->p.rate.num > 0) { /* the last one may reach over the end */
        double period_us = 1e6 * (double)tl->p.rate.den / (double)tl->p.rate.num;
        frame_us = period_us > frame_us ? period_us : frame_us;
    }
    c->duration_delta_us =
        (int64_t)((double)(video.out_end - video.out_start) - wanted_us);
    c->duration_ok =
        fabs((double)c->duration_delta_us) <= frame_us * stretch + ROUNDING_US;
    if (s->stretch.num != s->stretch.den) { /* then the sound is drawn out, too */
        c->av_offset_us = mux_sound_lag_us(s->mux);
        c->av_offset_ok = llabs(c->av_offset_us) <= SLOW_LAG_US;
        return;
    }
    c->av_offset_us =
        offset_change(s, (int64_t)((double)tl->p.first_pts * tick_us), video.out_start);
    c->av_offset_ok = fabs((double)c->av_offset_us) <= frame_us / 2 + ROUNDING_US;
}

int checks_judge(const struct checks *c, const char *path, bool strict)
{
    if (!c->frames_ok) {
        log_error("%s: %lld frames were planned but %lld written", path,
                  (long long)c->frames_planned, (long long)c->frames_written);
        return RIFEC_ERR_VERIFY;
    }
    enum rifec_log_level level = strict ? RIFEC_LOG_ERROR : RIFEC_LOG_WARNING;
    if (!c->duration_ok)
        log_line(level, "%s: the video lasts %.3f s %s than the input's", path,
                 1e-6 * (double)llabs(c->duration_delta_us),
                 c->duration_delta_us > 0 ? "longer" : "less");
    if (!c->av_offset_ok)
        log_line(level, "%s: the sound begins %.3f s %s than it did", path,
                 1e-6 * (double)llabs(c->av_offset_us),
                 c->av_offset_us > 0 ? "later" : "earlier");
    if (c->left_out && strict)
        log_error("%s: %d of the input's streams %s missing: the container cannot "
                  "hold %s",
                  path, c->left_out, c->left_out == 1 ? "is" : "are",
                  c->left_out == 1 ? "it" : "them");
    bool ok = c->duration_ok && c->av_offset_ok && !c->left_out;
    return strict && !ok ? RIFEC_ERR_VERIFY : 0;
}
