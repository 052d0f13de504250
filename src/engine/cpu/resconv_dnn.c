/*
 * resconv by oneDNN. The residual is part of the convolution: adding one to
 * the centre tap of each channel's own weight adds the input, for nothing.
 * In FP32 that rounds each weight by at most 2^-24, less than adding the input
 * afterwards would round the sum.
 */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/cpu/dnn.h"

int resconv_dnn_open(struct dnn *d, struct conv_layer *layer, const struct tensor *in)
{
    const int c = in->channels, own = layer->cout;
    float bias[2 * NETWORK_CHANNELS_MAX] = { 0 };
    size_t floats = 9 * (size_t)c * (size_t)c;
    float *weight = mem_alloc(floats * sizeof *weight);
    if (!weight)
        return mem_fail("the weights");
    memset(weight, 0, floats * sizeof *weight);
    for (int k = 0; k < 9; k++)
        for (int i = 0; i < own; i++)
            memcpy(weight + (k * c + i) * c, layer->weight + (k * own + i) * own,
                   (size_t)own * sizeof *weight);
    for (int o = 0; o < own && !layer->is_plain; o++)
        weight[(4 * c + o) * c + o] += 1;
    memcpy(bias, layer->bias, (size_t)own * sizeof *bias);
    struct dnn_conv *plan = NULL;
    int err = dnn_conv_open(d, &plan,
                            &(struct dnn_conv_desc){ .cin = c,
                                                     .cout = c,
                                                     .height = in->height,
                                                     .width = in->width,
                                                     .block = in->block,
                                                     .kernel_h = 3,
                                                     .kernel_w = 3,
                                                     .stride = 1,
                                                     .pad_top = 1,
                                                     .pad_left = 1,
                                                     .pad_bottom = 1,
                                                     .pad_right = 1,
                                                     .weight = weight,
                                                     .bias = bias,
                                                     .lrelu = 1 });
    layer->plan = plan;
    mem_free(weight);
    return err;
}

int resconv_dnn(const struct conv_args *a, void *stream)
{
    (void)stream;
    return dnn_conv_run(a->layer->plan, a->in.data, a->out.data);
}
