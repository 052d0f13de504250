/* conv_s2 by oneDNN. Channels that the layer does not have get zero weights. */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/cpu/dnn.h"

int conv_s2_dnn_open(struct dnn *d, struct conv_layer *layer, const struct tensor *in,
                     int out_channels)
{
    const int cin = in->channels, cout = out_channels;
    float bias[2 * NETWORK_CHANNELS_MAX] = { 0 };
    float *weight = mem_alloc(9 * (size_t)cin * (size_t)cout * sizeof *weight);
    if (!weight)
        return mem_fail("the weights");
    memcpy(bias, layer->bias, (size_t)layer->cout * sizeof *bias);
    for (int k = 0; k < 9; k++)
        for (int i = 0; i < cin; i++)
            for (int o = 0; o < cout; o++)
                weight[(k * cin + i) * cout + o] =
                    i < layer->cin && o < layer->cout
                        ? layer->weight[(k * layer->cin + i) * layer->cout + o]
                        : 0;
    struct dnn_conv *plan = NULL;
    int err = dnn_conv_open(d, &plan,
                            &(struct dnn_conv_desc){ .cin = cin,
                                                     .cout = cout,
                                                     .height = in->height,
                                                     .width = in->width,
                                                     .block = in->block,
                                                     .kernel_h = 3,
                                                     .kernel_w = 3,
                                                     .stride = 2,
                                                     .pad_top = 1,
                                                     .pad_left = 1,
                                                     .pad_bottom = 0, /* sizes are even */
                                                     .pad_right = 0,
                                                     .weight = weight,
                                                     .bias = bias,
                                                     .lrelu = 1 });
    layer->plan = plan;
    mem_free(weight);
    return err;
}

int conv_s2_dnn(const struct conv_args *a, void *stream)
{
    (void)stream;
    return dnn_conv_run(a->layer->plan, a->in.data, a->out.data);
}
