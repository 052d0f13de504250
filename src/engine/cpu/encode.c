/* encode, the reference: its convolutions, one after the other. */
#include "engine/cpu/conv.h"
#include "engine/cpu/sample.h"

/* The first convolution, from the picture: its clamped colours are three channels. */
static void image_row(const struct encode_args *a, int y)
{
    const struct conv_layer *l = &a->layers[0];
    const struct image *im = &a->image;
    const struct tensor *out = &a->ping;
    float acc[CONV_COUT_MAX];
    for (int x = 0; x < out->width; x++) {
        for (int o = 0; o < l->cout; o++)
            acc[o] = l->bias[o];
        for (int k = 0; k < 9; k++) {
            int at_y = 2 * y + k / 3 - 1, at_x = 2 * x + k % 3 - 1;
            if (at_y < 0 || at_x < 0)
                continue; /* sizes are even: neither is beyond the other edges */
            const float *rgb = im->data + 4 * ((size_t)at_y * im->width_padded + at_x);
            const float *weight = l->weight + (size_t)k * l->cin * l->cout;
            for (int i = 0; i < l->cin; i++, weight += l->cout)
                for (int o = 0; o < l->cout; o++)
                    acc[o] += clamp_to(rgb[i], 0, 1) * weight[o];
        }
        for (int o = 0; o < l->cout; o++) {
            size_t row = (size_t)(o / out->block) * out->height + y;
            out->data[(row * out->width + x) * out->block + o % out->block] =
                activate(l, o, acc[o]);
        }
    }
}

/* Row Y of the last, the transposed convolution. */
static void features_row(const struct encode_args *a, int Y)
{
    const struct conv_layer *l = &a->layers[a->count - 1];
    const struct tensor *in = &a->ping;
    float acc[CONV_PIXELS][CONV_COUT_MAX];
    float *rows[FEATURES_MAX / 4];
    for (int i = 0; i < l->cout; i += 4) {
        struct image im = features_image(&a->out, i);
        rows[i / 4] = im.data + 4 * (size_t)Y * im.width_padded;
    }
    for (int px = 0; px < 2; px++)
        for (int x = 0; x < in->width; x += CONV_PIXELS) {
            int pixels = in->width - x < CONV_PIXELS ? in->width - x : CONV_PIXELS;
            transposed_conv(l, in, Y, px, x, pixels, acc);
            for (int p = 0; p < pixels; p++)
                for (int o = 0; o < l->cout; o++)
                    rows[o / 4][4 * (2 * (x + p) + px) + o % 4] = acc[p][o];
        }
}

int C_NAME(encode)(const struct encode_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
    const struct conv_args second = { .in = a->ping,
                                      .out = a->pong,
                                      .layer = &a->layers[1] };
    const struct conv_args third = { .in = a->pong,
                                     .out = a->ping,
                                     .layer = &a->layers[2] };
#pragma omp parallel num_threads(s->threads)
    {
#pragma omp for schedule(static)
        for (int y = 0; y < a->ping.height; y++)
            image_row(a, y);
        if (a->count > 2) {
#pragma omp for schedule(static)
            for (int y = 0; y < a->ping.height; y++)
                conv_row(&second, y, 1, 0);
#pragma omp for schedule(static)
            for (int y = 0; y < a->ping.height; y++)
                conv_row(&third, y, 1, 0);
        }
#pragma omp for schedule(static)
        for (int Y = 0; Y < 2 * a->ping.height; Y++)
            features_row(a, Y);
    }
    return 0;
}
