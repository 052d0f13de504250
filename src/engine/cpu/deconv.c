/* deconv, the reference. */
#include "engine/cpu/conv.h"

/* The position of channel c of pixel number `at`. */
static inline float *output(const struct level *out, size_t at, int c)
{
    if (c >= LEVEL_CHANNELS)
        return &out->features[LEVEL_FEATURES * at + c - LEVEL_CHANNELS];
    return c < 4 ? &out->flow[4 * at + c] : &out->mask[at];
}

/* The transposed convolution's row Y, columns of one parity px, shuffled into out: each
 * of its pixels is n x n there. */
static void deconv_row(const struct deconv_args *a, int Y, int px)
{
    const struct conv_layer *l = a->layer;
    const struct tensor *in = &a->in;
    const int n = a->out.width / (2 * in->width);
    float acc[CONV_PIXELS][CONV_COUT_MAX];
    for (int x = 0; x < in->width; x += CONV_PIXELS) {
        int pixels = in->width - x < CONV_PIXELS ? in->width - x : CONV_PIXELS;
        transposed_conv(l, in, Y, px, x, pixels, acc);
        for (int p = 0; p < pixels; p++) {
            for (int o = 0; o < l->cout; o++) {
                int row = n * Y + o / n % n, col = n * (2 * (x + p) + px) + o % n;
                size_t at = (size_t)row * a->out.width + col;
                *output(&a->out, at, o / (n * n)) = acc[p][o];
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
