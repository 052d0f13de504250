/*
 * Repairs missing and non-increasing timestamps of frames before any stage sees them. A
 * frame without a timestamp is placed one gap after the previous frame. One that steps
 * back waits until the next good timestamp is known, and is then placed one gap after the
 * previous frame if that leaves room, or evenly between its neighbours. One that is far
 * ahead waits for a few others, which distinguish a pause from a stray timestamp.
 */
#ifndef RIFEC_PIPELINE_RISING_H
#define RIFEC_PIPELINE_RISING_H

#include <stdbool.h>
#include <stdint.h>

#include "rifec/frame.h"

#define RISING_WAITING_MAX 4 /* frames that wait for a good time, at most */

/* Set the first three; the rest starts as zero. */
struct rising {
    int64_t start; /* the time of a first frame that has none               */
    int64_t gap;   /* ticks between frames: the expected one, then the last */
    int64_t far;   /* a longer gap may be an error */

    struct rifec_frame *frames[2 * RISING_WAITING_MAX]; /* in order; owned */
    int count, ready;                                   /* the first have good times */
    bool begun;
    int64_t last; /* the newest good time */
    int64_t repaired;
};

/* Takes the frame. Take out all that rising_take() has first. */
void rising_put(struct rising *r, struct rifec_frame *frame);

/* No more frames will come, so none has to wait. */
void rising_end(struct rising *r);

/* The next frame with a good time, or NULL. The caller's to free. */
struct rifec_frame *rising_take(struct rising *r);

void rising_close(struct rising *r);

#endif
