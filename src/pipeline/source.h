/*
 * The first stage's work: demux and decode, one item at a time, in file
 * order; the end is an item too. Leaves out what lies outside the wanted part
 * of the file and moves the rest so that this part begins where the file did.
 */
#ifndef RIFEC_PIPELINE_SOURCE_H
#define RIFEC_PIPELINE_SOURCE_H

#include "media/in/decode.h"
#include "media/in/demux.h"
#include "media/out/mux.h"
#include "pipeline/item.h"
#include "pipeline/rising.h"

/* Set the first five; the rest starts as zero. */
struct source {
    struct demux *demux;
    struct decode *decode;
    struct mux *mux; /* decides which packets are copied, and is told about losses */
    int64_t from_us; /* the wanted part, counted from the file's start   */
    int64_t to_us;   /* 0: to the end                                    */

    int64_t start_us;  /* of the file, by its own clock                            */
    int64_t origin_us; /* taken away from all times                                */
    bool begun_video;
    bool video_ended; /* at to_us; other streams may still come           */
    bool stopped;     /* nothing else is wanted                           */
    bool draining;    /* all packets have been read */
    bool damaged;     /* cut off, or parts did not decode                 */
    int64_t frames;
    int64_t outside;      /* decoded frames outside the wanted part */
    bool sought;          /* reading began at from_us, or a little before         */
    struct rising rising; /* the frames between decoder and cut              */
    bool ended;           /* no more frames will come                        */
    uint64_t begun;       /* further video streams of which a key frame has come  */
    double busy_s;        /* in source_next()                                     */
};

/* After the demuxer is open and before the first item. */
void source_seek(struct source *s);

/* Source frames per second: the container's word, or the average where that is
 * clearly less, as it is when the rate varies. 0/1 when unknown. */
struct rational source_frame_rate(const struct source *s);

/* Ends the picture at `us`, in output times; the packets of other streams up to there
 * still follow. */
void source_end_at(struct source *s, int64_t us);

/* *out is the next item; ITEM_EOF comes last, once. A change of the picture's
 * size ends the stream early and marks it damaged. */
int source_next(struct source *s, struct item *out);

/* Frees what it holds; not demux and decode. */
void source_close(struct source *s);

#endif
