/* Conversion between rows of samples in a frame and floats that hold sample values. */
#ifndef RIFEC_ENGINE_CPU_PIXELS_H
#define RIFEC_ENGINE_CPU_PIXELS_H

#include <stdint.h>

#include "rifec/frame.h"

static inline int sample_is_wide(const struct rifec_format *f, int c)
{
    return f->depth + f->comp[c].shift > 8;
}

/* out[i] = value of sample i in row y of component c. */
static inline void read_codes(const struct rifec_frame *frame, int c, int y, int n,
                              float *restrict out)
{
    const struct rifec_component k = frame->format.comp[c];
    const uint8_t *row = frame->data[k.plane] + y * frame->stride[k.plane] + k.offset;
    if (sample_is_wide(&frame->format, c)) {
        const uint16_t *wide = (const uint16_t *)(const void *)row;
        int step = k.step / 2;
        if (step == 1)
            for (int i = 0; i < n; i++)
                out[i] = (float)(wide[i] >> k.shift);
        else
            for (int i = 0; i < n; i++)
                out[i] = (float)(wide[i * step] >> k.shift);
    } else if (k.step == 1) {
        for (int i = 0; i < n; i++)
            out[i] = row[i];
    } else {
        for (int i = 0; i < n; i++)
            out[i] = row[i * k.step];
    }
}

/* Rounds to nearest and clamps to 0 .. max; NaN becomes 0. */
static inline int round_code(float v, float max)
{
    v = v > 0 ? v : 0;
    v = v < max ? v : max;
    return (int)(v + 0.5f);
}

static inline void write_codes(const struct rifec_frame *frame, int c, int y, int n,
                               float max, const float *restrict in)
{
    const struct rifec_component k = frame->format.comp[c];
    uint8_t *row = frame->data[k.plane] + y * frame->stride[k.plane] + k.offset;
    if (sample_is_wide(&frame->format, c)) {
        uint16_t *wide = (uint16_t *)(void *)row;
        int step = k.step / 2;
        for (int i = 0; i < n; i++)
            wide[i * step] = (uint16_t)(round_code(in[i], max) << k.shift);
    } else if (k.step == 1) {
        for (int i = 0; i < n; i++)
            row[i] = (uint8_t)round_code(in[i], max);
    } else {
        for (int i = 0; i < n; i++)
            row[i * k.step] = (uint8_t)round_code(in[i], max);
    }
}

#endif
