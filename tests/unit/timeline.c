/*
 * Timeline: random streams and factors against the definition, evaluated in
 * 128-bit fractions, and the worked examples of docs/timestamps.md.
 */
#include "pipeline/timeline.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "rifec/error.h"
#include "rifec/log.h"

#define MAX_FRAMES 64

struct stream {
    int frames;
    int64_t pts[MAX_FRAMES + 1]; /* and the end of the last frame */
    struct rational factor;
};

static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static struct stream random_stream(void)
{
    struct stream s = { .frames = 1 + (int)rnd(MAX_FRAMES) };
    int64_t t = (int64_t)rnd(2000000) - 1000000;
    bool vfr = rnd(2);
    int64_t step = 1 + rnd(4000);
    for (int i = 0; i <= s.frames; i++) {
        s.pts[i] = t;
        t += vfr ? 1 + rnd(10000) : step;
    }
    int64_t den = 1 + rnd(6), num = den + rnd(12);
    s.factor = rational_reduce((struct rational){ num, den });
    return s;
}

/* Output frame j, by the definition: position j*D/N, gap split in ratio. */
static void check_instant(const struct stream *s, int64_t j, const struct instant *got)
{
    const int64_t n = s->factor.num, d = s->factor.den;
    int64_t i = j * d / n;
    __int128 frac = (__int128)j * d - (__int128)i * n; /* of n */
    __int128 want = (__int128)s->pts[i] * n + (s->pts[i + 1] - s->pts[i]) * frac;
    CHECK(got->pts == (int64_t)want);
    CHECK(got->t.num == (int64_t)frac && got->t.den == n);
    int64_t step = i == s->frames - 1 && frac + d > n ? n - (int64_t)frac : d;
    CHECK(got->duration == (s->pts[i + 1] - s->pts[i]) * step);
}

static void check_stream(const struct stream *s)
{
    struct timeline tl;
    struct instant at;
    int64_t gap, j = 0, last = INT64_MIN, total = 0;
    timeline_open(&tl, s->factor, 1);
    for (int i = 0; i <= s->frames; i++) {
        int64_t duration = i == s->frames - 1 ? s->pts[i + 1] - s->pts[i] : 0;
        if (i < s->frames)
            CHECK(timeline_push(&tl, s->pts[i], duration, &gap) == 0);
        else
            timeline_end(&tl, &gap);
        while (timeline_next(&tl, gap, &at)) {
            check_instant(s, j++, &at);
            CHECK(at.pts > last);
            last = at.pts;
            total += at.duration;
        }
    }
    CHECK(j == timeline_planned(s->factor, s->frames));
    CHECK(tl.repaired == 0);
    if (s->factor.den == 1) {
        CHECK(j == s->frames * s->factor.num);
        CHECK(total == (s->pts[s->frames] - s->pts[0]) * s->factor.num);
    }
}

/* 24000/1001 fps doubled: the fractions stay exact, no drift after a day. */
static void test_film_rate(void)
{
    struct timeline tl;
    struct instant at;
    int64_t gap, count = 0;
    const int64_t frames = 24 * 3600 * 24;
    timeline_open(&tl, (struct rational){ 2, 1 }, 1001);
    for (int64_t i = 0; i <= frames; i++) {
        if (i < frames)
            CHECK(timeline_push(&tl, i * 1001, 1001, &gap) == 0);
        else
            timeline_end(&tl, &gap);
        while (timeline_next(&tl, gap, &at))
            CHECK(at.pts == count++ * 1001);
    }
    CHECK(count == 2 * frames);
}

/* Times that are missing, repeated or run backwards are put right. */
static void test_repair(void)
{
    const int64_t in[] = { TIMELINE_NO_PTS, 10, 10, 5, 40, TIMELINE_NO_PTS };
    const int64_t want[] = { 0, 10, 11, 12, 40, 68 };
    struct timeline tl;
    int64_t gap;
    timeline_open(&tl, (struct rational){ 2, 1 }, 10);
    for (int i = 0; i < 6; i++) {
        CHECK(timeline_push(&tl, in[i], 0, &gap) == 0);
        CHECK(tl.pts == want[i]);
        CHECK(gap == (i ? want[i] - want[i - 1] : 0));
    }
    CHECK(tl.repaired == 4);
    timeline_end(&tl, &gap);
    CHECK(gap == 28); /* the last known gap */
}

static void test_out_of_range(void)
{
    struct timeline tl;
    int64_t gap;
    rifec_log_set(RIFEC_LOG_QUIET, NULL, NULL);
    timeline_open(&tl, (struct rational){ 8, 1 }, 1);
    CHECK(timeline_push(&tl, INT64_MAX - 1, 1, &gap) == RIFEC_ERR_INPUT);
}

static void test_no_frames(void)
{
    CHECK(timeline_planned((struct rational){ 5, 2 }, 0) == 0);
    CHECK(timeline_planned((struct rational){ 5, 2 }, 1) == 3);
    CHECK(timeline_planned((struct rational){ 5, 2 }, 2) == 5);
}

int main(void)
{
    for (int i = 0; i < 20000; i++) {
        struct stream s = random_stream();
        check_stream(&s);
    }
    test_film_rate();
    test_repair();
    test_out_of_range();
    test_no_frames();
    return check_result();
}
