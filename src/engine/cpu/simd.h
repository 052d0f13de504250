/*
 * Four floats at once, by the compilers' vector types: SSE, AVX or NEON, or
 * plain scalars, with the same bits. Comparisons follow sample.h's clamp_to():
 * NaN loses.
 */
#ifndef RIFEC_ENGINE_CPU_SIMD_H
#define RIFEC_ENGINE_CPU_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef float v4 __attribute__((vector_size(16)));
typedef int32_t v4i __attribute__((vector_size(16)));

static inline v4 v4_load(const float *p)
{
    v4 v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void v4_store(float *p, v4 v)
{
    memcpy(p, &v, sizeof v);
}

static inline v4 v4_all(float f)
{
    return (v4){ f, f, f, f };
}

/* lo if v is less or NaN, hi if v is more. */
static inline v4 v4_clamp(v4 v, v4 lo, v4 hi)
{
#ifdef __SSE2__
    return (v4)_mm_min_ps(_mm_max_ps((__m128)v, (__m128)lo), (__m128)hi);
#else
    for (int i = 0; i < 4; i++) {
        v[i] = v[i] > lo[i] ? v[i] : lo[i];
        v[i] = v[i] < hi[i] ? v[i] : hi[i];
    }
    return v;
#endif
}

/* Towards zero. */
static inline v4i v4_to_int(v4 v)
{
#ifdef __SSE2__
    return (v4i)_mm_cvttps_epi32((__m128)v);
#else
    return (v4i){ (int32_t)v[0], (int32_t)v[1], (int32_t)v[2], (int32_t)v[3] };
#endif
}

static inline v4 v4_to_float(v4i v)
{
#ifdef __SSE2__
    return (v4)_mm_cvtepi32_ps((__m128i)v);
#else
    return (v4){ (float)v[0], (float)v[1], (float)v[2], (float)v[3] };
#endif
}

static inline v4 v4_lerp(v4 lo, v4 hi, v4 f)
{
    return lo + (hi - lo) * f;
}

/* sum[0..7] += lerp(p[0..7], p[8..15], f) */
static inline void add_lerp8(float *sum, const float *p, float f)
{
#ifdef __AVX__
    __m256 lo = _mm256_loadu_ps(p), hi = _mm256_loadu_ps(p + 8);
    _mm256_storeu_ps(sum, _mm256_loadu_ps(sum) + (lo + (hi - lo) * _mm256_set1_ps(f)));
#else
    v4 share = v4_all(f);
    v4_store(sum, v4_load(sum) + v4_lerp(v4_load(p), v4_load(p + 8), share));
    v4_store(sum + 4, v4_load(sum + 4) + v4_lerp(v4_load(p + 4), v4_load(p + 12), share));
#endif
}

#endif
