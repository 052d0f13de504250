/*
 * 1 / (1 + exp(-v)) in FP32 with additions and multiplications only, so that
 * every machine and C library gives the same bits.
 *
 * exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| <= ln 2 / 2, exp(r) by its
 * Taylor polynomial of degree 6 (truncation 1.2e-7 relative); the quotient is
 * good to 3e-7. NaN gives 0.5, so that it cannot spread.
 */
#ifndef RIFEC_MODEL_SIGMOID_H
#define RIFEC_MODEL_SIGMOID_H

#include <stdint.h>
#include <string.h>

static inline float sigmoid(float v)
{
    float x = -v;
    x = x > -80.0f ? x : (x == x ? -80.0f : 0.0f);
    x = x < 80.0f ? x : 80.0f;
    /* Adding 1.5 * 2^23 rounds to the nearest integer. */
    float n = x * 1.44269504f + 12582912.0f - 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f; /* ln 2 in two parts */
    float p = 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return 1.0f / (1.0f + p * power);
}

#endif
