/*
 * Progress: counters that stage threads write and one thread shows.
 *
 * auto: one line on stderr, rewritten at most 10 times a second on a terminal
 * and written every 5 s elsewhere. json: one object per line on stderr, twice a
 * second, with the names of ffmpeg -progress where it has them; its members are
 * described in docs/statistics.md.
 */
#ifndef RIFEC_PIPELINE_PROGRESS_H
#define RIFEC_PIPELINE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_mode { PROGRESS_AUTO = 0, PROGRESS_OFF, PROGRESS_JSON };

#define PROGRESS_SAMPLES 64

/* Zero is the default of every member. */
struct progress {
    enum progress_mode mode;
    const char
        *names; /* JSON members that name the file, "\"input\":\"a.mp4\""; or NULL */

    /* Written by stages. An encoder may hold hundreds of frames back, so the frames
     * that it has received count, not those that came out. */
    atomic_llong frames_given;  /* to the encoder, reused ones included     */
    atomic_llong frames_reused; /* of these: encoded by an earlier run      */
    atomic_llong out_time_us;   /* end time of the newest of them */
    atomic_bool finishing;      /* the encoder has all frames               */

    /* Set by the pipeline before progress_start(). */
    int64_t frames_expected; /* output frames; an estimate, 0 when unknown  */

    /* progress.c's own. */
    double start_s, shown_s, end_s; /* 0: not yet */
    bool tty, shown;
    struct {
        double time_s;
        long long frames; /* made by then */
    } samples[PROGRESS_SAMPLES];
    int sample_count;
    atomic_bool line_open; /* the cursor is after a line of ours */
};

/* Called by the thread that runs the pipeline. */
void progress_start(struct progress *p);
void progress_tick(struct progress *p); /* call every 0.1 s or so; shows when due */

/* Ends the line after the work. done: everything was written, and a last line says so. */
void progress_finish(struct progress *p, bool done);

/* Writes JSON's last object, with the exit status: "end" for 0, "stopped" after a
 * signal, otherwise "failed". Call it after everything else that could fail. */
void progress_conclude(struct progress *p, int exit_status);

/* Ends a half-written terminal line so that a log message starts on its own.
 * Any thread. */
void progress_break_line(struct progress *p);

/* --- for progress.c and its test ------------------------------------------ */

/* Records the current counts at this time of base/clock.h. */
void progress_sample(struct progress *p, double now_s);

/* The line shown at that time, without line ending; exit_status: -1 unless it is the
 * last line. */
void progress_format(const struct progress *p, double now_s, int exit_status, char *line,
                     size_t size);

#endif
