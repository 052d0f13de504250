/* Linear taps, lazy flow and warp for one pixel: the definitions of ops.h as code. */
#ifndef RIFEC_ENGINE_CPU_SAMPLE_H
#define RIFEC_ENGINE_CPU_SAMPLE_H

#include "model/ops.h"

struct tap {
    int lo, hi;
    float f; /* weight of hi */
};

/* The position that pixel d of a resize by `ratio` reads in a source of n samples. */
static inline struct tap linear_tap(int d, float ratio, int n)
{
    float at = ((float)d + 0.5f) * ratio - 0.5f;
    at = at > 0 ? at : 0;
    int lo = (int)at;
    lo = lo < n - 1 ? lo : n - 1;
    return (struct tap){ lo, lo < n - 1 ? lo + 1 : lo, at - (float)lo };
}

static inline float lerp(float lo, float hi, float f)
{
    return lo + (hi - lo) * f;
}

/* Flow and mask at full-resolution pixel (x, y). */
static inline void lazy_flow(const struct level *levels, int count, int x, int y,
                             float sum[LEVEL_CHANNELS])
{
    for (int c = 0; c < LEVEL_CHANNELS; c++)
        sum[c] = 0;
    for (int l = 0; l < count; l++) {
        const struct level *v = &levels[l];
        struct tap tx = linear_tap(x, 1 / v->scale, v->width);
        struct tap ty = linear_tap(y, 1 / v->scale, v->height);
        size_t top = (size_t)ty.lo * v->width, bottom = (size_t)ty.hi * v->width;
        for (int c = 0; c < 4; c++) {
            const float *p = v->flow + c;
            float left = lerp(p[4 * (top + tx.lo)], p[4 * (bottom + tx.lo)], ty.f);
            float right = lerp(p[4 * (top + tx.hi)], p[4 * (bottom + tx.hi)], ty.f);
            sum[c] += lerp(left, right, tx.f) * v->scale;
        }
        float left = lerp(v->mask[top + tx.lo], v->mask[bottom + tx.lo], ty.f);
        float right = lerp(v->mask[top + tx.hi], v->mask[bottom + tx.hi], ty.f);
        sum[4] = (v->replaces_mask ? 0 : sum[4]) + lerp(left, right, tx.f);
    }
}

/* The level's features at full-resolution pixel (x, y). */
static inline void lazy_features(const struct level *v, int x, int y,
                                 float out[LEVEL_FEATURES])
{
    struct tap tx = linear_tap(x, 1 / v->scale, v->width);
    struct tap ty = linear_tap(y, 1 / v->scale, v->height);
    size_t top = (size_t)ty.lo * v->width, bottom = (size_t)ty.hi * v->width;
    for (int c = 0; c < LEVEL_FEATURES; c++) {
        const float *p = v->features + c;
        float left = lerp(p[LEVEL_FEATURES * (top + tx.lo)],
                          p[LEVEL_FEATURES * (bottom + tx.lo)], ty.f);
        float right = lerp(p[LEVEL_FEATURES * (top + tx.hi)],
                           p[LEVEL_FEATURES * (bottom + tx.hi)], ty.f);
        out[c] = lerp(left, right, tx.f);
    }
}

static inline float clamp_to(float v, float lo, float hi)
{
    v = v > lo ? v : lo; /* NaN becomes lo */
    return v < hi ? v : hi;
}

/*
 * The first `channels` of the image at (x + flow_x, y + flow_y); with `unit`, of
 * its values clamped to 0..1.
 */
static inline void warp(const struct image *im, int x, int y, const float flow[2],
                        int unit, int channels, float *out)
{
    float px = clamp_to((float)x + flow[0], 0, (float)(im->width_padded - 1));
    float py = clamp_to((float)y + flow[1], 0, (float)(im->height_padded - 1));
    int x0 = (int)px, y0 = (int)py;
    int x1 = x0 < im->width_padded - 1 ? x0 + 1 : x0;
    int y1 = y0 < im->height_padded - 1 ? y0 + 1 : y0;
    float fx = px - (float)x0, fy = py - (float)y0;
    const float *row0 = im->data + (size_t)y0 * im->width_padded * 4;
    const float *row1 = im->data + (size_t)y1 * im->width_padded * 4;
    for (int c = 0; c < channels; c++) {
        float v00 = row0[x0 * 4 + c], v01 = row0[x1 * 4 + c];
        float v10 = row1[x0 * 4 + c], v11 = row1[x1 * 4 + c];
        if (unit) {
            v00 = clamp_to(v00, 0, 1), v01 = clamp_to(v01, 0, 1);
            v10 = clamp_to(v10, 0, 1), v11 = clamp_to(v11, 0, 1);
        }
        out[c] = lerp(lerp(v00, v10, fy), lerp(v01, v11, fy), fx);
    }
}

#endif
