/* conv_s2: the two strided convolutions of each block. */
#include <stdio.h>

#include "bench.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.conv_s2(arg, net->stream);
}

static void measure(const struct bench *b, int block, const struct tensor *in,
                    const struct tensor *out, const struct conv_layer *layer)
{
    struct conv_args a = { *in, *out, layer };
    char shape[64];
    snprintf(shape, sizeof shape, "block %d, %d -> %d, %dx%d", block, layer->cin,
             layer->cout, out->width, out->height);
    double pixels = (double)out->width * out->height;
    double flops = 2 * 9 * pixels * layer->cin * layer->cout;
    bench_run(b, "conv_s2", shape, flops,
              bench_tensor_bytes(&b->net, in) + bench_tensor_bytes(&b->net, out), run,
              &a);
}

void bench_conv_s2(const struct bench *b)
{
    for (int i = 0; i < IFNET_BLOCKS; i++) {
        const struct ifnet_block *k = &b->net.net->block[i];
        const struct block_weights *w = &b->net.weights->block[i];
        measure(b, i, &k->input, &k->half, &w->conv0);
        measure(b, i, &k->half, &k->ping, &w->conv1);
    }
}
