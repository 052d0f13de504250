/*
 * The second stage's work: source frames in, output frames out, in order. Asks
 * the timeline when, the engine what, and passes originals on untouched.
 */
#ifndef RIFEC_PIPELINE_INBETWEEN_H
#define RIFEC_PIPELINE_INBETWEEN_H

#include "base/queue.h"
#include "pipeline/outbox.h"
#include "pipeline/timeline.h"

/* Set engine, timeline, out and limit; the rest starts as zero. Belongs to one
 * thread at a time. */
struct inbetween {
    struct rifec *engine;
    struct timeline timeline; /* opened                                     */
    struct queue *out;        /* of struct item                             */
    int64_t limit;            /* output frames to make at most; 0: all      */

    struct outbox outbox;
    struct rifec_frame *previous; /* the newest source frame                */
    struct rifec_frame *first;    /* kept when the tail loops to it         */
    int64_t sources;              /* frames seen */
    int64_t given;      /* frames the engine was given; the newest is number given - 1 */
    int64_t duplicates; /* source frames that repeat the one before */
    int64_t originals, synthesized, held; /* output frames, by kind         */
    int64_t begin, end;                   /* of the output, in its time base */
    double busy_s;                        /* in the engine */
};

/* A source frame; takes it, always. */
int inbetween_frame(struct inbetween *b, struct rifec_frame *frame);

/* After the last one: the tail, and what was still in the making. */
int inbetween_end(struct inbetween *b);

/* True when the limit is reached: no more frames are wanted. */
bool inbetween_done(const struct inbetween *b);

/* Output frames there must be, once it has ended. */
int64_t inbetween_planned(const struct inbetween *b);

void inbetween_close(struct inbetween *b);

#endif
