/*
 * Lazy flow and warp, in the words of ops.h; the C of it is engine/cpu/sample.h.
 *
 * Strips. One thread works on four pixels below each other, y = 4k .. 4k + 3, so
 * that what neighbours need of the coarse levels is read and interpolated once:
 * of levels of scale 8, 4, 2 and 1 those are 2, 3, 4 and 4 rows instead of 8, 8, 8
 * and 4. (Below, not beside: then the loads of a warp still lie side by side.)
 *
 *     scale   rows                            of which pixels use
 *     8       y0/8 - 1/2 rounded down, next   all both
 *     4       k - 1, k, k + 1                 0 and 1 the first two, 2 and 3 the last
 *     2       2k - 1 .. 2k + 2                0 the first two, 1 and 2 the middle, 3 the
 *                                             last
 *     1       4k .. 4k + 3                    one each
 */
#ifndef RIFEC_KERNELS_MOTION_CUH
#define RIFEC_KERNELS_MOTION_CUH

#include "common.cuh"

struct tap {
    int lo, hi;
    float f; /* weight of hi */
};

__device__ static inline tap linear_tap(int d, float ratio, int n)
{
    float at = fmaxf(fmaf((float)d + 0.5f, ratio, -0.5f), 0);
    int lo = min((int)at, n - 1);
    return tap{ lo, min(lo + 1, n - 1), at - (float)lo };
}

struct motion {
    float4 flow;
    float mask;
};

/* Levels with per-level constants precomputed. */
struct levels {
    const float4 *flow[CUDA_LEVELS];
    const float *mask[CUDA_LEVELS];
    int width[CUDA_LEVELS], height[CUDA_LEVELS];
    float scale[CUDA_LEVELS], ratio[CUDA_LEVELS];
    bool last_in_half;
};

static inline levels make_levels(const struct level *v, int count)
{
    levels l = {};
    for (int i = 0; i < count; i++) {
        l.flow[i] = (const float4 *)v[i].flow;
        l.mask[i] = v[i].mask;
        l.width[i] = v[i].width;
        l.height[i] = v[i].height;
        l.scale[i] = v[i].scale;
        l.ratio[i] = 1 / v[i].scale;
    }
    l.last_in_half = count == CUDA_LEVELS && v[count - 1].dtype == DTYPE_FP16;
    return l;
}

__device__ static inline motion lerp(const motion &lo, const motion &hi, float f)
{
    return motion{ lerp(lo.flow, hi.flow, f), lerp(lo.mask, hi.mask, f) };
}

__device__ static inline void add(motion &m, const motion &v, float scale)
{
    m.flow.x = fmaf(v.flow.x, scale, m.flow.x);
    m.flow.y = fmaf(v.flow.y, scale, m.flow.y);
    m.flow.z = fmaf(v.flow.z, scale, m.flow.z);
    m.flow.w = fmaf(v.flow.w, scale, m.flow.w);
    m.mask += v.mask;
}

__device__ static inline motion level_at(const levels &l, int i, int row, int column)
{
    int at = row * l.width[i] + column;
    if (i == CUDA_LEVELS - 1 && l.last_in_half)
        return motion{ pixel((const half4 *)l.flow[i], at),
                       __half2float(__ldg((const __half *)l.mask[i] + at)) };
    return motion{ __ldg(l.flow[i] + at), __ldg(l.mask[i] + at) };
}

template <int count>
__device__ static inline motion lazy_flow(const levels &l, int x, int y)
{
    motion m = { make_float4(0, 0, 0, 0), 0 };
#pragma unroll
    for (int i = 0; i < count; i++) {
        tap tx = linear_tap(x, l.ratio[i], l.width[i]);
        tap ty = linear_tap(y, l.ratio[i], l.height[i]);
        motion left =
            lerp(level_at(l, i, ty.lo, tx.lo), level_at(l, i, ty.hi, tx.lo), ty.f);
        motion right =
            lerp(level_at(l, i, ty.lo, tx.hi), level_at(l, i, ty.hi, tx.hi), ty.f);
        add(m, lerp(left, right, tx.f), l.scale[i]);
    }
    return m;
}

/* --- strips --------------------------------------------------------------- */

#define STRIP 4

/* Whether levels have the scales that strips are made for: 8, 4, 2, 1. */
static inline bool fit_strips(const struct level *v, int count)
{
    for (int i = 0; i < count; i++)
        if (v[i].scale != (float)(8 >> i))
            return false;
    return true;
}

/*
 * Adds level i, of scale `scale`, to the strips at columns x .. x + columns - 1, which
 * are in one cell of the level: columns is 1, or 2 with x even and scale > 2, or with x
 * odd and scale > 4. L is `levels`, or has what is used of it here: level_at() and size.
 */
template <int scale, int columns, typename L>
__device__ static inline void add_level(motion m[columns][STRIP], const L &l, int i,
                                        int x, int y0)
{
    constexpr int rows = scale == 8 ? 2 : scale == 4 ? 3 : 4;
    if (scale == 1) {
#pragma unroll
        for (int j = 0; j < STRIP; j++)
            add(m[0][j], level_at(l, i, y0 + j, x), 1);
        return;
    }
    constexpr float ratio = 1.0f / scale;
    /* Not clamped to 0 as linear_tap() is: where lo is -1, both taps are column 0. */
    float at = fmaf((float)x + 0.5f, ratio, -0.5f), left = floorf(at);
    int lo = max((int)left, 0), hi = min((int)left + 1, l.width[i] - 1);
    int first = scale == 8 ? (y0 - 4) >> 3 : y0 / scale - 1;
    motion h[columns][rows];
#pragma unroll
    for (int r = 0; r < rows; r++) {
        int row = min(max(first + r, 0), l.height[i] - 1);
        motion a = level_at(l, i, row, lo), b = level_at(l, i, row, hi);
#pragma unroll
        for (int c = 0; c < columns; c++)
            h[c][r] = lerp(a, b, at - left + (float)c * ratio);
    }
    /* The position of pixel j below the middle of row `first`, in rows. */
    float y_at = scale == 8 ? fmaf((float)y0 + 0.5f, ratio, -0.5f) - (float)first
                            : 0.5f + 0.5f * ratio;
#pragma unroll
    for (int j = 0; j < STRIP; j++) {
        int r = scale == 8 ? 0 : scale == 4 ? j / 2 : (j + 1) / 2;
        float f = y_at + (float)j * ratio - (float)r;
#pragma unroll
        for (int c = 0; c < columns; c++)
            add(m[c][j], lerp(h[c][r], h[c][r + 1], f), scale);
    }
}

/* The flow and mask of strips at columns x .. from levels of scale 8, 4, ... */
template <int count, int columns, typename L>
__device__ static inline void strip_flow(motion m[columns][STRIP], const L &l, int x,
                                         int y0)
{
#pragma unroll
    for (int c = 0; c < columns; c++)
#pragma unroll
        for (int j = 0; j < STRIP; j++)
            m[c][j] = motion{ make_float4(0, 0, 0, 0), 0 };
    if (count > 0)
        add_level<8, columns>(m, l, 0, x, y0);
    if (count > 1)
        add_level<4, columns>(m, l, 1, x, y0);
    if (count > 2)
        add_level<2, columns>(m, l, 2, x, y0);
    if (count > 3)
        add_level<1, columns>(m, l, 3, x, y0);
}

/* --- warp ----------------------------------------------------------------- */

/* An image as kernels read it: pixels, interpolated in FP32, ... */
template <typename P> struct pixels {
    const P *data;
    int width, height;
};

/*
 * ... or by the texture unit, which clamps, interpolates and converts FP16 in one
 * instruction instead of some sixty. Its weights have eight bits: a value is off by up
 * to 1/256 of the contrast of neighbours.
 */
struct filtered {
    cudaTextureObject_t texture;
};

template <typename P> static inline void read_image(pixels<P> *s, const struct image *im)
{
    *s = pixels<P>{ (const P *)im->data, im->width_padded, im->height_padded };
}

static inline void read_image(filtered *s, const struct image *im)
{
    s->texture = im->texture;
}

/* Where along an axis of n >= 2 pixels a position lies: between pixel lo and the next.
 * NaN counts as 0. At the last pixel that is the one before, with weight 1. */
struct place {
    int lo;
    float f; /* weight of the next */
};

__device__ static inline place place_of(float at, int n)
{
    at = fminf(fmaxf(at, 0), (float)(n - 1));
    /* Adding 2^23, rounded down, leaves the whole part in the lowest bits. */
    float whole = __fadd_rd(fminf(at, (float)(n - 2)), 8388608.0f);
    return place{ __float_as_int(whole) - 0x4b000000, at - (whole - 8388608.0f) };
}

/* The image at (x + dx, y + dy), clamped to the padded picture; unit: its colours
 * clamped to 0..1, before they are interpolated or, by the texture unit, after. */
template <bool unit, typename P>
__device__ static inline float4 warp(const pixels<P> &im, int x, int y, float dx,
                                     float dy)
{
    place px = place_of((float)x + dx, im.width), py = place_of((float)y + dy, im.height);
    const P *top = im.data + py.lo * im.width + px.lo, *bottom = top + im.width;
    float4 v00 = pixel(top, 0), v01 = pixel(top, 1);
    float4 v10 = pixel(bottom, 0), v11 = pixel(bottom, 1);
    if (unit)
        v00 = unit4(v00), v01 = unit4(v01), v10 = unit4(v10), v11 = unit4(v11);
    return lerp(lerp(v00, v10, py.f), lerp(v01, v11, py.f), px.f);
}

template <bool unit>
__device__ static inline float4 warp(const filtered &im, int x, int y, float dx, float dy)
{
    /* A texel's middle is at 1/2. The maximum is for NaN. */
    float4 v = tex2D<float4>(im.texture, fmaxf((float)x + 0.5f + dx, 0),
                             fmaxf((float)y + 0.5f + dy, 0));
    return unit ? unit4(v) : v;
}

/* Its errors, of the fast exponential and division, are below 1e-6. */
__device__ static inline float sigmoid_of(float v)
{
    float m = __fdividef(1, 1 + __expf(-fminf(fmaxf(v, -80), 80)));
    return v == v ? m : 0.5f;
}

#endif
