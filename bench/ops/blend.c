/* blend: the in-between from all levels; and blend_store, if the device has it. */
#include "frames.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.blend(arg, net->stream);
}

static int run_both(const void *arg, const struct bench_net *net)
{
    return net->ops.blend_store(arg, net->stream);
}

void bench_blend(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    struct blend_args a = { .image0 = b->net.source[0].image,
                            .image1 = b->net.source[1].image,
                            .levels = net->level,
                            .level_count = net->network->block_count,
                            .out = net->out };
    /* Reads two images and the finest level, and writes one image. */
    double read = 2 * bench_image_bytes(&b->net) + bench_level_bytes(&net->level[3]);
    bench_run(b, "blend", "4 levels", 0, read + (double)ifnet_image_bytes(net), run, &a);
    struct bench_frame f;
    if (!b->net.ops.blend_store ||
        bench_frame_open(&f, &b->net, net->width, net->height) < 0)
        return;
    struct blend_store_args both = { .image0 = a.image0,
                                     .image1 = a.image1,
                                     .levels = a.levels,
                                     .level_count = a.level_count,
                                     .yuv = &f.yuv,
                                     .frame = &f.frame,
                                     .scratch = net->out };
    bench_run(b, "blend_store", "4 levels, yuv420p", 0, read + f.bytes, run_both, &both);
    bench_frame_close(&f);
}
