/* gather: the input of each block. */
#include <stdio.h>

#include "bench.h"

static int run(const void *arg, struct cpu_net *net)
{
    return net->ops.gather(arg, &net->stream);
}

void bench_gather(const struct bench *b)
{
    const struct ifnet *net = &b->net->net;
    for (int i = 0; i < IFNET_BLOCKS; i++) {
        const struct tensor *out = &net->block[i].input;
        struct gather_args a = { .image0 = b->net->image[0],
                                 .image1 = b->net->image[1],
                                 .levels = net->level,
                                 .level_count = i,
                                 .scale = net->level[i].scale,
                                 .t = &(float){ 0.5f },
                                 .out = *out };
        char shape[64];
        snprintf(shape, sizeof shape, "block %d, %dx%d", i, out->width, out->height);
        /* Written once; each sample reads four pixels of each image, mostly cached. */
        double pixels = (double)out->width * out->height;
        bench_run(b, "gather", shape, 0, pixels * 4 * IFNET_INPUTS, run, &a);
    }
}
