/*
 * What kernels share: linear taps, lazy flow and warp for one pixel, in the words
 * of ops.h (the C of it is engine/cpu/sample.h), and samples of a frame.
 */
#ifndef RIFEC_KERNELS_COMMON_CUH
#define RIFEC_KERNELS_COMMON_CUH

#include <cuda_fp16.h>

#include "model/yuv.h"
#include "rifec_kernels.h"

static inline cudaStream_t stream_of(const void *stream)
{
    return ((const struct cuda_stream *)stream)->stream;
}

static inline unsigned div_up(int n, int by)
{
    return (unsigned)((n + by - 1) / by);
}

/* --- numbers -------------------------------------------------------------- */

__device__ static inline float lerp(float lo, float hi, float f)
{
    return fmaf(hi - lo, f, lo);
}

__device__ static inline float4 lerp(float4 lo, float4 hi, float f)
{
    return make_float4(lerp(lo.x, hi.x, f), lerp(lo.y, hi.y, f), lerp(lo.z, hi.z, f),
                       lerp(lo.w, hi.w, f));
}

__device__ static inline float4 unit4(float4 v)
{
    return make_float4(__saturatef(v.x), __saturatef(v.y), __saturatef(v.z),
                       __saturatef(v.w));
}

/* Pixels of an image, whatever they are stored as. */
__device__ static inline float4 pixel(const float4 *data, int at)
{
    return __ldg(data + at);
}

struct half4 {
    uint2 bits; /* R and G, B and alpha */
};

__device__ static inline float4 pixel(const half4 *data, int at)
{
    uint2 bits = __ldg(&data[at].bits);
    float2 lo = __half22float2(*(__half2 *)&bits.x);
    float2 hi = __half22float2(*(__half2 *)&bits.y);
    return make_float4(lo.x, lo.y, hi.x, hi.y);
}

__device__ static inline void put_pixel(float4 *data, int at, float4 v)
{
    data[at] = v;
}

__device__ static inline void put_pixel(half4 *data, int at, float4 v)
{
    __half2 lo = __floats2half2_rn(v.x, v.y), hi = __floats2half2_rn(v.z, v.w);
    data[at].bits = make_uint2(*(unsigned *)&lo, *(unsigned *)&hi);
}

/* --- linear taps, lazy flow, warp ----------------------------------------------- */

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

/* Levels with what each pixel needs of them worked out beforehand. */
struct levels {
    const float4 *flow[IFNET_BLOCKS];
    const float *mask[IFNET_BLOCKS];
    int width[IFNET_BLOCKS], height[IFNET_BLOCKS];
    float scale[IFNET_BLOCKS], ratio[IFNET_BLOCKS];
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
    return l;
}

template <int count>
__device__ static inline motion lazy_flow(const levels &l, int x, int y)
{
    motion m = { make_float4(0, 0, 0, 0), 0 };
#pragma unroll
    for (int i = 0; i < count; i++) {
        tap tx = linear_tap(x, l.ratio[i], l.width[i]);
        tap ty = linear_tap(y, l.ratio[i], l.height[i]);
        int top = ty.lo * l.width[i], bottom = ty.hi * l.width[i];
        const float4 *f = l.flow[i];
        float4 left = lerp(__ldg(f + top + tx.lo), __ldg(f + bottom + tx.lo), ty.f);
        float4 right = lerp(__ldg(f + top + tx.hi), __ldg(f + bottom + tx.hi), ty.f);
        float4 v = lerp(left, right, tx.f);
        m.flow.x = fmaf(v.x, l.scale[i], m.flow.x);
        m.flow.y = fmaf(v.y, l.scale[i], m.flow.y);
        m.flow.z = fmaf(v.z, l.scale[i], m.flow.z);
        m.flow.w = fmaf(v.w, l.scale[i], m.flow.w);
        const float *k = l.mask[i];
        float l0 = lerp(__ldg(k + top + tx.lo), __ldg(k + bottom + tx.lo), ty.f);
        float l1 = lerp(__ldg(k + top + tx.hi), __ldg(k + bottom + tx.hi), ty.f);
        m.mask += lerp(l0, l1, tx.f);
    }
    return m;
}

/* The image at (x + dx, y + dy), clamped to the padded picture; NaN counts as 0. */
template <bool unit, typename P>
__device__ static inline float4 warp(const P *im, int width, int height, int x, int y,
                                     float dx, float dy)
{
    float px = fminf(fmaxf((float)x + dx, 0), (float)(width - 1));
    float py = fminf(fmaxf((float)y + dy, 0), (float)(height - 1));
    int x0 = (int)px, y0 = (int)py;
    int x1 = min(x0 + 1, width - 1), y1 = min(y0 + 1, height - 1);
    float fx = px - (float)x0, fy = py - (float)y0;
    float4 v00 = pixel(im, y0 * width + x0), v01 = pixel(im, y0 * width + x1);
    float4 v10 = pixel(im, y1 * width + x0), v11 = pixel(im, y1 * width + x1);
    if (unit)
        v00 = unit4(v00), v01 = unit4(v01), v10 = unit4(v10), v11 = unit4(v11);
    return lerp(lerp(v00, v10, fy), lerp(v01, v11, fy), fx);
}

__device__ static inline float sigmoid_of(float v)
{
    return v == v ? 1 / (1 + expf(-v)) : 0.5f;
}

/* --- samples of a frame ----------------------------------------------------------- */

__device__ static inline uint8_t *sample_at(const struct rifec_frame &f, int c, int x,
                                            int y)
{
    const struct rifec_component k = f.format.comp[c];
    return f.data[k.plane] + y * f.stride[k.plane] + x * k.step + k.offset;
}

__device__ static inline bool sample_is_wide(const struct rifec_format &f, int c)
{
    return f.depth + f.comp[c].shift > 8;
}

__device__ static inline float code_at(const struct rifec_frame &f, int c, int x, int y)
{
    const uint8_t *at = sample_at(f, c, x, y);
    if (sample_is_wide(f.format, c))
        return (float)(*(const uint16_t *)at >> f.format.comp[c].shift);
    return (float)*at;
}

/* Rounds to nearest and clamps to 0 .. max; NaN becomes 0. */
__device__ static inline void put_code(const struct rifec_frame &f, int c, int x, int y,
                                       float v, float max)
{
    int code = (int)(fminf(fmaxf(v, 0), max) + 0.5f);
    uint8_t *at = sample_at(f, c, x, y);
    if (sample_is_wide(f.format, c))
        *(uint16_t *)at = (uint16_t)(code << f.format.comp[c].shift);
    else
        *at = (uint8_t)code;
}

__device__ static inline bool format_has(const struct rifec_format &f, int c)
{
    return c == 0 || (c == 3 ? f.comp[3].step != 0 : f.family != RIFEC_FAMILY_GRAY);
}

#endif
