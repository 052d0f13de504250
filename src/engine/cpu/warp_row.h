/*
 * Lazy flow for a whole row, and warps of both images from it: what gather_row
 * and blend_row share. Same values as sample.h, in the same order.
 *
 *     level rows, lerped vertically      [width + 1][8]   x0 y0 x1 y1 m . . .
 *     flow of the wanted columns         [columns][8]     summed over levels
 */
#ifndef RIFEC_ENGINE_CPU_WARP_ROW_H
#define RIFEC_ENGINE_CPU_WARP_ROW_H

#include "engine/cpu/sample.h"
#include "engine/cpu/simd.h"
#include "model/weights.h"

/* The columns of the full-resolution row that are needed, and their positions in
 * levels. */
struct columns {
    int count;
    int *
        lo[NETWORK_BLOCKS_MAX]; /* [count] left sample in the lerped level row, times 8 */
    float *f[NETWORK_BLOCKS_MAX];
};

/* Column number i of `count` is x[i]. Takes its tables from *scratch. */
static inline struct columns make_columns(const struct level *levels, int level_count,
                                          const int *x, int count, float **scratch)
{
    struct columns c = { .count = count };
    for (int l = 0; l < level_count; l++) {
        c.lo[l] = (int *)(void *)*scratch;
        c.f[l] = *scratch + count;
        *scratch += 2 * (size_t)count;
        for (int i = 0; i < count; i++) {
            struct tap t = linear_tap(x[i], 1 / levels[l].scale, levels[l].width);
            c.lo[l][i] = 8 * t.lo;
            c.f[l][i] = t.f;
        }
    }
    return c;
}

/* The level's row under full-resolution row y, times its scale. */
static inline void level_row(const struct level *v, int y, float *restrict row)
{
    struct tap t = linear_tap(y, 1 / v->scale, v->height);
    const float *restrict flow_lo = v->flow + 4 * (size_t)t.lo * v->width;
    const float *restrict flow_hi = v->flow + 4 * (size_t)t.hi * v->width;
    const float *restrict mask_lo = v->mask + (size_t)t.lo * v->width;
    const float *restrict mask_hi = v->mask + (size_t)t.hi * v->width;
    v4 f = v4_all(t.f), scale = v4_all(v->scale);
    for (int i = 0; i < v->width; i++) {
        v4 flow = v4_lerp(v4_load(flow_lo + 4 * i), v4_load(flow_hi + 4 * i), f);
        v4_store(row + 8 * i, flow * scale); /* a power of two: exact */
        row[8 * i + 4] = lerp(mask_lo[i], mask_hi[i], t.f);
    }
    /* One more, so that the sample after the last can be read. */
    memcpy(row + 8 * (size_t)v->width, row + 8 * (size_t)(v->width - 1), 8 * sizeof *row);
}

/* Flow and mask of row y at the wanted columns; row is scratch for level_row(). */
static inline void flow_row(const struct level *levels, int level_count,
                            const struct columns *c, int y, float *restrict flow,
                            float *restrict row)
{
    memset(flow, 0, 8 * (size_t)c->count * sizeof *flow);
    for (int l = 0; l < level_count; l++) {
        const int *restrict lo = c->lo[l];
        const float *restrict f = c->f[l];
        level_row(&levels[l], y, row);
        for (int i = 0; levels[l].replaces_mask && i < c->count; i++)
            flow[8 * i + 4] = 0;
        for (int i = 0; i < c->count; i++)
            add_lerp8(flow + 8 * i, row + lo[i], f[i]);
    }
}

static inline v4 fetch(const float *p, int unit)
{
    v4 v = v4_load(p);
    return unit ? v4_clamp(v, v4_all(0), v4_all(1)) : v;
}

/* Bilinear between four neighbours; right and down are 0 at the last column and row. */
static inline v4 bilinear(const float *p, size_t right, size_t down, float fx, float fy,
                          int unit)
{
    v4 y = v4_all(fy);
    v4 left = v4_lerp(fetch(p, unit), fetch(p + down, unit), y);
    v4 next = v4_lerp(fetch(p + right, unit), fetch(p + down + right, unit), y);
    return v4_lerp(left, next, v4_all(fx));
}

/* The same with right = 4: the two pixels of a row are one load. */
static inline v4 bilinear_pairs(const float *p, size_t down, float fx, float fy, int unit)
{
#ifdef __AVX__
    __m256 top = _mm256_loadu_ps(p), bottom = _mm256_loadu_ps(p + down);
    if (unit) {
        __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1);
        top = _mm256_min_ps(_mm256_max_ps(top, zero), one);
        bottom = _mm256_min_ps(_mm256_max_ps(bottom, zero), one);
    }
    __m256 both = top + (bottom - top) * _mm256_set1_ps(fy);
    v4 left = (v4)_mm256_castps256_ps128(both), next = (v4)_mm256_extractf128_ps(both, 1);
    return v4_lerp(left, next, v4_all(fx));
#else
    return bilinear(p, 4, down, fx, fy, unit);
#endif
}

/* Both images of one size at (x, y) + flow; see warp(). */
static inline void warp_both(const struct image *image0, const struct image *image1,
                             int x, int y, v4 flow, int unit, v4 *out0, v4 *out1)
{
    float fx = (float)x, fy = (float)y;
    float last_x = (float)(image0->width_padded - 1);
    float last_y = (float)(image0->height_padded - 1);
    v4 last = { last_x, last_y, last_x, last_y };
    v4 at = v4_clamp((v4){ fx, fy, fx, fy } + flow, v4_all(0), last);
    v4i lo = v4_to_int(at);
    v4 f = at - v4_to_float(lo);
    v4i step = v4_to_float(lo) < last; /* -1 where there is a next sample */
    size_t stride = 4 * (size_t)image0->width_padded;
    if (step[0] & step[2]) { /* not in the last column */
        const float *p0 = image0->data + (size_t)lo[1] * stride + 4 * (size_t)lo[0];
        const float *p1 = image1->data + (size_t)lo[3] * stride + 4 * (size_t)lo[2];
        *out0 = bilinear_pairs(p0, stride & (size_t)step[1], f[0], f[1], unit);
        *out1 = bilinear_pairs(p1, stride & (size_t)step[3], f[2], f[3], unit);
        return;
    }
    *out0 = bilinear(image0->data + (size_t)lo[1] * stride + 4 * (size_t)lo[0],
                     4 & (size_t)step[0], stride & (size_t)step[1], f[0], f[1], unit);
    *out1 = bilinear(image1->data + (size_t)lo[3] * stride + 4 * (size_t)lo[2],
                     4 & (size_t)step[2], stride & (size_t)step[3], f[2], f[3], unit);
}

#endif
