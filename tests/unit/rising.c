/* Frames with times that are missing, step back or jump: their new places. */
#include "pipeline/rising.h"

#include <stdlib.h>

#include "check.h"
#include "pipeline/timeline.h"

#define NONE TIMELINE_NO_PTS
#define MAX  16

static void release(struct rifec_frame *frame)
{
    free(frame);
}

static struct rifec_frame *frame_at(int64_t pts)
{
    struct rifec_frame *f = calloc(1, sizeof *f);
    f->pts = pts;
    f->release = release;
    return f;
}

static int take(struct rising *r, const int64_t *want, int count)
{
    struct rifec_frame *f;
    for (; (f = rising_take(r)); count++) {
        CHECK_INT(f->pts, want[count]);
        rifec_frame_free(&f);
    }
    return count;
}

/* Both lists have n times; a second has 1000 ticks. */
static void check_times(const int64_t *in, const int64_t *want, int n, int64_t repaired)
{
    struct rising r = { .start = 0, .gap = 10, .far = 10000 };
    int count = 0;
    for (int i = 0; i < n; i++) {
        rising_put(&r, frame_at(in[i]));
        count = take(&r, want, count);
    }
    rising_end(&r);
    CHECK_INT(take(&r, want, count), n);
    CHECK_INT(r.repaired, repaired);
    rising_close(&r);
}

#define TIMES(repaired, n, ...)                                                          \
    do {                                                                                 \
        const int64_t both[2][n] = { __VA_ARGS__ };                                      \
        check_times(both[0], both[1], n, repaired);                                      \
    } while (0)

static void test_good_times(void)
{
    TIMES(0, 4, { 5, 15, 1000, 1001 }, { 5, 15, 1000, 1001 });
    TIMES(0, 3, { -70, -60, 0 }, { -70, -60, 0 });
}

static void test_missing(void)
{
    TIMES(1, 4, { 0, 40, NONE, 120 }, { 0, 40, 80, 120 });
    TIMES(3, 4, { NONE, NONE, NONE, NONE }, { 0, 10, 20, 30 });
    TIMES(0, 3, { NONE, 120, 130 }, { 110, 120, 130 });
    TIMES(5, 7, { NONE, NONE, NONE, NONE, NONE, NONE, 60 },
          { 0, 10, 20, 30, 40, 50, 60 });
    TIMES(2, 4, { 0, NONE, NONE, 25 }, { 0, 10, 20, 25 });
}

static void test_steps_back(void)
{
    /* The last gap, if it fits; otherwise the middle. */
    TIMES(1, 4, { 0, 10, 5, 40 }, { 0, 10, 20, 40 });
    TIMES(1, 5, { 0, 10, 30, 20, 40 }, { 0, 10, 30, 35, 40 });
    TIMES(1, 4, { 0, 10, 10, 20 }, { 0, 10, 15, 20 });
    TIMES(2, 5, { 0, 10, 10, 10, 16 }, { 0, 10, 12, 14, 16 });
    TIMES(1, 3, { 0, 10, 3 }, { 0, 10, 20 });
    /* There is no room for another frame: the next good time is a later one. */
    TIMES(2, 5, { 0, 10, 10, 11, 40 }, { 0, 10, 20, 30, 40 });
}

/* If a clock was set back, frames continue at the pace they had. */
static void test_set_back(void)
{
    TIMES(7, 10, { 500, 510, 520, 0, 10, 20, 30, 40, 50, 60 },
          { 500, 510, 520, 530, 540, 550, 560, 570, 580, 590 });
}

static void test_stray(void)
{
    /* Hours ahead and back again: one time was wrong, not all that follow. */
    TIMES(1, 5, { 0, 10, 9000000, 30, 40 }, { 0, 10, 20, 30, 40 });
    TIMES(1, 4, { 9000000, 10, 20, 30 }, { 0, 10, 20, 30 });
    TIMES(2, 6, { 0, 10, 9000000, 9000010, 40, 50 }, { 0, 10, 20, 30, 40, 50 });
    /* A pause is not an error. */
    TIMES(0, 4, { 0, 10, 60000, 60010 }, { 0, 10, 60000, 60010 });
    TIMES(0, 4, { 0, 60000, 120000, 180000 }, { 0, 60000, 120000, 180000 });
    TIMES(0, 3, { 0, 10, 60000 }, { 0, 10, 60000 });
}

/* For any input, the same number of frames comes out, with times that rise. */
static void test_random(void)
{
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        struct rising r = { .start = -7, .gap = 1 + round % 50, .far = 100 };
        int64_t last = INT64_MIN;
        int out = 0;
        for (int i = 0; i <= MAX; i++) {
            struct rifec_frame *f;
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            if (i == MAX)
                rising_end(&r);
            else
                rising_put(&r, frame_at(seed >> 60 ? (int64_t)(seed >> 33) % 300 : NONE));
            while ((f = rising_take(&r))) {
                CHECK(f->pts > last && f->pts != NONE);
                last = f->pts;
                out++;
                rifec_frame_free(&f);
            }
        }
        CHECK_INT(out, MAX);
    }
}

int main(void)
{
    test_good_times();
    test_missing();
    test_steps_back();
    test_set_back();
    test_stray();
    test_random();
    return check_result();
}
