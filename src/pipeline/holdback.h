/*
 * Sound and subtitles wait here until the picture has reached them. If the picture ends
 * early, because of --frames or Ctrl-C, they end with it. Used by the sink's thread.
 */
#ifndef RIFEC_PIPELINE_HOLDBACK_H
#define RIFEC_PIPELINE_HOLDBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rational.h"
#include "media/out/mux.h"

struct holdback_params {
    struct mux *mux;
    struct rational stretch; /* output time per time of the packets             */
    int64_t expected_us;     /* where the picture is to end; INT64_MAX: unknown */
};

struct holdback {
    struct holdback_params p;
    int64_t reached_us; /* the end of the newest picture; INT64_MIN before the first */

    AVPacket **waiting; /* [count], in the order they came */
    int count, room;
    size_t bytes;
};

void holdback_open(struct holdback *h, const struct holdback_params *p);

/* Takes a packet of a copied stream, always. Errors: mux_write()'s. */
int holdback_packet(struct holdback *h, AVPacket **pkt);

/* The picture lasts until there: writes the packets that waited for it. */
int holdback_reach(struct holdback *h, int64_t us);

/* No more pictures follow: writes the rest, or drops it if all streams end here. */
int holdback_end(struct holdback *h, bool cut);

/* Frees the packets that are left. Accepts one that is all zero. */
void holdback_close(struct holdback *h);

#endif
