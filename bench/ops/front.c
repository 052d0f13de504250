/* front: gather and both conv_s2 of each block, on devices that fuse them. */
#include <stdio.h>

#include "bench.h"
#include "model/fused.h"

static int run(const void *arg, const struct bench_net *net)
{
    return fused_front(&net->ops, arg, net->stream);
}

static double flops_of(const struct tensor *out, int cin)
{
    return 2.0 * 9 * cin * out->channels * out->height * out->width;
}

void bench_front(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    float half = 0.5f;
    const float *t = bench_place(&b->net, &half, sizeof half);
    for (int i = 0; b->net.ops.front && i < net->network->block_count; i++) {
        const struct ifnet_block *k = &net->block[i];
        const struct block_layers w = weights_block(b->net.weights, i);
        struct front_args a = { .gather = { .image0 = b->net.source[0].image,
                                            .image1 = b->net.source[1].image,
                                            .features0 = b->net.source[0].features,
                                            .features1 = b->net.source[1].features,
                                            .levels = net->level,
                                            .level_count = i,
                                            .scale = net->level[i].scale,
                                            .t = t,
                                            .out = k->input },
                                .mid = k->mid,
                                .out = k->ping,
                                .conv0 = w.conv0,
                                .conv1 = w.conv1 };
        char shape[64];
        snprintf(shape, sizeof shape, "block %d, %dx%d", i, k->ping.width,
                 k->ping.height);
        double flops =
            flops_of(&k->mid, w.conv0->cin) + flops_of(&k->ping, k->mid.channels);
        /* The share of the images that interpolation reads: four pixels of scale *
         * scale. */
        double share =
            i == 3 ? 1 : 4 / (double)(net->level[i].scale * net->level[i].scale);
        bench_run(b, "front", shape, flops,
                  bench_tensor_bytes(&b->net, &k->ping) +
                      2 * share * bench_image_bytes(&b->net),
                  run, &a);
    }
}
