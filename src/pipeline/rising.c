/* Makes times rise. */
#include "pipeline/rising.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/timeline.h"

/* Sums of such times do not overflow; no video lasts that long. */
#define TIME_MAX (INT64_MAX / 8)

/* Gives this time to the next frame that waits. */
static void settle(struct rising *r, int64_t pts)
{
    struct rifec_frame *f = r->frames[r->ready++];
    /* A first frame without a time has to begin somewhere: nothing to repair. */
    if (f->pts != pts && (r->begun || f->pts != TIMELINE_NO_PTS))
        r->repaired++;
    if (r->begun)
        r->gap = pts - r->last;
    f->pts = r->last = pts;
    r->begun = true;
}

static int waiting(const struct rising *r)
{
    return r->count - r->ready;
}

static int64_t given(const struct rising *r, int i)
{
    return r->frames[r->ready + i]->pts;
}

/* True if it is later than the newest good time by at least `least`, but not by too
 * much. */
static bool is_near(const struct rising *r, int64_t pts, int64_t least)
{
    return pts != TIMELINE_NO_PTS && pts - r->last >= least && pts - r->last <= r->far;
}

/* The first frame that waits has a good time. */
static bool is_good(const struct rising *r)
{
    return is_near(r, given(r, 0), r->begun ? 1 : -TIME_MAX);
}

/* Places the n frames before one with a good time. */
static void place(struct rising *r, int64_t n)
{
    const int64_t gap = r->gap, from = r->last, room = given(r, (int)n) - from;
    for (int64_t i = 1; i <= n; i++)
        settle(r, from + (gap * (n + 1) <= room ? gap * i : room * i / (n + 1)));
    settle(r, given(r, 0));
}

/* The frames before a good time are the wrong ones. */
static bool place_before_good(struct rising *r)
{
    for (int i = 1; i < waiting(r); i++)
        if (is_near(r, given(r, i), i + 1)) {
            place(r, i);
            return true;
        }
    return false;
}

/* The first frames have no time: they come before the first that has one. */
static bool begin_before_known(struct rising *r)
{
    for (int i = 1; !r->begun && given(r, 0) == TIMELINE_NO_PTS && i < waiting(r); i++)
        if (given(r, i) != TIMELINE_NO_PTS) {
            r->last = given(r, i) - r->gap * (i + 1);
            return true;
        }
    return r->begun || given(r, 0) != TIMELINE_NO_PTS;
}

/* Gives a good time to as many waiting frames as possible now. */
static void decide(struct rising *r, int may_wait)
{
    while (waiting(r) > 0) {
        const int64_t pts = given(r, 0);
        if (!begin_before_known(r) && waiting(r) <= may_wait)
            return;
        if (is_good(r))
            settle(r, pts);
        else if (pts == TIMELINE_NO_PTS)
            settle(r, r->last + r->gap);
        else if (place_before_good(r))
            continue;
        else if (waiting(r) <= may_wait)
            return;
        else if (pts > r->last) /* a pause, not a stray time */
            settle(r, pts);
        else
            settle(r, r->last + r->gap);
    }
}

void rising_put(struct rising *r, struct rifec_frame *f)
{
    const bool absurd = f->pts != TIMELINE_NO_PTS && llabs(f->pts) > TIME_MAX;
    assert(waiting(r) <= RISING_WAITING_MAX && r->ready == 0);
    if (!r->begun && !r->count)
        r->last = r->start - r->gap;
    if (absurd)
        decide(r, 0);
    r->frames[r->count++] = f;
    if (absurd) /* for others to refuse */
        r->ready++;
    else
        decide(r, RISING_WAITING_MAX);
}

void rising_end(struct rising *r)
{
    decide(r, 0);
}

struct rifec_frame *rising_take(struct rising *r)
{
    if (!r->ready)
        return NULL;
    struct rifec_frame *f = r->frames[0];
    r->ready--;
    r->count--;
    memmove(r->frames, r->frames + 1, (size_t)r->count * sizeof(struct rifec_frame *));
    return f;
}

void rising_close(struct rising *r)
{
    for (int i = 0; i < r->count; i++)
        rifec_frame_free(&r->frames[i]);
    r->count = r->ready = 0;
}
