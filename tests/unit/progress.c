/* The text of the progress line, and which parts of it reach stderr. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define RUNNING -1

static const struct {
    enum progress_mode mode;
    long long given, expected;
    double out_s, elapsed_s;
    int exit_status;
    const char *line;
} cases[] = {
    { PROGRESS_AUTO, 812, 4796, 33.5, 134.66, RUNNING,
      "frame=  812/4796  16%  fps=6.03  x0.25  eta=00:11:01" },
    { PROGRESS_AUTO, 0, 4796, 0, 0.1, RUNNING, "frame=    0/4796   0%  fps=0.00  x0.00" },
    { PROGRESS_AUTO, 0, 0, 0, 0, RUNNING, "frame=    0  fps=0.00  x0.00" },
    { PROGRESS_AUTO, 60, 0, 2, 1, RUNNING, "frame=   60  fps=60.0  x2.00" },
    { PROGRESS_AUTO, 603, 1206, 10.1, 1, RUNNING,
      "frame=  603/1206  50%  fps=603  x10.1  eta=00:00:01" },
    { PROGRESS_AUTO, 120, 120, 2, 8, 0, "frame=  120/120 100%  fps=15.0  x0.25" },
    { PROGRESS_AUTO, 100, 1000000, 2, 100, RUNNING,
      "frame=  100/1000000   0%  fps=1.00  x0.02  eta=277:45:00" },
    /* More frames than the container promised: its number is ignored. */
    { PROGRESS_AUTO, 130, 120, 2, 10, RUNNING, "frame=  130  fps=13.0  x0.20" },

    { PROGRESS_JSON, 812, 4796, 33.5, 134.66, RUNNING,
      "{\"frame\":812,\"fps\":6.03,\"fps_now\":6.03,\"out_time_us\":33500000,"
      "\"speed\":0.249,\"total_frames\":4796,\"eta_s\":661,\"finishing\":false,"
      "\"progress\":\"continue\"}" },
    { PROGRESS_JSON, 60, 0, 2, 1, 0,
      "{\"frame\":60,\"fps\":60.00,\"fps_now\":60.00,\"out_time_us\":2000000,"
      "\"speed\":2.000,\"finishing\":false,\"progress\":\"end\",\"exit\":0}" },
    { PROGRESS_JSON, 60, 0, 2, 1, 4,
      "{\"frame\":60,\"fps\":60.00,\"fps_now\":60.00,\"out_time_us\":2000000,"
      "\"speed\":2.000,\"finishing\":false,\"progress\":\"failed\",\"exit\":4}" },
    { PROGRESS_JSON, 60, 0, 2, 1, 130,
      "{\"frame\":60,\"fps\":60.00,\"fps_now\":60.00,\"out_time_us\":2000000,"
      "\"speed\":2.000,\"finishing\":false,\"progress\":\"stopped\",\"exit\":130}" },
    { PROGRESS_JSON, 0, 0, 0, 0, RUNNING,
      "{\"frame\":0,\"fps\":0.00,\"fps_now\":0.00,\"out_time_us\":0,\"speed\":0.000,"
      "\"finishing\":false,\"progress\":\"continue\"}" },
};

/* A job that began at this time of the clock and has not made a frame yet. */
static struct progress begun(enum progress_mode mode, double start_s)
{
    struct progress p = { .mode = mode, .start_s = start_s };
    progress_sample(&p, start_s);
    return p;
}

static void test_format(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct progress p = begun(cases[i].mode, 1000);
        p.frames_expected = cases[i].expected;
        p.frames_given = cases[i].given;
        p.out_time_us = (long long)(cases[i].out_s * 1e6);
        char line[512];
        progress_format(&p, 1000 + cases[i].elapsed_s, cases[i].exit_status, line,
                        sizeof line);
        CHECK_STR(line, cases[i].line);
    }
}

static void test_names(void)
{
    struct progress p = begun(PROGRESS_JSON, 1000);
    p.names = "\"input\":\"a\"";
    char line[512];
    progress_format(&p, 1000, RUNNING, line, sizeof line);
    CHECK(strstr(line, "\"progress\":\"continue\",\"input\":\"a\"}") != NULL);
}

/* Frames come in groups, at a rate; the line is requested between the samples. */
static void work(struct progress *p, double *now_s, double for_s, double fps, int group)
{
    double end_s = *now_s + for_s, before = (double)p->frames_given;
    for (double start_s = *now_s; *now_s < end_s; *now_s += 0.02) {
        long long groups = (long long)((*now_s - start_s) * fps / group);
        p->frames_given = (long long)before + groups * group;
        p->out_time_us = p->frames_given * 20000;
        progress_sample(p, *now_s);
    }
}

/* Returns "eta=" of the line, in seconds; -1: none. */
static long eta_s(const struct progress *p, double now_s)
{
    char line[256], *at;
    int h, m, s;
    progress_format(p, now_s, RUNNING, line, sizeof line);
    at = strstr(line, "eta=");
    return at && sscanf(at, "eta=%d:%d:%d", &h, &m, &s) == 3 ? h * 3600L + m * 60 + s
                                                             : -1;
}

/* An hour at 1 fps, then ten times as fast: half a minute later the line shows it. */
static void test_rate_follows_last_seconds(void)
{
    double now_s = 1000;
    struct progress p = begun(PROGRESS_AUTO, now_s);
    p.frames_expected = 4800;
    work(&p, &now_s, 3600, 1, 1);
    CHECK(labs(eta_s(&p, now_s) - 1200) <= 90);
    work(&p, &now_s, 30, 10, 2);
    CHECK(labs(eta_s(&p, now_s) - 90) <= 5);
    /* Slower again: only the last seconds count. */
    work(&p, &now_s, 30, 1, 2);
    CHECK(labs(eta_s(&p, now_s) - 870) <= 120);
}

/* Eight frames a minute, all at once: the rate is neither 0 nor 8 in between. */
static void test_rate_of_slow_groups(void)
{
    struct progress p = begun(PROGRESS_AUTO, 1000);
    p.frames_expected = 1000;
    for (int i = 1; i < 900 * 50; i++) {
        double now_s = 1000 + i / 50.0;
        p.frames_given = i / (60 * 50) * 8;
        progress_sample(&p, now_s);
        long left = eta_s(&p, now_s), due = (1000 - p.frames_given) * 60 / 8;
        if (i > 300 * 50 && !CHECK(left > due / 2 && left < due * 2))
            return;
    }
}

/* A pause of a minute is visible. */
static void test_rate_of_standstill(void)
{
    double now_s = 1000;
    struct progress p = begun(PROGRESS_AUTO, now_s);
    p.frames_expected = 1000;
    work(&p, &now_s, 60, 10, 1);
    long before = eta_s(&p, now_s);
    work(&p, &now_s, 60, 0, 1);
    CHECK(eta_s(&p, now_s) > 3 * before);
}

/* Frames of an earlier run take no time, and do not predict the rest. */
static void test_reused_frames(void)
{
    double now_s = 1000;
    struct progress p = begun(PROGRESS_AUTO, now_s);
    p.frames_expected = 1000;
    for (int i = 0; i < 500; i++) {
        p.frames_reused++;
        p.frames_given++;
        progress_sample(&p, now_s += 0.02);
    }
    CHECK_INT(eta_s(&p, now_s), -1);
    work(&p, &now_s, 20, 5, 1);
    CHECK(labs(eta_s(&p, now_s) - 80) <= 3);
}

static void test_finishing(void)
{
    struct progress p = begun(PROGRESS_AUTO, 1000);
    p.frames_given = p.frames_expected = 20;
    p.out_time_us = 400000;
    p.finishing = true;
    char line[256];
    progress_format(&p, 1002, RUNNING, line, sizeof line);
    CHECK_STR(line, "frame=   20/20 100%  fps=10.0  x0.20  finishing");
    progress_format(&p, 1002, 0, line, sizeof line);
    CHECK_STR(line, "frame=   20/20 100%  fps=10.0  x0.20");
    p.mode = PROGRESS_JSON;
    progress_format(&p, 1002, RUNNING, line, sizeof line);
    CHECK(strstr(line, "\"finishing\":true") != NULL);
}

/* A job of one moment with its stderr in a file, which is not a terminal. */
static void record(struct progress *p, double shown_before_s, char *text, size_t size)
{
    fflush(stderr);
    int terminal = dup(STDERR_FILENO);
    FILE *f = tmpfile();
    if (!CHECK(f != NULL && terminal >= 0))
        exit(check_result());
    dup2(fileno(f), STDERR_FILENO);
    progress_start(p);
    p->frames_given = 7;
    progress_tick(p); /* not due yet */
    p->shown_s -= shown_before_s;
    progress_tick(p);
    progress_break_line(p);
    progress_finish(p, true);
    progress_conclude(p, 0);
    fflush(stderr);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    rewind(f);
    text[fread(text, 1, size - 1, f)] = '\0';
    fclose(f);
}

static int count(const char *text, char c)
{
    int n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

static void test_output(void)
{
    char text[4096];
    struct progress brief = { .mode = PROGRESS_AUTO };
    record(&brief, 4.0, text, sizeof text);
    CHECK_STR(text, ""); /* over before a line was due */

    struct progress longer = { .mode = PROGRESS_AUTO };
    record(&longer, 5.0, text, sizeof text);
    CHECK_INT(count(text, '\n'), 2);
    CHECK_INT(count(text, '\r'), 0);
    CHECK(!strncmp(text, "frame=    7  fps=", 17));

    struct progress json = { .mode = PROGRESS_JSON };
    record(&json, 0.5, text, sizeof text);
    CHECK_INT(count(text, '\n'), 2);
    CHECK(strstr(text, "\"progress\":\"continue\"}\n{") != NULL);
    CHECK(strstr(text, "\"progress\":\"end\",\"exit\":0}\n") != NULL);

    struct progress off = { .mode = PROGRESS_OFF };
    record(&off, 60.0, text, sizeof text);
    CHECK_STR(text, "");
}

/* A job that failed before it started can still finish. */
static void test_finish_without_start(void)
{
    struct progress p = { .mode = PROGRESS_AUTO };
    progress_finish(&p, false);
    progress_conclude(&p, 3);
    CHECK(!p.shown);
}

int main(void)
{
    test_format();
    test_names();
    test_rate_follows_last_seconds();
    test_rate_of_slow_groups();
    test_rate_of_standstill();
    test_reused_frames();
    test_finishing();
    test_output();
    test_finish_without_start();
    return check_result();
}
