/* store: RGB to yuv420p. */
#include "frames.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.store(arg, net->stream);
}

void bench_store(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    struct bench_frame f;
    if (bench_frame_open(&f, &b->net, net->width, net->height) < 0)
        return;
    struct store_args a = { net->out, &f.yuv, &f.frame };
    bench_run(b, "store", "yuv420p", 0, f.bytes + (double)ifnet_image_bytes(net), run,
              &a);
    bench_frame_close(&f);
}
