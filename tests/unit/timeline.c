/*
 * The timeline: random streams, factors and rates against the definition, evaluated in
 * 128-bit fractions, and the examples of docs/timestamps.md.
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
    struct timeline_params p;
};

static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static struct stream random_stream(void)
{
    static const int bases[] = { 1000, 12800, 15360, 24000, 30000, 90000, 180000 };
    struct stream s = { .frames = 1 + (int)rnd(MAX_FRAMES) };
    int64_t t = rnd(3) ? (int64_t)rnd(2000000) - 1000000 : 0;
    bool vfr = rnd(2);
    int64_t step = 1 + rnd(4000);
    for (int i = 0; i <= s.frames; i++) {
        s.pts[i] = t;
        t += vfr ? 1 + rnd(10000) : step;
    }
    s.p.time_base = (struct rational){ 1, bases[rnd(7)] };
    s.p.first_pts = s.pts[0];
    s.p.expected_step = vfr ? 1 + rnd(5000) : step;
    /* If the last frame's duration is a sliver of the gap before it, it is ignored. */
    int64_t *end = &s.pts[s.frames],
            before = s.frames > 1 ? end[-1] - end[-2] : s.p.expected_step;
    if (end[0] - end[-1] <= before / 8)
        end[0] = end[-1] + before;
    s.p.tail = (enum timeline_tail)rnd(3);
    return s;
}

/* Calls check for every output frame; returns their number. */
static int64_t walk(const struct stream *s, struct timeline *tl,
                    void (*check)(const struct stream *, const struct timeline *,
                                  int64_t j, const struct instant *))
{
    struct instant at;
    int64_t j = 0, last = INT64_MIN;
    CHECK(timeline_open(tl, &s->p) == 0);
    for (int i = 0; i <= s->frames; i++) {
        int64_t duration = i == s->frames - 1 ? s->pts[i + 1] - s->pts[i] : 0;
        if (i < s->frames)
            CHECK(timeline_push(tl, s->pts[i], duration) == 0);
        else
            timeline_end(tl);
        while (timeline_next(tl, &at)) {
            check(s, tl, j++, &at);
            CHECK(at.pts > last && at.duration > 0);
            last = at.pts;
        }
    }
    CHECK_INT(j, timeline_total(tl));
    return j;
}

/* --- by factor ------------------------------------------------------------ */

/* Output frame j by the definition: position j*D/N, with the gap split in proportion. */
static void check_factor(const struct stream *s, const struct timeline *tl, int64_t j,
                         const struct instant *got)
{
    const int64_t n = s->p.factor.num, d = s->p.factor.den;
    int64_t i = j * d / n;
    __int128 frac = (__int128)j * d - (__int128)i * n; /* of n */
    __int128 want = (__int128)s->pts[i] * n + (s->pts[i + 1] - s->pts[i]) * frac;
    __int128 unit = (__int128)tl->out.num * s->p.time_base.den * n;
    CHECK(got->pts * unit == want * tl->out.den * s->p.time_base.num);
    CHECK(got->t.num * n == (int64_t)frac * got->t.den);
    int64_t step = i == s->frames - 1 && frac + d > n ? n - (int64_t)frac : d;
    CHECK_INT(got->duration, (s->pts[i + 1] - s->pts[i]) * step);
}

static void test_factors(void)
{
    for (int k = 0; k < 20000; k++) {
        struct timeline tl;
        struct stream s = random_stream();
        int64_t den = 1 + rnd(6), num = den + rnd(12);
        s.p.factor = rational_reduce((struct rational){ num, den });
        num = s.p.factor.num, den = s.p.factor.den;
        int64_t count = walk(&s, &tl, check_factor);
        if (s.p.tail == TAIL_DROP)
            CHECK_INT(count, (s.frames - 1) * num / den + 1);
        else
            CHECK_INT(count, (s.frames * num + den - 1) / den);
    }
}

/* --- by rate -------------------------------------------------------------- */

/* Frame j is shown at P[0] + j/R; it is made from the pair around that time, or is an
 * original if one is less than half a tick and an eighth of a frame away. */
static void check_rate(const struct stream *s, const struct timeline *tl, int64_t j,
                       const struct instant *got)
{
    const __int128 rn = s->p.rate.num, rd = s->p.rate.den, den = s->p.time_base.den;
    /* Times times rn * den, exactly. */
    const __int128 at = s->pts[0] * rn + j * rd * den;
    CHECK((__int128)got->pts * tl->out.num * rn * den == at * tl->out.den);
    CHECK((__int128)got->duration * tl->out.num * rn == rd * tl->out.den);
    int i = (int)tl->frames - 2;
    __int128 into = at - s->pts[i] * rn, gap = (s->pts[i + 1] - s->pts[i]) * rn;
    const __int128 snap = rn * (s->p.expected_step < 4 ? s->p.expected_step : 4);
    if (got->t.num == 0)
        CHECK(8 * (into < 0 ? -into : into) <= snap);
    else
        CHECK(8 * into > snap && 8 * (gap - into) > snap &&
              into * got->t.den == gap * got->t.num);
}

static void test_rates(void)
{
    static const struct rational rates[] = {
        { 60, 1 },  { 60000, 1001 }, { 24000, 1001 }, { 25, 1 },       { 30, 1 },
        { 144, 1 }, { 1000, 3 },     { 1, 2 },        { 120000, 1001 }
    };
    for (int k = 0; k < 5000; k++) {
        struct timeline tl;
        struct stream s = random_stream();
        s.p.rate = rates[rnd(9)];
        walk(&s, &tl, check_rate);
    }
}

/* 24000/1001 to 60: the ratio is 1001/400, so 400 source frames give 1001, and the
 * time of every 400th is met exactly. */
static void test_film_to_60(void)
{
    struct timeline tl;
    struct instant at;
    struct timeline_params p = { .time_base = { 1, 24000 },
                                 .rate = { 60, 1 },
                                 .expected_step = 1001 };
    int64_t originals = 0, count = 0;
    CHECK(timeline_open(&tl, &p) == 0);
    for (int i = 0; i <= 4000; i++) {
        if (i < 4000)
            CHECK(timeline_push(&tl, i * 1001, 1001) == 0);
        else
            timeline_end(&tl);
        while (timeline_next(&tl, &at)) {
            CHECK_INT(at.pts, count++);
            originals += at.t.num == 0;
        }
    }
    CHECK_INT(count, 10010);
    CHECK_INT(originals, 10);
    CHECK(tl.out.num == 1 && tl.out.den == 60);
}

/* Matroska rounds 1001/24000 s to milliseconds: doubling the rate still meets every
 * original. */
static void test_rounded_times_are_met(void)
{
    struct timeline tl;
    struct instant at;
    struct timeline_params p = { .time_base = { 1, 1000 },
                                 .rate = { 48000, 1001 },
                                 .expected_step = 42 };
    int64_t originals = 0;
    CHECK(timeline_open(&tl, &p) == 0);
    for (int64_t i = 0; i < 2400; i++) {
        CHECK(timeline_push(&tl, (i * 1001 * 1000 + 12000) / 24000, 42) == 0);
        while (timeline_next(&tl, &at))
            originals += at.t.num == 0;
    }
    CHECK_INT(originals, 2399);
}

/* YUV4MPEG and AVI count in frames, so an in-between is half a tick away. */
static void test_a_tick_per_frame(void)
{
    struct timeline tl;
    struct instant at;
    struct timeline_params p = { .time_base = { 1, 25 },
                                 .rate = { 50, 1 },
                                 .expected_step = 1 };
    int64_t originals = 0, count = 0;
    CHECK(timeline_open(&tl, &p) == 0);
    for (int64_t i = 0; i <= 10; i++) {
        if (i < 10)
            CHECK(timeline_push(&tl, i, 1) == 0);
        else
            timeline_end(&tl);
        for (; timeline_next(&tl, &at); count++)
            originals += at.t.num == 0;
    }
    CHECK_INT(count, 20);
    CHECK_INT(originals, 10);
}

/* --- both ----------------------------------------------------------------- */

/* 24000/1001 fps doubled: the fractions stay exact, no drift after a day. */
static void test_film_rate(void)
{
    struct timeline tl;
    struct instant at;
    int64_t count = 0;
    const int64_t frames = 24 * 3600 * 24;
    struct timeline_params p = { .time_base = { 1, 24000 }, .factor = { 2, 1 } };
    CHECK(timeline_open(&tl, &p) == 0);
    for (int64_t i = 0; i <= frames; i++) {
        if (i < frames)
            CHECK(timeline_push(&tl, i * 1001, 1001) == 0);
        else
            timeline_end(&tl);
        while (timeline_next(&tl, &at))
            CHECK(at.pts == count++ * 1001);
    }
    CHECK_INT(count, 2 * frames);
}

/* Frames 33 ms apart with durations of 1 ms: the last one is held as long as the
 * others. */
static void test_durations_that_lie(void)
{
    struct timeline tl;
    struct timeline_params p = { .time_base = { 1, 1000 }, .factor = { 2, 1 } };
    CHECK(timeline_open(&tl, &p) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(timeline_push(&tl, i * 33, 1) == 0);
    timeline_end(&tl);
    CHECK_INT(tl.gap, 33);
}

/* GIF counts hundredths of a second, and needs two of them between frames. */
static void test_grid(void)
{
    for (int k = 0; k < 2000; k++) {
        struct stream s = random_stream();
        struct timeline tl;
        struct instant at;
        int64_t last = -2, end = 0, given = 0;
        s.p.grid = (struct rational){ 1, 100 };
        s.p.grid_least = 2;
        s.p.factor = (struct rational){ 1 + rnd(8), 1 };
        if (rnd(2))
            s.p.rate = (struct rational){ 1 + rnd(50), 1 };
        CHECK(timeline_open(&tl, &s.p) == 0);
        for (int i = 0; i <= s.frames; i++) {
            if (i < s.frames)
                CHECK(timeline_push(&tl, s.pts[i],
                                    i == s.frames - 1 ? s.pts[i + 1] - s.pts[i] : 0) ==
                      0);
            else
                timeline_end(&tl);
            for (; timeline_next(&tl, &at); given++) {
                CHECK(at.pts >= last + 2 && at.duration > 0);
                CHECK(given > 0 || at.pts == 0);
                last = at.pts;
            }
            end = tl.end;
        }
        CHECK_INT(given, timeline_given(&tl));
        CHECK_INT(given, timeline_total(&tl));
        CHECK(end >= last + 2);
        /* The film keeps its duration, to half a tick. */
        double length = (double)(s.pts[s.frames] - s.pts[0]) / (double)s.p.time_base.den;
        if (s.p.tail != TAIL_DROP && end > last + 2)
            CHECK((double)end > 100 * length - 0.51 && (double)end < 100 * length + 0.51);
    }
}

static void test_out_of_range(void)
{
    struct timeline tl;
    struct timeline_params p = { .time_base = { 1, 1000 }, .factor = { 8, 1 } };
    CHECK(timeline_open(&tl, &p) == 0);
    CHECK(timeline_push(&tl, 0, 1) == 0);
    CHECK_INT(timeline_push(&tl, INT64_MAX - 1, 1), RIFEC_ERR_INPUT);
    p.time_base = (struct rational){ 1, 1000000000 };
    CHECK_INT(timeline_open(&tl, &p), RIFEC_ERR_USAGE);
    /* A broadcast stream that starts after a day. */
    p = (struct timeline_params){ .time_base = { 1, 90000 },
                                  .rate = { 60000, 1001 },
                                  .expected_step = 3003,
                                  .first_pts = 95443 * 90000ll + 7 };
    CHECK(timeline_open(&tl, &p) == 0);
    CHECK(tl.out.den <= 180000 * 7);
}

int main(void)
{
    rifec_log_set(RIFEC_LOG_QUIET, NULL, NULL);
    test_factors();
    test_rates();
    test_film_to_60();
    test_rounded_times_are_met();
    test_a_tick_per_frame();
    test_film_rate();
    test_durations_that_lie();
    test_grid();
    test_out_of_range();
    return check_result();
}
