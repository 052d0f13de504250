/* deconv: the output of each block. */
#include <stdio.h>

#include "bench.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.deconv(arg, net->stream);
}

void bench_deconv(const struct bench *b)
{
    for (int i = 0; i < b->net.net->network->block_count; i++) {
        const struct ifnet_block *k = &b->net.net->block[i];
        struct deconv_args a = { .in = k->ping,
                                 .layer = weights_block(b->net.weights, i).deconv,
                                 .out = b->net.net->level[i],
                                 .scratch = k->deconv_scratch };
        double pixels = (double)k->ping.width * k->ping.height;
        int c = k->ping.channels;
        char shape[64];
        snprintf(shape, sizeof shape, "block %d, %d, %dx%d", i, c, k->ping.width,
                 k->ping.height);
        /* Each output pixel of the 2x transposed convolution has four taps. */
        double flops = 2 * 4 * 4 * pixels * c * DECONV_LIVE;
        bench_run(b, "deconv", shape, flops,
                  bench_tensor_bytes(&b->net, &k->ping) + bench_level_bytes(&a.out), run,
                  &a);
    }
}
