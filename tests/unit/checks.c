/* The checks at the end of a run, on outputs that no run would make: the streams of an
 * input and an output are a few numbers. */
#include "pipeline/checks.h"

#include <string.h>

#include "base/log.h"
#include "check.h"
#include "rifec/error.h"

/* --- a file with a picture and a sound --------------------------------------- */

static AVCodecParameters picture = { .codec_type = AVMEDIA_TYPE_VIDEO },
                         sound = { .codec_type = AVMEDIA_TYPE_AUDIO };
static AVStream streams[] = { { .index = 0, .codecpar = &picture },
                              { .index = 1, .codecpar = &sound } };
static AVStream *list[] = { &streams[0], &streams[1] };
static AVFormatContext file = { .nb_streams = 2, .streams = list };
static struct stream_span spans[2];

AVFormatContext *demux_context(const struct demux *d)
{
    (void)d;
    return &file;
}

AVStream *demux_video(const struct demux *d)
{
    (void)d;
    return &streams[0];
}

bool mux_copies(const struct mux *m, int input_stream)
{
    (void)m;
    return input_stream == 1;
}

bool mux_get_span(const struct mux *m, int input_stream, struct stream_span *out)
{
    (void)m;
    *out = spans[input_stream];
    return true;
}

static int64_t slow_lag_us;

int64_t mux_sound_lag_us(const struct mux *m)
{
    (void)m;
    return slow_lag_us;
}

static int left_out;

int mux_left_out(const struct mux *m)
{
    (void)m;
    return left_out;
}

/* --- runs --------------------------------------------------------------------- */

static char said[256];

static void remember(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    snprintf(said, sizeof said, "%s%s", level == RIFEC_LOG_ERROR ? "error: " : "", line);
}

/* 25 frames per second in milliseconds, one second of them from 0.1 s on; the sound
 * begins at 0.3 s. */
static const struct {
    int64_t picture_from, picture_to, sound_from; /* of the output, ms */
    bool duration_ok, offset_ok;
    int64_t duration_ms, offset_ms;
    const char *word;
} cases[] = {
    { 100, 1100, 300, true, true, 0, 0, "" },
    { 0, 1000, 200, true, true, 0, 0, "" },    /* everything moved */
    { 100, 1140, 300, true, true, 40, 0, "" }, /* one frame more is accepted */
    { 100, 1150, 300, false, true, 50, 0, "o: the video lasts 0.050 s longer" },
    { 100, 1000, 300, false, true, -100, 0, "o: the video lasts 0.100 s less" },
    { 100, 1100, 322, true, true, 0, 22, "" }, /* half a frame, and a rounding */
    { 100, 1100, 323, true, false, 0, 23, "o: the sound begins 0.023 s later" },
    { 0, 1000, 100, true, false, 0, -100, "o: the sound begins 0.100 s earlier" },
};

static void run(int i)
{
    struct timeline tl = { .p = { .time_base = { 1, 1000 }, .first_pts = 100 },
                           .pts = 1100,
                           .gap = 40,
                           .last_gap = 40 };
    struct checks c;
    spans[0] = (struct stream_span){ 100000, 1100000, cases[i].picture_from * 1000,
                                     cases[i].picture_to * 1000 };
    spans[1] = (struct stream_span){ 300000, 1300000, cases[i].sound_from * 1000,
                                     cases[i].sound_from * 1000 + 1000000 };
    checks_make(&c, &(struct checks_subject){ .timeline = &tl, .stretch = { 1, 1 } });
    bool ok = CHECK_INT(c.duration_ok, cases[i].duration_ok) &
              CHECK_INT(c.av_offset_ok, cases[i].offset_ok) &
              CHECK_INT(c.duration_delta_us, cases[i].duration_ms * 1000) &
              CHECK_INT(c.av_offset_us, cases[i].offset_ms * 1000);
    for (int strict = 0; strict <= 1; strict++) {
        const bool fine = cases[i].duration_ok && cases[i].offset_ok;
        const char *prefix = strict ? "error: " : "";
        said[0] = '\0';
        ok &= CHECK_INT(checks_judge(&c, "o", strict),
                        strict && !fine ? RIFEC_ERR_VERIFY : 0);
        if (fine)
            ok &= CHECK(!said[0]);
        else
            ok &= CHECK(!strncmp(said, prefix, strlen(prefix)) &&
                        strstr(said, cases[i].word) == said + strlen(prefix));
    }
    if (!ok)
        fprintf(stderr, "in case %d: '%s'\n", i, said);
}

/* Stretched sound reports its own delay. */
static void run_slow(int64_t lag_ms, bool ok, const char *word)
{
    struct timeline tl = {
        .p = { .time_base = { 1, 1000 } }, .pts = 1000, .gap = 40, .last_gap = 40
    };
    struct checks c;
    slow_lag_us = lag_ms * 1000;
    said[0] = '\0';
    spans[0] = (struct stream_span){ 0, 8000000, 0, 8000000 };
    checks_make(&c, &(struct checks_subject){ .timeline = &tl, .stretch = { 8, 1 } });
    CHECK_INT(c.av_offset_us, lag_ms * 1000);
    CHECK_INT(c.av_offset_ok, ok);
    CHECK_INT(checks_judge(&c, "o", true), ok ? 0 : RIFEC_ERR_VERIFY);
    CHECK(ok ? !said[0] : strstr(said, word) != NULL);
}

/* A stream that the container cannot hold is an error only with --strict. */
static void leave_out(void)
{
    struct checks c = {
        .frames_ok = true, .duration_ok = true, .av_offset_ok = true, .left_out = 1
    };
    said[0] = '\0';
    CHECK_INT(checks_judge(&c, "o", false), 0);
    CHECK(!said[0]);
    CHECK_INT(checks_judge(&c, "o", true), RIFEC_ERR_VERIFY);
    CHECK(strstr(said, "error: o: 1 of the input's streams is missing") != NULL);
}

/* One frame too few or too many is an error, with --strict or without. */
static void miscount(int64_t planned, int64_t written, const char *message)
{
    struct timeline tl = {
        .p = { .time_base = { 1, 1000 } }, .pts = 1000, .gap = 40, .last_gap = 40
    };
    struct checks c;
    spans[0] = spans[1] = (struct stream_span){ 0, 1000000, 0, 1000000 };
    checks_make(&c, &(struct checks_subject){ .timeline = &tl,
                                              .stretch = { 1, 1 },
                                              .frames_planned = planned,
                                              .frames_written = written });
    CHECK_INT(c.frames_ok, !message);
    for (int strict = 0; strict <= 1; strict++) {
        said[0] = '\0';
        CHECK_INT(checks_judge(&c, "o", strict), message ? RIFEC_ERR_VERIFY : 0);
        CHECK_STR(said, message ? message : "");
    }
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_INFO, remember, NULL);
    run_slow(0, true, "");
    run_slow(10, true, "");
    run_slow(-254, false, "the sound begins 0.254 s earlier");
    leave_out();
    miscount(50, 50, NULL);
    miscount(50, 49, "error: o: 50 frames were planned but 49 written");
    miscount(50, 51, "error: o: 50 frames were planned but 51 written");
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        run(i);
    return check_result();
}
