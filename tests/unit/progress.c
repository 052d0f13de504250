/* The words of the progress line, and what of it reaches stderr. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/progress.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static const struct {
    enum progress_mode mode;
    long long written, expected;
    double out_s, elapsed_s;
    bool last;
    const char *line;
} cases[] = {
    { PROGRESS_AUTO, 812, 4796, 33.5, 134.66, false,
      "frame=  812/4796  16%  fps=6.03  x0.25  eta=00:11:01" },
    { PROGRESS_AUTO, 0, 4796, 0, 0.1, false, "frame=    0/4796   0%  fps=0.00  x0.00" },
    { PROGRESS_AUTO, 0, 0, 0, 0, false, "frame=    0  fps=0.00  x0.00" },
    { PROGRESS_AUTO, 60, 0, 2, 1, false, "frame=   60  fps=60.0  x2.00" },
    { PROGRESS_AUTO, 603, 1206, 10.1, 1, false,
      "frame=  603/1206  50%  fps=603  x10.1  eta=00:00:01" },
    { PROGRESS_AUTO, 120, 120, 2, 8, true, "frame=  120/120 100%  fps=15.0  x0.25" },
    { PROGRESS_AUTO, 100, 1000000, 2, 100, false,
      "frame=  100/1000000   0%  fps=1.00  x0.02  eta=277:45:00" },
    /* More frames than the container promised: the promise is worth nothing. */
    { PROGRESS_AUTO, 130, 120, 2, 10, false, "frame=  130  fps=13.0  x0.20" },

    { PROGRESS_JSON, 812, 4796, 33.5, 134.66, false,
      "{\"frame\":812,\"fps\":6.03,\"out_time_us\":33500000,\"speed\":0.249,"
      "\"total_frames\":4796,\"eta_s\":661,\"progress\":\"continue\"}" },
    { PROGRESS_JSON, 60, 0, 2, 1, true,
      "{\"frame\":60,\"fps\":60.00,\"out_time_us\":2000000,\"speed\":2.000,"
      "\"progress\":\"end\"}" },
    { PROGRESS_JSON, 0, 0, 0, 0, false,
      "{\"frame\":0,\"fps\":0.00,\"out_time_us\":0,\"speed\":0.000,"
      "\"progress\":\"continue\"}" },
};

static void test_format(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct progress p = { .mode = cases[i].mode,
                              .frames_expected = cases[i].expected };
        p.frames_written = cases[i].written;
        p.out_time_us = (long long)(cases[i].out_s * 1e6);
        char line[256];
        progress_format(&p, cases[i].elapsed_s, cases[i].last, line, sizeof line);
        CHECK_STR(line, cases[i].line);
    }
}

/* A job of one moment, its stderr in a file: not a terminal. */
static void record(struct progress *p, double shown_before_s, char *text, size_t size)
{
    fflush(stderr);
    int terminal = dup(STDERR_FILENO);
    FILE *f = tmpfile();
    if (!CHECK(f != NULL && terminal >= 0))
        exit(check_result());
    dup2(fileno(f), STDERR_FILENO);
    progress_start(p);
    p->frames_written = 7;
    progress_tick(p); /* not due */
    p->shown_s -= shown_before_s;
    progress_tick(p);
    progress_break_line(p);
    progress_finish(p);
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
    CHECK(strstr(text, "\"progress\":\"end\"}\n") != NULL);

    struct progress off = { .mode = PROGRESS_OFF };
    record(&off, 60.0, text, sizeof text);
    CHECK_STR(text, "");
}

/* A job that failed before it started still finishes. */
static void test_finish_without_start(void)
{
    struct progress p = { .mode = PROGRESS_AUTO };
    progress_finish(&p);
    CHECK(!p.shown);
}

int main(void)
{
    test_format();
    test_output();
    test_finish_without_start();
    return check_result();
}
