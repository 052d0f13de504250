/*
 * The second stage's work: source frames in, output frames out, in order. It asks the
 * timeline for times, compares neighbouring frames, asks the engine for in-betweens where
 * there is motion, and passes originals on untouched.
 */
#ifndef RIFEC_PIPELINE_INBETWEEN_H
#define RIFEC_PIPELINE_INBETWEEN_H

#include "base/queue.h"
#include "pipeline/item.h"
#include "pipeline/outbox.h"
#include "pipeline/scene.h"
#include "pipeline/timeline.h"

enum scene_mode { SCENE_AUTO = 0, SCENE_OFF };

/* The frames between the last frame of a scene and the first of the next. */
enum on_cut {
    ON_CUT_DUP = 0, /* the earlier frame stays               */
    ON_CUT_BLEND,   /* one is mixed into the other           */
    ON_CUT_SPLIT,   /* half the time the earlier, then the later */
};

/* The frames between a frame and its repetition. The duration never changes. */
enum dedup {
    DEDUP_HOLD = 0, /* equal frames: repeats the frame, without the network */
    DEDUP_OFF,      /* always interpolate */
    DEDUP_SMOOTH,   /* almost equal frames: the motion continues through them */
};

#define DEDUP_RUN 2 /* repetitions in animation on threes */

struct content_options {
    enum scene_mode scene;
    double scene_threshold; /* 0: SCENE_THRESHOLD                                 */
    const char
        *scene_list; /* file with the times of cuts, instead of looking; NULL: none */
    enum on_cut on_cut;
    enum dedup dedup;
    int dedup_run; /* repetitions to bridge with DEDUP_SMOOTH; 0: DEDUP_RUN */
};

struct inbetween_params {
    struct rifec *engine;
    struct timeline timeline; /* opened; copied                                      */
    struct queue *out;        /* of struct item                                      */
    int64_t limit;            /* output frames to make at most; 0: all               */
    int64_t frames_reused;    /* the first output frames, which an earlier run made  */
    int64_t from_us; /* how far times were moved: cuts are logged in the input's */
    struct content_options content;
    struct scene_list cuts;    /* of content.scene_list, read; taken */
    bool no_frame_cache;       /* for benchmarking: nothing stays in the engine       */
    bool (*interrupted)(void); /* then the output ends early, see inbetween_item()   */
};

/* Belongs to one thread at a time. The counters may be read when it has ended. */
struct inbetween {
    struct inbetween_params p;
    struct timeline timeline;
    struct outbox outbox;
    struct rifec_frame *previous; /* the newest distinct source frame       */
    struct rifec_frame *first;    /* kept when the tail loops to it         */
    struct rifec_frame *pair[2];  /* no_frame_cache: what the engine would hold */
    uint16_t thumbs[2][RIFEC_THUMB_WIDTH * RIFEC_THUMB_HEIGHT];
    int newest_thumb;        /* of `previous`                          */
    struct instant *waiting; /* output frames of gaps not yet bridged  */
    int waiting_count, waiting_room;
    int run;              /* repetitions since then */
    int64_t bridge_begin; /* time of the frame before them, units */

    int64_t filled;     /* output frames, reused ones included */
    int64_t sources;    /* frames seen                            */
    int64_t given;      /* frames the engine was given; the newest is number given - 1 */
    int64_t duplicates; /* source frames that repeat the one before */
    int64_t cuts;
    double *cut_s;                        /* [cuts] seconds                         */
    int64_t originals, synthesized, held; /* output frames, by kind         */
    int64_t begin, end;                   /* of the output, in its time base */
    double busy_s;                        /* in the engine                  */
};

/* Takes p->cuts. */
void inbetween_open(struct inbetween *b, const struct inbetween_params *p);

/* The next item of the source; takes it, always. Packets and the end are passed on.
 * Frames that were decoded ahead are dropped after an interrupt, but for the first:
 * an output has at least that one. */
int inbetween_item(struct inbetween *b, struct item *it);

/* A source frame; takes it, always. */
int inbetween_frame(struct inbetween *b, struct rifec_frame *frame);

/* After the last frame: makes the tail, and outputs all outstanding frames. */
int inbetween_end(struct inbetween *b);

/* True when the limit is reached: no more frames are wanted. */
bool inbetween_done(const struct inbetween *b);

/* The planned number of output frames, after the end. */
int64_t inbetween_planned(const struct inbetween *b);

/* Frees all but cut_s, which a report takes. Accepts one that is all zero. */
void inbetween_close(struct inbetween *b);

#endif
