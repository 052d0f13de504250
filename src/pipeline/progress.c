/*
 * The state of the job in words. The rate shown, and the time left, follow the last
 * seconds: an average since the start would remember a slow beginning, or a machine that
 * was busy, for hours.
 */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define TERMINAL_S 0.1
#define JSON_S     0.5
#define LOG_S      5.0
#define LINE_WIDTH 66 /* a shorter line is padded over a longer one */

/* The rate is measured over at least this time and this number of frames, because frames
 * come in groups: all new frames of a pair, then none for a while. */
#define WINDOW_S      15.0
#define WINDOW_FRAMES 16
#define SAMPLE_S      0.5

/* The values of a line, in any form. */
struct state {
    long long frame, total; /* total 0: unknown          */
    long long out_time_us;
    double fps, fps_now, speed, speed_now, eta_s; /* eta_s < 0: unknown */
    bool finishing;
};

/* --- rates ---------------------------------------------------------------- */

/* Frames of an earlier run take no time, and do not predict the time left. */
static long long made(const struct progress *p)
{
    long long frames = p->frames_given - p->frames_reused;
    return frames > 0 ? frames : 0; /* the two are not read at the same instant */
}

void progress_sample(struct progress *p, double now_s)
{
    int n = p->sample_count;
    long long frames = made(p);
    if (n && !frames) /* the clock starts with the first frame of our own */
        n = p->sample_count = 0;
    if (n && (now_s - p->samples[n - 1].time_s < SAMPLE_S ||
              frames == p->samples[n - 1].frames))
        return;
    if (n == PROGRESS_SAMPLES)
        memmove(p->samples, p->samples + 1, (size_t)--n * sizeof p->samples[0]);
    p->samples[n].time_s = now_s;
    p->samples[n].frames = frames;
    p->sample_count = n + 1;
}

static double rate_now(const struct progress *p, double now_s)
{
    long long frames = made(p);
    for (int i = p->sample_count - 1; i >= 0; i--) {
        double for_s = now_s - p->samples[i].time_s;
        long long since = frames - p->samples[i].frames;
        if (i == 0 || (for_s >= WINDOW_S && since >= WINDOW_FRAMES))
            return for_s > 0 ? (double)since / for_s : 0;
    }
    return 0;
}

static struct state state_at(const struct progress *p, double now_s)
{
    struct state s = { .frame = p->frames_given,
                       .out_time_us = p->out_time_us,
                       .fps_now = rate_now(p, now_s),
                       .finishing = p->finishing,
                       .eta_s = -1 };
    double elapsed_s = p->start_s > 0 ? now_s - p->start_s : 0;
    /* An estimate that was too low cannot give the time left. */
    if (p->frames_expected >= s.frame)
        s.total = p->frames_expected;
    if (elapsed_s > 0)
        s.fps = (double)made(p) / elapsed_s;
    double frame_s = s.frame ? 1e-6 * (double)s.out_time_us / (double)s.frame : 0;
    s.speed = s.fps * frame_s;
    s.speed_now = s.fps_now * frame_s;
    if (s.total && (s.fps_now > 0 || s.total == s.frame))
        s.eta_s = s.total > s.frame ? (double)(s.total - s.frame) / s.fps_now : 0;
    return s;
}

/* --- words ---------------------------------------------------------------- */

/* Three digits if they fit: 6.03, 14.2, 603. */
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
    if (!last && s->finishing) {
        snprintf(eta, sizeof eta, "  finishing");
    } else if (!last && s->eta_s >= 0) {
        long long t = (long long)(s->eta_s + 0.5);
        snprintf(eta, sizeof eta, "  eta=%02lld:%02lld:%02lld", t / 3600, t / 60 % 60,
                 t % 60);
    }
    double fps = last ? s->fps : s->fps_now, speed = last ? s->speed : s->speed_now;
    snprintf(line, size, "frame=%5lld%s  fps=%.*f  x%.*f%s", s->frame, total,
             decimals(fps), fps, decimals(speed), speed, eta);
}

static void format_json(const struct progress *p, const struct state *s, int exit_status,
                        char *line, size_t size)
{
    char total[48] = "", eta[48] = "", status[32] = "";
    if (s->total)
        snprintf(total, sizeof total, ",\"total_frames\":%lld", s->total);
    if (s->eta_s >= 0)
        snprintf(eta, sizeof eta, ",\"eta_s\":%.0f", s->eta_s);
    if (exit_status >= 0)
        snprintf(status, sizeof status, ",\"exit\":%d", exit_status);
    snprintf(line, size,
             "{\"frame\":%lld,\"fps\":%.2f,\"fps_now\":%.2f,\"out_time_us\":%lld,"
             "\"speed\":%.3f%s%s,\"finishing\":%s,\"progress\":\"%s\"%s%s%s}",
             s->frame, s->fps, s->fps_now, s->out_time_us, s->speed, total, eta,
             s->finishing ? "true" : "false",
             exit_status < 0     ? "continue"
             : exit_status == 0  ? "end"
             : exit_status > 128 ? "stopped"
                                 : "failed",
             status, p->names ? "," : "", p->names ? p->names : "");
}

void progress_format(const struct progress *p, double now_s, int exit_status, char *line,
                     size_t size)
{
    struct state s = state_at(p, now_s);
    if (p->mode == PROGRESS_JSON)
        format_json(p, &s, exit_status, line, size);
    else
        format_line(&s, exit_status >= 0, line, size);
}

/* --- showing -------------------------------------------------------------- */

static void show(struct progress *p, double now_s, int exit_status)
{
    char line[16384]; /* two names of 4096 bytes, some of them escaped */
    progress_format(p, now_s, exit_status, line, sizeof line);
    if (p->tty)
        text_clean(line);
    if (p->tty && p->mode == PROGRESS_AUTO) {
        /* Marked as open before it is written: a message at that moment may cost an
         * empty line, but never follows on the same line. */
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
    progress_sample(p, p->start_s);
}

void progress_tick(struct progress *p)
{
    if (p->mode == PROGRESS_OFF || !(p->start_s > 0))
        return;
    double now_s = clock_seconds();
    double period_s = p->mode == PROGRESS_JSON ? JSON_S : p->tty ? TERMINAL_S : LOG_S;
    progress_sample(p, now_s);
    if (now_s - p->shown_s >= period_s)
        show(p, now_s, -1);
}

void progress_finish(struct progress *p, bool done)
{
    p->end_s = clock_seconds();
    /* A short job ends without having shown a line. */
    if (done && p->mode == PROGRESS_AUTO && p->shown)
        show(p, p->end_s, 0);
    progress_break_line(p);
}

void progress_conclude(struct progress *p, int exit_status)
{
    /* A program that reads the JSON waits for the end, even of a job that never
     * started. */
    if (p->mode == PROGRESS_JSON)
        show(p, p->end_s > 0 ? p->end_s : clock_seconds(), exit_status);
}

void progress_break_line(struct progress *p)
{
    if (atomic_exchange(&p->line_open, false))
        fputc('\n', stderr);
}
