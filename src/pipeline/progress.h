/*
 * Progress: counters that stage threads write and one thread shows.
 *
 * auto: one line on stderr, rewritten at most 10 times a second on a terminal
 * and written every 5 s elsewhere. json: one object per line on stderr, twice a
 * second, with the names of ffmpeg -progress where it has them.
 */
#ifndef RIFEC_PIPELINE_PROGRESS_H
#define RIFEC_PIPELINE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
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
    bool tty, shown;
    atomic_bool line_open; /* the cursor stands behind a line of ours */
};

/* Called by the thread that runs the pipeline. */
void progress_start(struct progress *p);
void progress_tick(struct progress *p);   /* call every 0.1 s or so; shows when due */
void progress_finish(struct progress *p); /* last line, and the newline; start or not */

/* Ends a half-written terminal line so that a log message starts on its own.
 * Any thread. */
void progress_break_line(struct progress *p);

/*
 * The line shown `elapsed_s` after the start, without line ending; `last` when
 * no other follows. For progress.c and its test.
 */
void progress_format(const struct progress *p, double elapsed_s, bool last, char *line,
                     size_t size);

#endif
