/*
 * deconv by oneDNN: the four phases of the transposed convolution, each a 2x2
 * convolution of the input, into scratch; then the pixel shuffle.
 *
 * Phase (py, px) makes outputs (2y + py, 2x + px). Its rows: for py = 0 kernel
 * row 3 at y - 1 and 1 at y, for py = 1 kernel row 2 at y and 0 at y + 1;
 * columns likewise. Its channels, 20, 52 or 5, are rounded up to whole blocks.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/cpu/dnn.h"

struct deconv_plan {
    struct dnn_conv *phase[2][2];
};

static const int kernel_index[2][2] = { { 3, 1 }, { 2, 0 } };

#define CHANNELS_MAX (LEVEL_CHANNELS + LEVEL_FEATURES)

static int phase_channels(const struct conv_layer *l, int block)
{
    return (l->cout + block - 1) / block * block;
}

/* weight[2][2][inputs][channels] of one phase, spare channels zero. */
static void phase_weights(const struct conv_layer *l, int py, int px, int inputs,
                          int channels, float *weight)
{
    memset(weight, 0, 4 * (size_t)inputs * (size_t)channels * sizeof *weight);
    for (int k = 0; k < 4; k++) {
        int tap = kernel_index[py][k / 2] * 4 + kernel_index[px][k % 2];
        for (int i = 0; i < l->cin; i++)
            memcpy(weight + (k * inputs + i) * channels,
                   l->weight + (tap * l->cin + i) * l->cout,
                   (size_t)l->cout * sizeof *weight);
    }
}

int deconv_dnn_open(struct dnn *d, struct conv_layer *layer, const struct tensor *in)
{
    int err = 0, channels = phase_channels(layer, in->block);
    float bias[DECONV_SCRATCH(4 * CHANNELS_MAX) / 4] = { 0 };
    memcpy(bias, layer->bias, (size_t)layer->cout * sizeof *bias);
    struct deconv_plan *plan = dnn_own(d, calloc(1, sizeof *plan));
    const int inputs = in->channels;
    float *weight = mem_alloc(4 * (size_t)inputs * (size_t)channels * sizeof *weight);
    if (!plan || !weight) {
        err = mem_fail("the weights");
        goto fail;
    }
    for (int p = 0; p < 4; p++) {
        int py = p / 2, px = p % 2;
        phase_weights(layer, py, px, inputs, channels, weight);
        TRY(dnn_conv_open(d, &plan->phase[py][px],
                          &(struct dnn_conv_desc){ .cin = inputs,
                                                   .cout = channels,
                                                   .height = in->height,
                                                   .width = in->width,
                                                   .block = in->block,
                                                   .kernel_h = 2,
                                                   .kernel_w = 2,
                                                   .stride = 1,
                                                   .pad_top = !py,
                                                   .pad_left = !px,
                                                   .pad_bottom = py,
                                                   .pad_right = px,
                                                   .weight = weight,
                                                   .bias = bias }));
    }
    layer->plan = plan;
fail:
    mem_free(weight);
    return err;
}

/* Row y of one phase without a pixel shuffle: its channels are those of a pixel. */
static void plain_row(const struct deconv_args *a, int phase, size_t phase_floats, int y)
{
    int w = a->in.width, block = a->in.block;
    const float *in = a->scratch + phase * phase_floats + (size_t)y * w * block;
    for (int x = 0; x < w; x++, in += block) {
        int row = 2 * y + phase / 2, col = 2 * x + phase % 2;
        size_t at = (size_t)row * a->out.width + col;
        for (int i = 0; i < 4; i++)
            a->out.flow[4 * at + i] = in[i];
        a->out.mask[at] = in[4]; /* a block has eight channels or more */
    }
}

/*
 * Row y of one phase becomes two rows of out. Its channels 4c + 2i + j are the
 * channels c of a 2x2 square of pixels (i, j).
 */
static void shuffle_row(const struct deconv_args *a, int phase, size_t phase_floats,
                        int y)
{
    int w = a->in.width, block = a->in.block, channels = a->layer->cout / 4;
    size_t plane = (size_t)a->in.height * w * block;
    const float *in = a->scratch + phase * phase_floats + (size_t)y * w * block;
    for (int x = 0; x < w; x++, in += block) {
        const float *c[CHANNELS_MAX]; /* the four pixels' channel c */
        for (int i = 0; i < channels; i++)
            c[i] = in + 4 * i / block * plane + 4 * i % block;
        for (int p = 0; p < 4; p++) {
            int row = 4 * y + phase / 2 * 2 + p / 2, col = 4 * x + phase % 2 * 2 + p % 2;
            size_t at = (size_t)row * a->out.width + col;
            for (int i = 0; i < 4; i++)
                a->out.flow[4 * at + i] = c[i][p];
            a->out.mask[at] = c[4][p];
            for (int i = LEVEL_CHANNELS; i < channels; i++)
                a->out.features[LEVEL_FEATURES * at + i - LEVEL_CHANNELS] = c[i][p];
        }
    }
}

int deconv_dnn(const struct deconv_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
    const struct deconv_plan *plan = a->layer->plan;
    const bool is_plain = a->out.width == 2 * a->in.width;
    size_t phase_floats = (size_t)phase_channels(a->layer, a->in.block) *
                          (size_t)a->in.height * (size_t)a->in.width;
    for (int p = 0; p < 4; p++) {
        int err = dnn_conv_run(plan->phase[p / 2][p % 2], a->in.data,
                               a->scratch + (size_t)p * phase_floats);
        if (err < 0)
            return err;
    }
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int y = 0; y < a->in.height; y++)
        for (int p = 0; p < 4; p++)
            (is_plain ? plain_row : shuffle_row)(a, p, phase_floats, y);
    return 0;
}
