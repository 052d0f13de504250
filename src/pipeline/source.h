/*
 * The first stage's work: demux and decode, one item at a time, in file
 * order; the end is an item too.
 */
#ifndef RIFEC_PIPELINE_SOURCE_H
#define RIFEC_PIPELINE_SOURCE_H

#include "media/decode.h"
#include "media/demux.h"
#include "media/mux.h"
#include "pipeline/item.h"

struct source {
    struct demux *demux;
    struct decode *decode;
    const struct mux *mux; /* says which packets are copied */
    bool draining;         /* all packets are read          */
    bool damaged;          /* cut off, or parts did not decode */
    int64_t frames;
};

/* *out is the next item; ITEM_EOF comes last, once. A change of the picture's
 * size ends the stream early and marks it damaged. */
int source_next(struct source *s, struct item *out);

#endif
