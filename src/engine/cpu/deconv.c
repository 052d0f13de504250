/*
 * deconv, the reference, as a gather: the transposed convolution's output
 * (Y, X) takes kernel rows ky with ky = Y + 1 (mod 2) from input row
 * (Y + 1 - ky) / 2, two of them, and columns likewise.
 */
#include "engine/cpu/conv.h"

/* The transposed convolution's row Y, columns of one parity px, shuffled into out. */
static void deconv_row(const struct deconv_args *a, int Y, int px)
{
    const struct conv_layer *l = a->layer;
    const struct tensor *in = &a->in;
    float acc[CONV_PIXELS][CONV_COUT_MAX];
    for (int x = 0; x < in->width; x += CONV_PIXELS) {
        int pixels = in->width - x < CONV_PIXELS ? in->width - x : CONV_PIXELS;
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
        for (int p = 0; p < pixels; p++) {
            for (int o = 0; o < l->cout; o++) {
                int row = 2 * Y + o / 2 % 2, col = 2 * (2 * (x + p) + px) + o % 2;
                size_t at = (size_t)row * a->out.width + col;
                *(o < 16 ? &a->out.flow[4 * at + o / 4] : &a->out.mask[at]) = acc[p][o];
            }
        }
    }
}

int C_NAME(deconv)(const struct deconv_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int Y = 0; Y < 2 * a->in.height; Y++) {
        deconv_row(a, Y, 0);
        deconv_row(a, Y, 1);
    }
    return 0;
}
