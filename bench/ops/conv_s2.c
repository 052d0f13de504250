/* conv_s2: the two strided convolutions of each block. */
#include <stdio.h>

#include "bench.h"
#if RIFEC_HAVE_CUDA
#include "engine/cuda/cuda_net.h"
#endif

static int run(const void *arg, const struct bench_net *net)
{
    const struct conv_args *a = arg;
#if RIFEC_HAVE_CUDA
    const struct cuda_layer *l = a->layer->plan;
    if (a->in.phase_split) /* as run_front() does it */
        return conv_s2_sm90(a, &l->front_pack, net->stream);
#endif
    return net->ops.conv_s2(a, net->stream);
}

static int run_both(const void *arg, const struct bench_net *net)
{
    const struct conv_args *a = arg;
    int err = run(&a[0], net);
    return err < 0 ? err : run(&a[1], net);
}

static double flops_of(const struct conv_args *a)
{
    return 2.0 * 9 * a->out.width * a->out.height * a->layer->cin * a->layer->cout;
}

static double bytes_of(const struct bench *b, const struct conv_args *a)
{
    return bench_tensor_bytes(&b->net, &a->in) + bench_tensor_bytes(&b->net, &a->out);
}

static void measure(const struct bench *b, int block, const struct conv_args *a)
{
    char shape[64];
    snprintf(shape, sizeof shape, "block %d, %d -> %d, %dx%d%s", block, a->layer->cin,
             a->layer->cout, a->out.width, a->out.height,
             a->in.phase_split ? ", phase-split" : "");
    bench_run(b, "conv_s2", shape, flops_of(a), bytes_of(b, a), run, a);
}

/* Measures the two one after the other, as in the network. */
static void measure_both(const struct bench *b, int block, const struct conv_args *a)
{
    char shape[64];
    snprintf(shape, sizeof shape, "block %d, both%s", block,
             a->in.phase_split ? ", phase-split" : "");
    bench_run(b, "conv_s2", shape, flops_of(&a[0]) + flops_of(&a[1]),
              bytes_of(b, &a[0]) + bytes_of(b, &a[1]), run_both, a);
}

void bench_conv_s2(const struct bench *b)
{
    for (int i = 0; i < b->net.net->network->block_count; i++) {
        const struct ifnet_block *k = &b->net.net->block[i];
        const struct block_layers w = weights_block(b->net.weights, i);
        struct conv_args a[2] = { { .in = k->input, .out = k->mid, .layer = w.conv0 },
                                  { .in = k->mid, .out = k->ping, .layer = w.conv1 } };
        measure(b, i, &a[0]);
        measure(b, i, &a[1]);
        measure_both(b, i, a);
        if (!b->net.ops.front || i > 1)
            continue;
        a[0].in.phase_split = a[0].out.phase_split = a[1].in.phase_split = true;
        measure(b, i, &a[0]);
        measure(b, i, &a[1]);
        measure_both(b, i, a);
    }
}
