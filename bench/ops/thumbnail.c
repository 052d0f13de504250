/* thumbnail: the brightness of yuv420p. */
#include "frames.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.thumbnail(arg, net->stream);
}

void bench_thumbnail(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    static uint16_t out[THUMB_WIDTH * THUMB_HEIGHT];
    struct bench_frame f;
    if (bench_frame_open(&f, &b->net, net->width, net->height) < 0)
        return;
    struct thumbnail_args a = { &f.frame, &f.yuv, bench_place(&b->net, out, sizeof out) };
    bench_run(b, "thumbnail", "yuv420p", 0, f.bytes / 8, run, &a);
    bench_frame_close(&f);
}
