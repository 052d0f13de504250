/* The integer arithmetic of output times. */
#include "pipeline/timeline.h"

#include <assert.h>
#include <limits.h>

#include "base/log.h"
#include "rifec/error.h"

/* An output time within half an input tick of a source frame snaps to it. If a frame
 * lasts fewer ticks than this, half a tick would be too much of it: YUV4MPEG and AVI
 * count in whole frames. */
#define SNAP_STEP 4

static bool small(struct rational r)
{
    return r.num <= INT_MAX && r.den <= INT_MAX;
}

/* Finds the largest unit of which a and b are whole multiples. Returns false if its
 * numbers become too large. */
static bool common_unit(struct rational a, struct rational b, struct rational *out)
{
    a = rational_reduce(a);
    b = rational_reduce(b);
    int64_t most_a = a.num > a.den ? a.num : a.den,
            most_b = b.num > b.den ? b.num : b.den;
    if (most_a > INT64_MAX / most_b)
        return false;
    *out = rational_reduce(
        (struct rational){ gcd64(a.num * b.den, b.num * a.den), a.den * b.den });
    return small(*out);
}

static int64_t quotient(struct rational a, struct rational b)
{
    return a.num * b.den / (a.den * b.num);
}

static bool by_rate(const struct timeline *tl)
{
    return tl->p.rate.num > 0;
}

static bool has_grid(const struct timeline *tl)
{
    return tl->p.grid.num > 0;
}

/* The output counts in 1/N of the source's ticks. */
static bool open_factor(struct timeline *tl, struct rational tb, struct rational *unit)
{
    tl->tick = tl->p.factor.num;
    tl->per_out = 1;
    tl->out = rational_reduce((struct rational){ tb.num, tb.den * tl->tick });
    *unit = tl->out;
    return small(tl->out);
}

/* The output counts in its own periods, or in the largest unit that divides both the
 * period and the stream's start. */
static bool open_rate(struct timeline *tl, struct rational tb, struct rational *unit)
{
    const struct rational period = { tl->p.rate.den, tl->p.rate.num };
    int64_t start = tl->p.first_pts < 0 ? -tl->p.first_pts : tl->p.first_pts;
    if (start > INT64_MAX / tb.num || !common_unit(tb, period, unit))
        return false;
    const struct rational offset = { start * tb.num, tb.den };
    if (!common_unit(offset, period, &tl->out))
        return false;
    tl->tick = quotient(tb, *unit);
    tl->step = quotient(period, *unit);
    tl->per_out = quotient(tl->out, *unit);
    tl->snap = tl->tick;
    if (tl->p.expected_step < SNAP_STEP)
        tl->snap = tl->tick * tl->p.expected_step / SNAP_STEP;
    return true;
}

/* The output counts in ticks of the grid. */
static bool open_grid(struct timeline *tl, struct rational unit)
{
    const struct rational grid = rational_reduce(tl->p.grid);
    tl->to_grid = rational_multiply(unit, (struct rational){ grid.den, grid.num });
    tl->out = grid;
    return small(tl->to_grid) && small(grid);
}

int timeline_open(struct timeline *tl, const struct timeline_params *p)
{
    struct rational unit;
    *tl = (struct timeline){ .p = *p, .last_gap = p->expected_step };
    if (by_rate(tl))
        tl->p.factor = (struct rational){ 1, 1 };
    const struct rational tb = rational_reduce(p->time_base);
    bool fits = by_rate(tl) ? open_rate(tl, tb, &unit) : open_factor(tl, tb, &unit);
    if (fits && has_grid(tl))
        fits = open_grid(tl, unit);
    if (!fits) {
        log_error("the input's time base %lld/%lld is too fine for this factor or rate",
                  (long long)tb.num, (long long)tb.den);
        return RIFEC_ERR_USAGE;
    }
    return 0;
}

int timeline_push(struct timeline *tl, int64_t pts, int64_t duration)
{
    if (tl->frames == 0)
        pts = tl->p.first_pts;
    /* Leave room, because units are multiplied by the factor once more. */
    int64_t limit = INT64_MAX / 8 / tl->tick / tl->p.factor.num;
    if (has_grid(tl))
        limit /= tl->to_grid.num / tl->to_grid.den + 1;
    if (pts > limit || pts < -limit) {
        log_error("timestamp %lld is out of range", (long long)pts);
        return RIFEC_ERR_INPUT;
    }
    assert(tl->frames == 0 || pts > tl->pts);
    if (tl->frames > 0)
        tl->gap = tl->last_gap = pts - tl->pts;
    tl->pts = pts;
    tl->duration = duration > 0 && duration <= limit ? duration : 0;
    tl->frames++;
    return 0;
}

/* Converts a time in units to the nearest tick of the grid. The first frame is on a
 * tick. */
static int64_t on_grid(const struct timeline *tl, int64_t time)
{
    const struct rational r = tl->to_grid;
    const int64_t since = time - tl->p.first_pts * tl->tick;
    const int64_t whole = since / r.den, rest = since % r.den;
    return whole * r.num + (rest * r.num + r.den / 2) / r.den;
}

/* An output frame ends with the video at the latest, but it always lasts as long as
 * players need to show it, even if the source's frames are shorter. */
static int64_t end_on_grid(const struct timeline *tl, int64_t end)
{
    const int64_t film_end = on_grid(tl, tl->pts * tl->tick);
    const int64_t least = tl->newest + tl->p.grid_least;
    if (tl->ended && end > film_end)
        end = film_end;
    return end > least ? end : least;
}

void timeline_end(struct timeline *tl)
{
    /* Some containers give one tick if they do not know the duration. */
    bool known = tl->duration > 0 && tl->duration > tl->last_gap / 8;
    tl->gap = known ? tl->duration : tl->last_gap;
    /* From here on the "newest" frame is the end of the last one. */
    tl->pts += tl->gap;
    tl->frames++;
    tl->ended = true;
    if (has_grid(tl) && tl->next)
        tl->end = end_on_grid(tl, tl->end);
}

static bool next_by_factor(struct timeline *tl, struct instant *out)
{
    const int64_t n = tl->p.factor.num, d = tl->p.factor.den;
    /* The gap is between source frames i and i + 1. */
    const int64_t i = tl->frames - 2;
    const int64_t phase = tl->next * d - i * n; /* of n, within the gap */
    if (phase >= n || (tl->ended && tl->p.tail == TAIL_DROP && phase > 0))
        return false;
    /* The step to the next output frame, or the rest of the stream. */
    const int64_t step = tl->ended && phase + d > n ? n - phase : d;
    *out = (struct instant){
        .pts = (tl->pts - tl->gap) * n + tl->gap * phase,
        .duration = tl->gap * step,
        .t = { phase, n },
        .time = (tl->pts - tl->gap) * n + tl->gap * phase,
    };
    return true;
}

static bool next_by_rate(struct timeline *tl, struct instant *out)
{
    const int64_t at = tl->p.first_pts * tl->tick + tl->next * tl->step;
    const int64_t end = tl->pts * tl->tick, length = tl->gap * tl->tick;
    int64_t into = at - (end - length);
    if (2 * (end - at) <= tl->snap)
        return false;
    if (2 * into <= tl->snap)
        into = 0;
    else if (tl->ended && tl->p.tail == TAIL_DROP)
        return false;
    *out = (struct instant){
        .pts = at / tl->per_out,
        .duration = tl->step / tl->per_out,
        .t = { into, length },
        .time = at,
    };
    return true;
}

/* Puts an output frame on the grid. Returns false if it is too close to the frame before
 * it, or to the end of the video, or, if it was interpolated by factor, to the source
 * frame at the end of its gap. */
static bool place_on_grid(struct timeline *tl, struct instant *out)
{
    const int64_t least = tl->p.grid_least, gap_end = on_grid(tl, tl->pts * tl->tick);
    const int64_t at = on_grid(tl, out->time);
    const bool ends = tl->ended || (!by_rate(tl) && out->t.num);
    const bool placed =
        !tl->next || (at - tl->newest >= least && (!ends || gap_end - at >= least));
    if (placed)
        tl->newest = out->pts = at;
    tl->end = end_on_grid(tl, on_grid(tl, out->time + out->duration * tl->per_out));
    out->duration = tl->end - at;
    return placed;
}

static bool next_exact(struct timeline *tl, struct instant *out)
{
    return by_rate(tl) ? next_by_rate(tl, out) : next_by_factor(tl, out);
}

bool timeline_next(struct timeline *tl, struct instant *out)
{
    while (tl->frames >= 2 && next_exact(tl, out)) {
        tl->end = out->pts + out->duration;
        bool placed = !has_grid(tl) || place_on_grid(tl, out);
        tl->next++;
        if (placed)
            return true;
        tl->left_out++;
    }
    return false;
}

int64_t timeline_given(const struct timeline *tl)
{
    return tl->next - tl->left_out;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return a > 0 ? (a - 1) / b + 1 : 0;
}

/* The number of output frames so far, with those that the grid leaves out. */
static int64_t count_exact(const struct timeline *tl)
{
    const int64_t n = tl->p.factor.num, d = tl->p.factor.den, sources = tl->frames - 1;
    const bool drop = tl->p.tail == TAIL_DROP;
    if (sources < 1)
        return 0;
    if (!by_rate(tl))
        return drop ? (sources - 1) * n / d + 1 : ceil_div(sources * n, d);
    int64_t span = tl->pts - tl->p.first_pts - (drop ? tl->gap : 0);
    if (drop) /* up to the snap after the last frame */
        return (2 * span * tl->tick + tl->snap) / (2 * tl->step) + 1;
    return ceil_div(2 * span * tl->tick - tl->snap, 2 * tl->step);
}

int64_t timeline_total(const struct timeline *tl)
{
    return count_exact(tl) - tl->left_out;
}

int64_t timeline_estimate(const struct timeline *tl, int64_t n, double seconds)
{
    if (by_rate(tl))
        return (int64_t)(seconds * rational_to_double(tl->p.rate) + 0.5);
    return ceil_div(n * tl->p.factor.num, tl->p.factor.den);
}
