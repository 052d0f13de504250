/*
 * --resume: what is encoded is also kept, in segments, in a folder beside the output,
 * until the output has its name. The same command, given again after a stop, takes
 * finished segments from there.
 *
 * The whole input is read again, so that times, cuts, sound and counts are the same as in
 * an uninterrupted run; only interpolating and encoding are saved. The encoder is opened
 * again at the start of each segment, in every run, so the output does not depend on
 * where an earlier run stopped. A segment ends after RESUME_SEGMENT_FRAMES output frames
 * or, so that slow jobs lose no more, when a minute's work is not yet kept; only that
 * depends on the speed of the machine.
 *
 * All segments are checked when a run begins, and the first that is not as it was
 * written is made again, with those after it. A checksum of the whole input, made
 * beside the job, is compared before anything else is kept and before the output gets
 * its name. Used by the sink's thread, and by the caller's before and after it.
 */
#ifndef RIFEC_PIPELINE_RESUME_H
#define RIFEC_PIPELINE_RESUME_H

#include "media/out/encode.h"
#include "media/out/mux.h"

/* x264, for comparison, starts a new GOP after 250. */
#define RESUME_SEGMENT_FRAMES 240
/* Seconds of work that may be lost. */
#define RESUME_KEEP_S 60

struct resume;

struct resume_params {
    const char *input, *output;
    const char *settings;   /* options that shape the output, one per line */
    const char *scene_list; /* path, or NULL                                  */
    const char *model;      /* checksum of the weights                        */
    const AVCodecContext *encoder;
    double keep_s;         /* instead of RESUME_KEEP_S, unless 0             */
    bool (*stopped)(void); /* ends waiting for the input's checksum; or NULL */
};

/*
 * Looks whether an earlier run has finished this very job and was stopped before it could
 * remove the folder: `input`, `output` and `settings` are compared. If so, removes it,
 * logs that and sets *finished; *damaged then says whether the input was damaged. Errors:
 * OUTPUT (another process works in the folder), INPUT, NOMEM, ABORT.
 */
int resume_finished(const struct resume_params *p, bool *finished, bool *damaged);

/* Makes the folder, or takes the usable segments of an earlier run. Errors: USAGE
 * (other settings, or another version), OUTPUT (another process works in it, ...),
 * INPUT, NOMEM, ABORT. */
int resume_open(struct resume **out, const struct resume_params *p);

/* The number of output frames that an earlier run has made. */
int64_t resume_frames(const struct resume *r);

/* The number of frames that are kept now: those, and the segments finished since. */
int64_t resume_safe(const struct resume *r);

/* For one output frame that an earlier run has made: writes a packet of its segment
 * under the index `stream`, and with the last frame all that remain, so that picture
 * and sound advance together. */
int resume_pass(struct resume *r, struct mux *mux, int stream);

/* Before a frame is encoded: true if a segment ends here. Then the encoder must be
 * drained, resume_commit() called and the encoder restarted. */
bool resume_at_end(struct resume *r);
int resume_commit(struct resume *r);

/* Call this after a frame was sent. */
void resume_count(struct resume *r);

/* Keeps the encoder's packet, then writes it to `mux`; takes it, always. */
int resume_keep(struct resume *r, struct mux *mux, AVPacket **pkt);

/* Call this when the output is complete and about to get its name; `part` is the
 * temporary name. `damaged`: parts of the input could not be read. Errors: those of
 * resume_commit(). */
int resume_finish(struct resume *r, const char *part, bool damaged);

/* Call this when the output has its name: resume_close() then removes the folder. */
void resume_remove(struct resume *r);

/* Closes; removes a folder in which nothing was kept. Accepts NULL. */
void resume_close(struct resume **r);

#endif
