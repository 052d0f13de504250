/* Followers of the peaks, in blocks of a quarter of a millisecond. */
#include "media/out/envelope.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCKS_PER_S 4000
#define RELEASE_S    0.025f /* to 1/e; longer than half a period of the lowest tones */
#define SILENCE      1e-4f
#define TOLERANCE    1.41f
#define BOOST_MAX    8.0f
#define FORGET       4096 /* blocks at a time */

/* The lag is measured in steps of this number of blocks, that is 2 ms. */
#define STEP       8
#define LAGS       250 /* steps, each way */
#define LOUD       1e-3f
#define RISE_LEAST 4.0 /* of all rises, squared: a sound out of silence and no less */

struct envelope {
    int rate, channels;
    int block; /* samples */
    struct rational slowdown;
    float release;

    float *in; /* [in_count] levels of the input, from block in_first on */
    int64_t in_first, in_count, in_room;
    float in_level, in_peak;
    int in_filled; /* samples in the block that is not complete */

    int64_t out_block;
    int out_filled; /* samples of that block which have come */
    float out_level, gain;

    float shaped, shaped_before, in_before;
    double rises_in[LAGS], rises_out[LAGS]; /* the newest, in rings */
    double match[2 * LAGS + 1];             /* by lag */
    int64_t steps;
};

int envelope_open(struct envelope **out, int rate, int channels, struct rational slowdown)
{
    struct envelope *e = *out = calloc(1, sizeof *e);
    if (!e)
        return mem_fail("the loudness of the sound");
    e->block = rate > BLOCKS_PER_S ? rate / BLOCKS_PER_S : 1;
    e->rate = rate;
    e->channels = channels;
    e->slowdown = slowdown;
    e->release = expf(-(float)e->block / (RELEASE_S * (float)rate));
    e->gain = 1;
    return 0;
}

static float peak_of(const float *samples, int n)
{
    float peak = 0;
    for (int i = 0; i < n; i++)
        if (fabsf(samples[i]) > peak)
            peak = fabsf(samples[i]);
    return peak;
}

static float follow(float level, float peak, float release)
{
    return peak > level * release ? peak : level * release;
}

static int append(struct envelope *e, float level)
{
    if (e->in_count == e->in_room) {
        int64_t room = e->in_room ? 2 * e->in_room : FORGET;
        float *grown = realloc(e->in, (size_t)room * sizeof *grown);
        if (!grown)
            return mem_fail("the loudness of the sound");
        e->in = grown;
        e->in_room = room;
    }
    e->in[e->in_count++] = level;
    return 0;
}

int envelope_note(struct envelope *e, const float *in, int n)
{
    while (n > 0) {
        const int left = e->block - e->in_filled, take = n < left ? n : left;
        const float peak = peak_of(in, take * e->channels);
        e->in_peak = peak > e->in_peak ? peak : e->in_peak;
        e->in_filled += take;
        in += (ptrdiff_t)take * e->channels;
        n -= take;
        if (e->in_filled < e->block)
            break;
        e->in_level = follow(e->in_level, e->in_peak, e->release);
        e->in_filled = 0;
        e->in_peak = 0;
        int err = append(e, e->in_level);
        if (err < 0)
            return err;
    }
    return 0;
}

/* The input's level at the time of an output block. */
static float wanted_level(struct envelope *e, int64_t out_block)
{
    int64_t at = (2 * out_block + 1) * e->slowdown.den / (2 * e->slowdown.num);
    at -= e->in_first;
    if (at > FORGET) {
        e->in_count -= FORGET;
        e->in_first += FORGET;
        at -= FORGET;
        memmove(e->in, e->in + FORGET, (size_t)e->in_count * sizeof *e->in);
    }
    if (!e->in_count)
        return e->in_level;
    return e->in[at < e->in_count ? at : e->in_count - 1];
}

static float gain_for(float wanted, float level)
{
    const float ratio = (wanted + SILENCE) / (level + SILENCE);
    if (ratio < 1 / TOLERANCE)
        return ratio * TOLERANCE;
    if (ratio > TOLERANCE)
        return ratio / TOLERANCE < BOOST_MAX ? ratio / TOLERANCE : BOOST_MAX;
    return 1;
}

static double rise(float before, float now)
{
    const double r = log((double)(now + LOUD) / (double)(before + LOUD));
    return r > 0.1 ? r : 0;
}

/* Compares where input and output become louder. */
static void measure(struct envelope *e, float wanted)
{
    const int at = (int)(e->steps % LAGS);
    const double in = rise(e->in_before, wanted), out = rise(e->shaped_before, e->shaped);
    for (int lag = 1; lag <= LAGS && lag <= e->steps; lag++) {
        const int before = (int)((e->steps - lag) % LAGS);
        e->match[LAGS + lag] += out * e->rises_in[before];
        e->match[LAGS - lag] += in * e->rises_out[before];
    }
    e->match[LAGS] += in * out;
    e->rises_in[at] = in;
    e->rises_out[at] = out;
    e->in_before = wanted;
    e->shaped_before = e->shaped;
    e->steps++;
}

/* A block, or a part of one. */
static void shape_block(struct envelope *e, float *out, int n)
{
    const float wanted = wanted_level(e, e->out_block);
    const float release = powf(e->release, (float)n / (float)e->block);
    e->out_level = follow(e->out_level, peak_of(out, n * e->channels), release);
    const float to = gain_for(wanted, e->out_level);
    if (2 * to < e->gain) /* what begins too early would be heard as a click */
        e->gain = to;
    for (int i = 0; i < n; i++) {
        const float gain = e->gain + (to - e->gain) * (float)(i + 1) / (float)n;
        for (int c = 0; c < e->channels; c++)
            out[i * e->channels + c] *= gain;
    }
    e->gain = to;
    e->shaped = follow(e->shaped, peak_of(out, n * e->channels), release);
    e->out_filled += n;
    if (e->out_filled < e->block)
        return;
    e->out_filled = 0;
    if (e->out_block++ % STEP == STEP - 1)
        measure(e, wanted);
}

void envelope_shape(struct envelope *e, float *out, int n)
{
    while (n > 0) {
        const int left = e->block - e->out_filled, take = n < left ? n : left;
        shape_block(e, out, take);
        out += (ptrdiff_t)take * e->channels;
        n -= take;
    }
}

int64_t envelope_lag_us(const struct envelope *e)
{
    int best = LAGS;
    double here = 0;
    for (int i = 0; i <= 2 * LAGS; i++) {
        if (e->match[i] > e->match[best])
            best = i;
        if (abs(i - LAGS) <= 3 && e->match[i] > here)
            here = e->match[i];
    }
    /* Something that repeats matches at other lags, too. */
    if (e->match[best] < RISE_LEAST || here > 0.7 * e->match[best])
        return 0;
    return (int64_t)(best - LAGS) * STEP * e->block * 1000000 / e->rate;
}

void envelope_close(struct envelope **e)
{
    if (!*e)
        return;
    free((*e)->in);
    free(*e);
    *e = NULL;
}
