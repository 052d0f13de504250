/* tail: the last deconv and blend_store, on devices that fuse them. */
#include <stdio.h>

#include "frames.h"
#include "model/fused.h"

static int run(const void *arg, const struct bench_net *net)
{
    return fused_tail(&net->ops, arg, false, net->stream);
}

void bench_tail(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    const int last = net->network->block_count - 1;
    const struct ifnet_block *k = &net->block[last];
    struct bench_frame f;
    if (!b->net.ops.tail || bench_frame_open(&f, &b->net, net->width, net->height) < 0)
        return;
    struct tail_args a = {
        .deconv = { .in = k->ping,
                    .layer = weights_block(b->net.weights, last).deconv,
                    .out = net->level[last],
                    .scratch = k->deconv_scratch },
        .blend_store = { .image0 = b->net.source[0].image,
                         .image1 = b->net.source[1].image,
                         .levels = net->level,
                         .level_count = last + 1,
                         .yuv = &f.yuv,
                         .frame = &f.frame,
                         .scratch = net->out },
    };
    char shape[64];
    snprintf(shape, sizeof shape, "%d, %dx%d, yuv420p", k->ping.channels, k->ping.width,
             k->ping.height);
    double pixels = (double)k->ping.width * k->ping.height;
    double flops = 2 * 4 * 4 * pixels * k->ping.channels * DECONV_LIVE;
    bench_run(b, "tail", shape, flops,
              bench_tensor_bytes(&b->net, &k->ping) + 2 * bench_image_bytes(&b->net) +
                  f.bytes,
              run, &a);
    bench_frame_close(&f);
}
