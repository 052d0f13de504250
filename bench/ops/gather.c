/* gather: the input of each block. */
#include <stdio.h>

#include "bench.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.gather(arg, net->stream);
}

void bench_gather(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    float half = 0.5f;
    const float *t = bench_place(&b->net, &half, sizeof half);
    for (int i = 0; i < net->network->block_count; i++) {
        const struct tensor *out = &net->block[i].input;
        struct gather_args a = { .image0 = b->net.source[0].image,
                                 .image1 = b->net.source[1].image,
                                 .features0 = b->net.source[0].features,
                                 .features1 = b->net.source[1].features,
                                 .levels = net->level,
                                 .level_count = i,
                                 .scale = net->level[i].scale,
                                 .t = t,
                                 .out = *out };
        char shape[64];
        snprintf(shape, sizeof shape, "block %d, %dx%d", i, out->width, out->height);
        /* Written once; each sample reads four pixels of each image, mostly cached. */
        bench_run(b, "gather", shape, 0, bench_tensor_bytes(&b->net, out), run, &a);
    }
}
