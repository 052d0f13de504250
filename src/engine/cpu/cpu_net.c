/* Opens the network on the CPU: which implementation of each op, how many threads. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "engine/cpu/cpu_net.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#if RIFEC_HAVE_DNN
#include "engine/cpu/dnn.h"
#endif

static const struct ops reference_ops = {
    .load = load_c,
    .gather = gather_c,
    .conv_s2 = conv_s2_c,
    .resconv = resconv_c,
    .deconv = deconv_c,
    .blend = blend_c,
    .store = store_c,
    .thumbnail = thumbnail_c,
};

/* Cores this process may use: in a container, less than the machine has. */
static int usable_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    return CPU_COUNT(&set);
}

/*
 * oneDNN takes its number of threads from OpenMP's setting, which belongs to
 * the calling thread and not to us: set around our calls, then put back.
 */
static int set_threads(int threads)
{
#ifdef _OPENMP
    int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    return before;
#else
    (void)threads;
    return 1;
#endif
}

static int check_kernels(const char *kernels)
{
    if (!kernels && !RIFEC_HAVE_DNN)
        log_warning("built without oneDNN: convolutions are several times slower");
    if (!kernels || !strcmp(kernels, "c") || (RIFEC_HAVE_DNN && !strcmp(kernels, "dnn")))
        return 0;
    log_error("kernels '%s': %s", kernels,
              strcmp(kernels, "dnn") ? "unknown: try c or dnn" : "built without oneDNN");
    return RIFEC_ERR_USAGE;
}

/* The fast versions of everything but the convolutions: the same bits. */
static void take_row_ops(struct ops *ops)
{
    ops->gather = gather_row;
    ops->blend = blend_row;
#if CPU_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        ops->load = load_avx2;
        ops->gather = gather_row_avx2;
        ops->blend = blend_row_avx2;
        ops->store = store_avx2;
    }
#endif
}

#if RIFEC_HAVE_DNN
static int take_dnn_ops(struct cpu_net *n)
{
    int err = 0;
    TRY(dnn_open(&n->dnn));
    for (int i = 0; i < IFNET_BLOCKS; i++) {
        const struct ifnet_block *k = &n->net.block[i];
        struct block_weights *w = &n->weights.block[i];
        TRY(conv_s2_dnn_open(n->dnn, &w->conv0, &k->input));
        TRY(conv_s2_dnn_open(n->dnn, &w->conv1, &k->half));
        for (int j = 0; j < IFNET_RESCONVS; j++)
            TRY(resconv_dnn_open(n->dnn, &w->res[j], &k->ping));
        TRY(deconv_dnn_open(n->dnn, &w->deconv, &k->ping));
    }
    weights_drop_data(&n->weights);
    n->ops.conv_s2 = conv_s2_dnn;
    n->ops.resconv = resconv_dnn;
    n->ops.deconv = deconv_dnn;
fail:
    return err;
}
#endif

static int open_all(struct cpu_net *n, const struct rifec_params *p)
{
    int err = 0, block = 8;
    char kernels[64] = "C";
    bool reference = p->kernels && !strcmp(p->kernels, "c");
    TRY(check_kernels(p->kernels));
#if RIFEC_HAVE_DNN
    if (!reference)
        block = dnn_block_size();
#endif
    TRY(weights_open(&n->weights, p->model));

    ifnet_plan(&n->net, p->width, p->height, p->scale, block, &n->arena);
    size_t image_at[CPU_NET_IMAGES];
    for (int i = 0; i < CPU_NET_IMAGES; i++)
        image_at[i] = arena_reserve(&n->arena, ifnet_image_bytes(&n->net));
    struct cpu_stream *s = &n->stream;
    s->scratch_floats =
        cpu_scratch_floats(n->net.width_padded, n->net.level[IFNET_BLOCKS - 1].width);
    size_t scratch_at =
        arena_reserve(&n->arena, (size_t)s->threads * s->scratch_floats * sizeof(float));
    TRY(arena_open(&n->arena));
    ifnet_bind(&n->net, &n->arena);
    for (int i = 0; i < CPU_NET_IMAGES; i++)
        n->image[i] = ifnet_image(&n->net, arena_at(&n->arena, image_at[i]));
    s->scratch = arena_at(&n->arena, scratch_at);

    n->ops = reference_ops;
    n->net.ops = &n->ops;
    n->net.weights = &n->weights;
    if (!reference)
        take_row_ops(&n->ops);
#if RIFEC_HAVE_DNN
    if (!reference) {
        TRY(take_dnn_ops(n));
        dnn_describe(kernels, sizeof kernels);
    }
#endif
    snprintf(n->description, sizeof n->description, "%d thread%s, %s", s->threads,
             s->threads == 1 ? "" : "s", kernels);
fail:
    return err;
}

int cpu_net_open(struct cpu_net *n, const struct rifec_params *p)
{
    *n = (struct cpu_net){ 0 };
    n->stream.threads = p->threads ? p->threads : usable_cores();
#ifndef _OPENMP
    n->stream.threads = 1;
#endif
    int before = set_threads(n->stream.threads);
    int err = open_all(n, p);
    set_threads(before);
    if (err < 0)
        cpu_net_close(n);
    return err;
}

void cpu_net_close(struct cpu_net *n)
{
#if RIFEC_HAVE_DNN
    dnn_close(&n->dnn);
#endif
    weights_close(&n->weights);
    arena_close(&n->arena);
    *n = (struct cpu_net){ 0 };
}

size_t cpu_net_memory(const struct cpu_net *n)
{
    size_t bytes = n->arena.bytes;
#if RIFEC_HAVE_DNN
    if (n->dnn)
        return bytes + dnn_memory(n->dnn);
#endif
    return bytes + weights_bytes(&n->weights);
}

int cpu_net_forward(struct cpu_net *n, int i0, int i1, float t)
{
    int before = set_threads(n->stream.threads);
    int err = ifnet_forward(&n->net, n->image[i0], n->image[i1], t, &n->stream);
    set_threads(before);
    return err;
}
