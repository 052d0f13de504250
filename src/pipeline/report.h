/*
 * The report of a run, for the log and for --stats. The calling thread fills it in before
 * the stages start and after they have ended.
 */
#ifndef RIFEC_PIPELINE_REPORT_H
#define RIFEC_PIPELINE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rational.h"
#include "media/out/encode.h"
#include "media/out/mux.h"
#include "pipeline/checks.h"
#include "pipeline/inbetween.h"
#include "pipeline/sink.h"
#include "pipeline/source.h"
#include "rifec/rifec.h"

/* The results. The report owns its strings. */
struct pipeline_report {
    struct {
        char codec[32], pix_fmt[32], decoder[32];
        int width, height;
        struct rational rate; /* frames per second; num 0: unknown */
        double duration_s;
        int64_t frames;     /* used: fewer than decoded after an interrupt */
        int64_t duplicates; /* frames that repeat the one before */
        int64_t cuts;       /* found or given, between two used frames */
        double *cut_s;      /* [cuts] times of the first frames of new scenes */
        bool damaged;       /* cut off, or some packets did not decode */
    } in;
    struct {
        bool taken; /* with skip_existing: another job makes the output */
        char path[4096], format[32], codec[32], pix_fmt[32];
        bool nowhere; /* -f null: no file, whatever the path */
        struct rational rate;
        double duration_s;
        int64_t frames_planned, frames_written; /* planned: decoded * factor    */
        int64_t frames_original, frames_synthesized, frames_held;
        int64_t frames_resumed; /* written ones that an earlier run made */
    } out;
    struct {
        char backend[16], device[128], precision[16], model[4096], model_sha256[65];
        uint64_t memory_bytes;
        int64_t frames_loaded; /* once each, without no_frame_cache */
    } engine;
    struct {
        double wall_s;                       /* first packet to trailer         */
        double decode_s, engine_s, encode_s; /* each stage's own busy time      */
        const char *bottleneck;              /* "decode", "engine" or "encode"  */
    } timing;
    bool checked; /* checks are known */
    struct checks checks;
    int warnings;
    bool interrupted;
    bool finished_before; /* an earlier run did: there was nothing to do, see resume.h */
    int64_t resumable;    /* frames kept for a run that continues; 0 on success */
};

/* Fills in the facts about the input that are known before it is read; `first` is its
 * first frame. */
void report_input(struct pipeline_report *r, const struct source *s,
                  const struct rifec_frame *first);

/* Fills in the output and the engine. */
void report_output(struct pipeline_report *r, const struct mux *mux,
                   const AVCodecContext *encoder, const struct rifec_info *engine);

/* Fills in each stage's busy time and the reused frames, whether or not the run
 * succeeded. */
void report_work(struct pipeline_report *r, const struct source *source,
                 const struct inbetween *inbetween, const struct sink *sink);

/* Fills in the same and the counts of frames, for a run that reached its end. */
void report_counts(struct pipeline_report *r, const struct source *source,
                   const struct inbetween *inbetween, const struct sink *sink,
                   const struct rifec_info *engine);

/* Frees what the report owns. */
void pipeline_report_close(struct pipeline_report *report);

#endif
