/*
 * Output frames in order while some are still being made: originals pass through,
 * in-betweens are taken from the engine in their turn.
 */
#ifndef RIFEC_PIPELINE_OUTBOX_H
#define RIFEC_PIPELINE_OUTBOX_H

#include "rifec/rifec.h"

#define OUTBOX_CAPACITY 64

struct outbox {
    struct rifec *engine;
    int in_flight; /* in-betweens that may be outstanding */
    struct {
        struct rifec_frame *frame; /* NULL: outstanding in the engine */
        int64_t pts, duration;
    } slots[OUTBOX_CAPACITY];
    int head, length, outstanding;
};

/* Appends a finished frame and takes it. First call outbox_pop() until it returns no
 * frame. */
void outbox_add(struct outbox *b, struct rifec_frame *frame);

/* Appends the in-between that rifec_interp() has just started. */
void outbox_expect(struct outbox *b, int64_t pts, int64_t duration);

/*
 * *out is the oldest frame if it is finished, or if more than `keep` in-betweens are
 * outstanding (then it waits), otherwise NULL.
 */
int outbox_pop(struct outbox *b, int keep, struct rifec_frame **out);

/* Frees all frames that are left. */
void outbox_clear(struct outbox *b);

#endif
