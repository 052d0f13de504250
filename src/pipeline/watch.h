/*
 * --framemd5 and --golden, which look at the frames on their way to the encoder. Both see
 * the same frames, and share one hash of each.
 */
#ifndef RIFEC_PIPELINE_WATCH_H
#define RIFEC_PIPELINE_WATCH_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>

#include "golden/golden.h"
#include "rifec/rifec.h"

struct watch_options {
    const char *framemd5; /* file, "-" for standard output; NULL: none */
    const char *golden;   /* folder; NULL: none                        */
    bool update_golden, golden_frames;
    const char *golden_tolerance;                   /* NULL: the usual */
    const char *golden_reports[GOLDEN_REPORTS_MAX]; /* files           */
    int golden_report_count;
    bool deterministic;   /* the same frames on every machine: the plain versions of all
                             ops, on the CPU */
    const char *settings; /* options that shape the output, one per line */
};

/* True if any of these options is used. */
bool watch_is_wanted(const struct watch_options *o);

struct watch;

struct watch_params {
    const struct watch_options *options;
    bool overwrite;
    const char *title; /* the output's name                         */
    const struct rifec_info *engine;
    const AVCodecContext *encoder;
};

/* Errors: VERIFY (the golden manifest is missing or another's), USAGE, INPUT, OUTPUT,
 * NOMEM. */
int watch_open(struct watch **out, const struct watch_params *p);

/* A frame on its way, in host memory; for encode_watch(). Errors: OUTPUT, NOMEM. */
int watch_frame(void *watch, const AVFrame *frame, bool decoded);

/* After the last frame; `cut`: the run was stopped early. Errors: VERIFY if frames
 * differ, OUTPUT, NOMEM. */
int watch_finish(struct watch *w, bool cut);

/* Accepts NULL. */
void watch_close(struct watch **w);

#endif
