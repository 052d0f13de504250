/* The integer arithmetic of output times. */
#include "pipeline/timeline.h"

#include "base/log.h"
#include "rifec/error.h"

void timeline_open(struct timeline *tl, struct rational factor, int64_t expected_step)
{
    *tl = (struct timeline){ .factor = factor, .step = expected_step };
}

int timeline_push(struct timeline *tl, int64_t pts, int64_t duration, int64_t *gap)
{
    *gap = 0;
    if (tl->frames > 0) {
        if (pts == TIMELINE_NO_PTS) {
            pts = tl->pts + tl->step;
            tl->repaired++;
        } else if (pts <= tl->pts) {
            pts = tl->pts + 1;
            tl->repaired++;
        }
    } else if (pts == TIMELINE_NO_PTS) {
        pts = 0;
        tl->repaired++;
    }
    /* Output times are products with N: leave room for them. */
    int64_t limit = INT64_MAX / 4 / tl->factor.num;
    if (pts > limit || pts < -limit) {
        log_error("timestamp %lld is out of range", (long long)pts);
        return RIFEC_ERR_INPUT;
    }
    if (tl->frames > 0) {
        *gap = pts - tl->pts;
        tl->step = *gap;
    } else {
        tl->first_pts = pts;
    }
    tl->pts = pts;
    tl->duration = duration > 0 && duration <= limit ? duration : 0;
    tl->frames++;
    return 0;
}

void timeline_end(struct timeline *tl, int64_t *gap)
{
    *gap = tl->duration > 0 ? tl->duration : tl->step;
    /* From here on the "newest" frame is the end of the last one. */
    tl->pts += *gap;
    tl->frames++;
    tl->ended = true;
}

bool timeline_next(struct timeline *tl, int64_t gap, struct instant *out)
{
    const int64_t n = tl->factor.num, d = tl->factor.den;
    /* The gap lies between source frames i and i + 1. */
    const int64_t i = tl->frames - 2;
    if (i < 0)
        return false;
    const int64_t phase = tl->next * d - i * n; /* of n, within the gap */
    if (phase >= n)
        return false;
    /* The step to the next output frame, or what is left of the stream. */
    const int64_t step = tl->ended && phase + d > n ? n - phase : d;
    *out = (struct instant){
        .pts = (tl->pts - gap) * n + gap * phase,
        .duration = gap * step,
        .t = { phase, n },
    };
    tl->next++;
    return true;
}

int64_t timeline_planned(struct rational factor, int64_t n)
{
    return (n * factor.num + factor.den - 1) / factor.den;
}
