/* encode: the features of a source frame, for networks with an encoder. */
#include <stdio.h>

#include "bench.h"

static int run(const void *arg, const struct bench_net *net)
{
    return net->ops.encode(arg, net->stream);
}

/* The multiplications of all layers: half the size; the last layer has four phases. */
static double flops_of(const struct bench *b, const struct tensor *between)
{
    struct network_layer l;
    double flops = 0, pixels = (double)between->width * between->height;
    for (int i = 0; network_layer(b->net.net->network, i, &l); i++)
        if (l.op == ENCODE)
            flops += 2.0 * l.kernel * l.kernel * l.cin * l.cout * pixels;
    return flops;
}

void bench_encode(const struct bench *b)
{
    const struct ifnet *net = b->net.net;
    const struct source *s = &b->net.source[0];
    if (!net->network->encoder_layers)
        return;
    struct encode_args a = { .image = s->image,
                             .layers = weights_encoder(b->net.weights),
                             .count = net->network->encoder_layers,
                             .ping = net->encoder_ping,
                             .pong = net->encoder_pong,
                             .out = s->features };
    char shape[64];
    snprintf(shape, sizeof shape, "%d channels, %dx%d", net->network->encoder_channels,
             a.ping.width, a.ping.height);
    bench_run(b, "encode", shape, flops_of(b, &a.ping), 2 * bench_image_bytes(&b->net),
              run, &a);
}
