/* Sound that was stretched badly: early beats are moved to their time, and late ones,
 * which cannot be repaired, are noticed. */
#include "media/out/envelope.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "check.h"

#define RATE     8000
#define CHANNELS 2
#define BEAT_S   0.1

/* A beat each second from the first on, `late` seconds too late, and longer by
 * `stretch`. */
static float beats(double t, double late, double stretch)
{
    const double second = floor((t - late) / stretch + 1e-9);
    const double into = t - late - second * stretch;
    return second >= 1 && into < BEAT_S * stretch ? 0.5f * (float)cos(6000 * t) : 0;
}

/* Returns when the output rises for the second time, in seconds. */
static double second_beat(const float *x, int n, double after)
{
    for (int i = (int)(after * RATE); i < n; i++)
        if (fabsf(x[(ptrdiff_t)i * CHANNELS]) > 0.1f)
            return (double)i / RATE;
    return -1;
}

static void check_shift(int slowdown, double late, int64_t lag_ms)
{
    const int in_n = 6 * RATE, out_n = in_n * slowdown;
    float *in = calloc((size_t)in_n * CHANNELS, sizeof *in),
          *out = calloc((size_t)out_n * CHANNELS, sizeof *out);
    struct envelope *e;
    for (int i = 0; i < in_n * CHANNELS; i++)
        in[i] = beats((double)(i / CHANNELS) / RATE, 0, 1);
    for (int i = 0; i < out_n * CHANNELS; i++)
        out[i] = beats((double)(i / CHANNELS) / RATE, late, slowdown);
    CHECK(envelope_open(&e, RATE, CHANNELS, (struct rational){ slowdown, 1 }) == 0);
    /* In pieces of an arbitrary length. */
    for (int i = 0; i < in_n; i += 1001)
        CHECK(envelope_note(e, in + (ptrdiff_t)i * CHANNELS,
                            i + 1001 < in_n ? 1001 : in_n - i) == 0);
    for (int i = 0; i < out_n; i += 777)
        envelope_shape(e, out + (ptrdiff_t)i * CHANNELS,
                       i + 777 < out_n ? 777 : out_n - i);
    const double begins = second_beat(out, out_n, 1.5 * slowdown);
    CHECK(fabs(begins - 2 * slowdown - (late > 0 ? late : 0)) < 0.003);
    CHECK(llabs(envelope_lag_us(e) - 1000 * lag_ms) <= 4000);
    envelope_close(&e);
    free(in);
    free(out);
}

/* Correct sound is not changed. */
static void check_untouched(void)
{
    struct envelope *e;
    enum { N = 2 * RATE };
    float *x = calloc(N, sizeof *x), *kept = calloc(N, sizeof *kept);
    for (int i = 0; i < N; i++)
        x[i] = kept[i] =
            0.3f * sinf(0.35f * (float)i) * (1 + 0.2f * sinf(0.01f * (float)i));
    CHECK(envelope_open(&e, RATE, 1, (struct rational){ 1, 1 }) == 0);
    CHECK(envelope_note(e, x, N) == 0);
    envelope_shape(e, x, N);
    for (int i = 0; i < N; i++)
        CHECK(x[i] == kept[i]);
    CHECK_INT(envelope_lag_us(e), 0);
    envelope_close(&e);
    free(x);
    free(kept);
}

int main(void)
{
    check_shift(2, 0, 0);
    check_shift(2, -0.06, 0);
    check_shift(8, -0.3, 0);
    check_shift(2, 0.1, 100);
    check_shift(8, 0.35, 350);
    check_untouched();
    return check_result();
}
