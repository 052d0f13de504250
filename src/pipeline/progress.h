/*
 * Progress: counters that stage threads write and one thread shows.
 *
 * auto: one line on stderr, rewritten at most 10 times a second on a terminal
 * and written every 5 s elsewhere. json: one object per line on stderr.
 */
#ifndef RIFEC_PIPELINE_PROGRESS_H
#define RIFEC_PIPELINE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum progress_mode { PROGRESS_AUTO = 0, PROGRESS_OFF, PROGRESS_JSON };

struct progress {
    enum progress_mode mode;

    /* Written by stages, read here. */
    atomic_llong frames_decoded, frames_written;
    atomic_llong out_time_us; /* presentation time of the newest written frame */

    /* Set by the pipeline before progress_start(). */
    int64_t frames_expected; /* output frames; an estimate, 0 when unknown      */
    double source_fps;       /* 0 when unknown */

    /* progress.c's own. */
    double start_s, shown_s;
    bool tty, line_open;
};

/* Called by the thread that runs the pipeline. */
void progress_start(struct progress *p);
void progress_tick(struct progress *p);   /* call every 0.1 s or so; shows when due */
void progress_finish(struct progress *p); /* last line, and the newline             */

/* Ends a half-written terminal line so that a log message starts on its own. */
void progress_break_line(struct progress *p);

#endif
