/*
 * When output frames are shown, and from which pair each is made. Pure integer
 * arithmetic: no clocks, no files, no rounding.
 *
 * Source frames i = 0, 1, 2, ... have times P[i].
 *
 * By factor N/D, output frame j lies at source position j*D/N: between frames
 * i and i+1, at timestep (j*D - i*N)/N. Its time divides the gap P[i]..P[i+1]
 * in that ratio, so each gap is split evenly whatever its length: a variable
 * frame rate stays one.
 *
 * By rate R, output frame j is shown at P[0] + j/R, whatever the gaps: a
 * constant frame rate, up or down, sampled from the true timeline. An instant
 * within half a tick of a source frame's time is that frame: the container
 * rounded the time to its tick. Never more than an eighth of a frame, though.
 *
 * The last source frame is held for its own duration. Both ways count in a unit
 * of time in which all these times are integers.
 *
 * A container with a coarse clock (GIF) has a grid: output times are rounded to its
 * nearest tick, counted from the first frame. An output frame that would come sooner than
 * `grid_least` ticks after the one before, or before the end, is left out.
 */
#ifndef RIFEC_PIPELINE_TIMELINE_H
#define RIFEC_PIPELINE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rational.h"

#define TIMELINE_NO_PTS INT64_MIN /* the value of AV_NOPTS_VALUE */

/* How the output continues after the last source frame. */
enum timeline_tail {
    TAIL_HOLD = 0, /* the frame, for its own duration                    */
    TAIL_DROP,     /* nothing: it is shown once                          */
    TAIL_LOOP,     /* in-betweens of it and the first frame, for a loop  */
};

struct timeline_params {
    struct rational time_base; /* of the source's times, seconds                     */
    struct rational factor;    /* output frames per source frame, >= 1; or           */
    struct rational rate;      /* output frames per second; num 0: by factor         */
    enum timeline_tail tail;
    struct rational grid;  /* the tick of the output's clock, seconds; num 0: none   */
    int64_t grid_least;    /* ticks that an output frame must last                   */
    int64_t first_pts;     /* of the first source frame                              */
    int64_t expected_step; /* ticks per source frame, while no gap is known            */
};

struct timeline {
    struct timeline_params p;
    struct rational out;     /* the output's time base, seconds                      */
    int64_t per_out;         /* units in it; a unit divides every time there is      */
    int64_t tick;            /* of the source, units                                 */
    int64_t step;            /* between output frames by rate, units                 */
    int64_t snap;            /* twice how far from a source frame is still at it     */
    int64_t frames;          /* source frames seen                                   */
    int64_t next;            /* j of the next output frame                           */
    int64_t left_out;        /* of those before it, too close together for the grid  */
    struct rational to_grid; /* ticks of the grid in a unit                        */
    int64_t newest;          /* the newest output frame's time, ticks of the grid    */
    int64_t end;             /* of the newest, left out or not: in `out`             */
    int64_t pts, duration;   /* of the newest source frame, ticks                    */
    int64_t gap;             /* ticks between the two newest frames                  */
    int64_t last_gap;        /* the last known one, or the expected                  */
    bool ended;              /* the gap is the last frame's own                      */
};

/* An output frame. */
struct instant {
    int64_t pts, duration; /* in the output's time base                            */
    struct rational t;     /* 0 <= t < 1; 0: the earlier frame itself */
    int64_t time;          /* units, for those who join gaps */
};

/* RIFEC_ERR_USAGE when no unit fits: a time base too fine for the factor or
 * rate. */
int timeline_open(struct timeline *tl, const struct timeline_params *p);

/*
 * The next source frame, later than the one before: closes the gap between them.
 * duration is 0 if unknown. RIFEC_ERR_INPUT when the time cannot be represented.
 */
int timeline_push(struct timeline *tl, int64_t pts, int64_t duration);

/* After the last frame: the gap is its own duration, until timeline_next() has
 * given what the tail asks for. */
void timeline_end(struct timeline *tl);

/* Returns the next output frame within the gap just closed; false if there is none. */
bool timeline_next(struct timeline *tl, struct instant *out);

/* Output frames that timeline_next() has given. */
int64_t timeline_given(const struct timeline *tl);

/* After timeline_end(): the total number of output frames, from the definition. */
int64_t timeline_total(const struct timeline *tl);

/* The expected number of output frames for n source frames that last `seconds`. */
int64_t timeline_estimate(const struct timeline *tl, int64_t n, double seconds);

#endif
