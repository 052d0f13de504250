/* resconv: one of the eight of each block. */
#include <stdio.h>

#include "bench.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.resconv(arg, net->stream);
}

void bench_resconv(const struct bench *b)
{
    for (int i = 0; i < b->net.net->network->block_count; i++) {
        const struct ifnet_block *k = &b->net.net->block[i];
        struct conv_args a = { .in = k->ping,
                               .out = k->pong,
                               .layer = weights_block(b->net.weights, i).res };
        int c = k->ping.channels;
        double pixels = (double)k->ping.width * k->ping.height;
        char shape[64];
        snprintf(shape, sizeof shape, "block %d, %d, %dx%d", i, c, k->ping.width,
                 k->ping.height);
        bench_run(b, "resconv", shape, 2 * 9 * pixels * c * c,
                  bench_number_bytes(&b->net) * pixels * 2 * c, run, &a);
    }
}
