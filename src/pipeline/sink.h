/*
 * The third stage's work: output frames to the encoder, its packets and those of
 * copied streams to the muxer, in order. With --resume, packets of frames that an
 * earlier run has encoded come from its segments instead. Used by the sink's thread.
 */
#ifndef RIFEC_PIPELINE_SINK_H
#define RIFEC_PIPELINE_SINK_H

#include "media/out/encode.h"
#include "media/out/mux.h"
#include "pipeline/holdback.h"
#include "pipeline/item.h"
#include "pipeline/progress.h"
#include "pipeline/resume.h"

/* All pointers are borrowed. */
struct sink_params {
    struct mux *mux; /* started                                                     */
    struct encode *encode;
    struct resume *resume; /* or NULL                                               */
    struct progress *progress;
    int video;                 /* the input's stream that reused packets belong to */
    struct rational time_base; /* of output frames                                  */
    struct rational stretch;   /* see holdback.h                                    */
    int64_t expected_us;       /* see holdback.h                                    */
    /* Called after the last frame: returns true if the picture ends early, so that
     * sound and subtitles end with it. */
    bool (*cut_short)(void *opaque);
    void *opaque;
};

/* The counters may be read when the thread has ended. */
struct sink {
    struct sink_params p;
    struct holdback holdback;
    int64_t frames_reused; /* of an earlier run */
    double busy_s;
};

void sink_open(struct sink *s, const struct sink_params *p);

/* Takes the item, always; ITEM_EOF drains the encoder. Errors: those of encode, mux,
 * holdback and resume. */
int sink_item(struct sink *s, struct item *it);

/* Frames in the output, reused ones included. */
int64_t sink_written(const struct sink *s);

/* Frees packets that still wait. Accepts one that is all zero. */
void sink_close(struct sink *s);

#endif
