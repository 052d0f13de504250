/*
 * How far the job is, in words. Rates are averages since the start: they settle
 * quickly, and the time left does not jump.
 */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define TERMINAL_S 0.1
#define JSON_S     0.5
#define LOG_S      5.0
#define LINE_WIDTH 66 /* a shorter line is padded over a longer one */

/* What a line says, whatever its form. */
struct state {
    long long frame, total; /* total 0: unknown          */
    long long out_time_us;
    double fps, speed, eta_s; /* eta_s < 0: unknown        */
};

static struct state state_at(const struct progress *p, double elapsed_s)
{
    struct state s = { .frame = p->frames_written,
                       .out_time_us = p->out_time_us,
                       .eta_s = -1 };
    /* An estimate that was too low says nothing about what is left. */
    if (p->frames_expected >= s.frame)
        s.total = p->frames_expected;
    if (elapsed_s > 0) {
        s.fps = (double)s.frame / elapsed_s;
        s.speed = (double)s.out_time_us * 1e-6 / elapsed_s;
    }
    if (s.total && s.fps > 0)
        s.eta_s = (double)(s.total - s.frame) / s.fps;
    return s;
}

/* Three digits where they fit: 6.03, 14.2, 603. */
static int decimals(double v)
{
    return v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
}

static void format_line(const struct state *s, bool last, char *line, size_t size)
{
    char total[48] = "", eta[48] = "";
    if (s->total)
        snprintf(total, sizeof total, "/%lld %3lld%%", s->total,
                 s->frame * 100 / s->total);
    if (!last && s->eta_s >= 0) {
        long long t = (long long)(s->eta_s + 0.5);
        snprintf(eta, sizeof eta, "  eta=%02lld:%02lld:%02lld", t / 3600, t / 60 % 60,
                 t % 60);
    }
    snprintf(line, size, "frame=%5lld%s  fps=%.*f  x%.*f%s", s->frame, total,
             decimals(s->fps), s->fps, decimals(s->speed), s->speed, eta);
}

static void format_json(const struct state *s, bool last, char *line, size_t size)
{
    char total[48] = "", eta[48] = "";
    if (s->total)
        snprintf(total, sizeof total, ",\"total_frames\":%lld", s->total);
    if (s->eta_s >= 0)
        snprintf(eta, sizeof eta, ",\"eta_s\":%.0f", s->eta_s);
    snprintf(line, size,
             "{\"frame\":%lld,\"fps\":%.2f,\"out_time_us\":%lld,\"speed\":%.3f%s%s,"
             "\"progress\":\"%s\"}",
             s->frame, s->fps, s->out_time_us, s->speed, total, eta,
             last ? "end" : "continue");
}

void progress_format(const struct progress *p, double elapsed_s, bool last, char *line,
                     size_t size)
{
    struct state s = state_at(p, elapsed_s);
    if (p->mode == PROGRESS_JSON)
        format_json(&s, last, line, size);
    else
        format_line(&s, last, line, size);
}

static void show(struct progress *p, double now_s, bool last)
{
    char line[256];
    progress_format(p, now_s - p->start_s, last, line, sizeof line);
    if (p->tty && p->mode == PROGRESS_AUTO) {
        /* Open before it is written: a message in between may cost an empty
         * line, but is never glued to ours. */
        p->line_open = true;
        fprintf(stderr, "\r%-*s", LINE_WIDTH, line);
    } else {
        fprintf(stderr, "%s\n", line);
    }
    p->shown = true;
    p->shown_s = now_s;
}

void progress_start(struct progress *p)
{
    p->tty = isatty(STDERR_FILENO);
    p->start_s = p->shown_s = clock_seconds();
}

void progress_tick(struct progress *p)
{
    if (p->mode == PROGRESS_OFF)
        return;
    double now_s = clock_seconds();
    double period_s = p->mode == PROGRESS_JSON ? JSON_S : p->tty ? TERMINAL_S : LOG_S;
    if (now_s - p->shown_s >= period_s)
        show(p, now_s, false);
}

void progress_finish(struct progress *p)
{
    /* A short job ends without ever having shown a line; a program that reads
     * JSON waits for the end. */
    bool started = p->start_s > 0;
    if (started && (p->mode == PROGRESS_JSON || (p->mode == PROGRESS_AUTO && p->shown)))
        show(p, clock_seconds(), true);
    progress_break_line(p);
}

void progress_break_line(struct progress *p)
{
    if (atomic_exchange(&p->line_open, false))
        fputc('\n', stderr);
}
