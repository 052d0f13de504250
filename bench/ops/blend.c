/* blend: the in-between from all levels. */
#include "bench.h"

static int run(const void *arg, struct cpu_net *net)
{
    return net->ops.blend(arg, &net->stream);
}

void bench_blend(const struct bench *b)
{
    const struct ifnet *net = &b->net->net;
    struct blend_args a = { .image0 = b->net->image[0],
                            .image1 = b->net->image[1],
                            .levels = net->level,
                            .level_count = IFNET_BLOCKS,
                            .out = net->out };
    /* Two images and the finest level read, one image written. */
    double bytes = (double)net->width * net->height * 4 * (4 + 4 + LEVEL_CHANNELS + 4);
    bench_run(b, "blend", "4 levels", 0, bytes, run, &a);
}
