/* load: yuv420p to RGB. */
#include "frames.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.load(arg, net->stream);
}

void bench_load(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    struct bench_frame f;
    if (bench_frame_open(&f, &b->net, net->width, net->height) < 0)
        return;
    struct load_args a = { &f.frame, &f.yuv, b->net.source[0].image };
    bench_run(b, "load", "yuv420p", 0, f.bytes + bench_image_bytes(&b->net), run, &a);
    bench_frame_close(&f);
}
