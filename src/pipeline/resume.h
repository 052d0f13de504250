/*
 * --resume: what is encoded is also kept, in segments of a few seconds, in a
 * folder beside the output, until the output is whole. The same command, given
 * again after a stop, takes finished segments from there.
 *
 * All of the input is read again, so that times, cuts, sound and counts come out
 * as they would have; what is spared is making the frames and encoding them. At
 * each segment's start the encoder begins anew, in every run: what a run writes
 * does not depend on where another one stopped. Used by the sink's thread.
 */
#ifndef RIFEC_PIPELINE_RESUME_H
#define RIFEC_PIPELINE_RESUME_H

#include "media/encode.h"
#include "media/mux.h"

struct resume;

struct resume_params {
    const char *input, *output;
    const char *settings; /* options that shape the output, one on a line    */
    const char *model;    /* checksum of the weights                         */
    const AVCodecContext *encoder;
};

/* Makes the folder, or looks at the one of a run before. Errors: USAGE when its
 * settings were others; OUTPUT, NOMEM. */
int resume_open(struct resume **out, const struct resume_params *p);

/* Output frames that are there already. */
int64_t resume_frames(const struct resume *r);

/* So many are safe now: those, and the segments finished since. */
int64_t resume_safe(const struct resume *r);

/* One output frame that is there already: writes a packet of the segment it is in
 * under the index `stream`, and with the last frame all that remain, so that
 * picture and sound advance together. */
int resume_pass(struct resume *r, struct mux *mux, int stream);

/* Before a frame is encoded: true when a segment ends here. Then the encoder is
 * drained, resume_commit() called and the encoder restarted. */
bool resume_at_end(const struct resume *r);
int resume_commit(struct resume *r);

/* The frame is sent. */
void resume_count(struct resume *r);

/* The encoder's packet: kept, then written to `mux`; takes it, always. */
int resume_keep(struct resume *r, struct mux *mux, AVPacket **pkt);

/* The output is whole: the folder goes. */
void resume_remove(struct resume *r);

/* Closes; a folder with nothing finished in it goes too. */
void resume_close(struct resume **r);

#endif
