/*
 * Checks the output: are all frames there, does it last as long as the source frames were
 * shown, and does the sound begin at its time?
 */
#ifndef RIFEC_PIPELINE_CHECKS_H
#define RIFEC_PIPELINE_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rational.h"
#include "media/in/demux.h"
#include "media/out/mux.h"
#include "pipeline/timeline.h"

struct checks {
    int64_t frames_planned, frames_written;
    bool frames_ok;            /* as many frames written as planned              */
    bool duration_ok;          /* within a frame                                 */
    bool av_offset_ok;         /* within half a source frame; slowed down: 10 ms */
    int left_out;              /* streams that the container cannot hold         */
    int64_t duration_delta_us; /* of the written video against the source frames */
    int64_t av_offset_us;      /* largest change among the audio streams         */
};

struct checks_subject {
    const struct mux *mux;
    const struct demux *demux;
    const struct timeline *timeline; /* ended                                    */
    struct rational stretch;         /* output time per source time: slow motion */
    double made_s;                   /* planned duration of the output frames */
    bool limited;                    /* the output ends early on purpose         */
    int64_t frames_planned, frames_written;
};

void checks_make(struct checks *c, const struct checks_subject *s);

/* Logs the differences. A missing frame is a bug of rifec: always RIFEC_ERR_VERIFY. A
 * changed duration or offset and a missing stream are warnings, or RIFEC_ERR_VERIFY if
 * `strict`. */
int checks_judge(const struct checks *c, const char *path, bool strict);

#endif
