/*
 * When output frames are shown, and from which pair each is made. Pure integer
 * arithmetic: no clocks, no files, no rounding.
 *
 * Source frames i = 0, 1, 2, ... have times P[i]. At factor N/D, output frame
 * j lies at source position j*D/N: between frames i and i+1, at timestep
 * (j*D - i*N)/N. Its time divides the gap P[i]..P[i+1] in that ratio, so each
 * gap is split evenly whatever its length. In units of 1/N of the input's
 * time base all these times are integers.
 *
 * The last source frame is held for its own duration: its "gap" has the same
 * number of output frames as any other, all of them the frame itself.
 */
#ifndef RIFEC_PIPELINE_TIMELINE_H
#define RIFEC_PIPELINE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rational.h"

#define TIMELINE_NO_PTS INT64_MIN /* the value of AV_NOPTS_VALUE */

struct timeline {
    struct rational factor;
    int64_t frames;        /* source frames seen                              */
    int64_t next;          /* output frames planned: j of the next            */
    int64_t first_pts;     /* of the first source frame                       */
    int64_t pts, duration; /* of the newest source frame, repaired            */
    int64_t step;          /* last known gap, or the expected one: the
                              duration of a frame that does not say           */
    bool ended;            /* the gap is the last frame's own                 */
    int64_t repaired;      /* missing or non-rising times put right           */
};

/* One output frame. */
struct instant {
    int64_t pts, duration; /* in the input's time base / factor.num           */
    struct rational t;     /* 0 <= t < 1; 0: the earlier frame itself         */
};

/* factor >= 1, reduced. expected_step: time base units per source frame, at
 * least 1, for streams that do not give durations. */
void timeline_open(struct timeline *tl, struct rational factor, int64_t expected_step);

/*
 * The next source frame; pts may be TIMELINE_NO_PTS, duration 0 if unknown.
 * *gap receives the length of the gap that this frame closes (none for the
 * first frame). RIFEC_ERR_INPUT when the time cannot be represented.
 */
int timeline_push(struct timeline *tl, int64_t pts, int64_t duration, int64_t *gap);

/* After the last frame: *gap is how long it is held. */
void timeline_end(struct timeline *tl, int64_t *gap);

/*
 * The next output frame within the gap just closed by timeline_push() or
 * timeline_end(); false when there is none left in it.
 */
bool timeline_next(struct timeline *tl, int64_t gap, struct instant *out);

/* Output frames that n source frames give: ceil(n * N / D). */
int64_t timeline_planned(struct rational factor, int64_t n);

#endif
