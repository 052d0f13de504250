/*
 * The 3x3 convolution under conv_s2_c, resconv_c and encode_c, and the transposed one
 * under deconv_c and encode_c: plain loops that add up in one order (tap by tap, input
 * channel by input channel), so that the bits depend on nothing.
 */
#ifndef RIFEC_ENGINE_CPU_CONV_H
#define RIFEC_ENGINE_CPU_CONV_H

#include "engine/cpu/cpu.h"
#include "model/weights.h"

#define CONV_COUT_MAX NETWORK_CHANNELS_MAX
#define CONV_PIXELS   8 /* outputs side by side that share a weight while it is hot */

/*
 * acc[p][o] += in[.][y][x + p * step] * weight[.][o] for p in 0 .. pixels - 1,
 * where weight is [cin][cout] and pixels outside the picture count as zero.
 */
static inline void conv_tap(const struct tensor *in, int y, int x, int step, int pixels,
                            const float *weight, int cin, int cout,
                            float acc[CONV_PIXELS][CONV_COUT_MAX])
{
    if (y < 0 || y >= in->height)
        return;
    for (int i = 0; i < cin; i++, weight += cout) {
        size_t row = (size_t)(i / in->block) * in->height + y;
        const float *v = in->data + row * in->width * in->block + i % in->block;
        for (int p = 0; p < pixels; p++) {
            int at = x + p * step;
            if (at < 0 || at >= in->width)
                continue;
            float scalar = v[(size_t)at * in->block];
            for (int o = 0; o < cout; o++)
                acc[p][o] += scalar * weight[o];
        }
    }
}

/* The activation after output o. */
static inline float activate(const struct conv_layer *l, int o, float v)
{
    return v > 0 ? v : (l->slopes ? l->slopes[o] : LEAKY_SLOPE) * v;
}

/*
 * acc[p][.] = the transposed 4x4 convolution at output row Y and columns 2 (x + p) + px,
 * of stride 2 and padding 1, as a gather: kernel rows ky with ky = Y + 1 (mod 2) meet
 * input row (Y + 1 - ky) / 2, two of them, and columns likewise.
 */
static inline void transposed_conv(const struct conv_layer *l, const struct tensor *in,
                                   int Y, int px, int x, int pixels,
                                   float acc[CONV_PIXELS][CONV_COUT_MAX])
{
    for (int p = 0; p < pixels; p++)
        for (int o = 0; o < l->cout; o++)
            acc[p][o] = l->bias[o];
    for (int ky = (Y + 1) % 2; ky < 4; ky += 2) {
        for (int kx = (px + 1) % 2; kx < 4; kx += 2) {
            int k = ky * 4 + kx;
            int at_x = x + (px + 1 - kx) / 2; /* even, as Y + 1 - ky is */
            conv_tap(in, (Y + 1 - ky) / 2, at_x, 1, pixels,
                     l->weight + (size_t)k * l->cin * l->cout, l->cin, l->cout, acc);
        }
    }
}

/* One output row of conv_s2 (stride 2), resconv (stride 1, residual) or encode. */
static inline void conv_row(const struct conv_args *a, int y, int stride, int residual)
{
    const struct conv_layer *l = a->layer;
    const struct tensor *in = &a->in, *out = &a->out;
    float acc[CONV_PIXELS][CONV_COUT_MAX];
    residual = residual && !l->is_plain;
    for (int x = 0; x < out->width; x += CONV_PIXELS) {
        int pixels = out->width - x < CONV_PIXELS ? out->width - x : CONV_PIXELS;
        for (int p = 0; p < pixels; p++)
            for (int o = 0; o < l->cout; o++)
                acc[p][o] = l->bias[o];
        for (int k = 0; k < 9; k++)
            conv_tap(in, y * stride + k / 3 - 1, x * stride + k % 3 - 1, stride, pixels,
                     l->weight + (size_t)k * l->cin * l->cout, l->cin, l->cout, acc);
        for (int p = 0; p < pixels; p++) {
            for (int o = 0; o < out->channels; o++) {
                size_t row = (size_t)(o / out->block) * out->height + y;
                size_t at = (row * out->width + x + p) * out->block + o % out->block;
                if (o >= l->cout) {
                    out->data[at] = 0;
                    continue;
                }
                float v = activate(l, o, residual ? acc[p][o] + in->data[at] : acc[p][o]);
                out->data[at] = a->add_out ? v + out->data[at] : v;
            }
        }
    }
}

#endif
