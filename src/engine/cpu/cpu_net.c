/* Opens the network on the CPU: the implementation of each op, the number of threads. */
#include "engine/cpu/cpu_net.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "engine/cpu/cpu_choice.h"
#include "engine/cpu/resconv_wino.h"
#if RIFEC_HAVE_DNN
#include "engine/cpu/dnn.h"
#endif

static const struct ops reference_ops = {
    .load = load_c,
    .encode = encode_c,
    .gather = gather_c,
    .conv_s2 = conv_s2_c,
    .resconv = resconv_c,
    .deconv = deconv_c,
    .blend = blend_c,
    .store = store_c,
    .thumbnail = thumbnail_c,
};

/*
 * oneDNN takes its number of threads from OpenMP's setting, which belongs to the calling
 * thread and not to us. So it is set around our calls, and then restored.
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

/* A build of resconv_wino.c. */
struct wino {
    void (*weights)(const struct conv_layer *layer, int channels, float *out);
    int (*run)(const struct conv_args *a, void *stream);
    const char *name;
};

static const struct wino *find_wino(enum cpu_wino which)
{
#if CPU_HAVE_AVX2
    static const struct wino avx2 = { resconv_wino_weights_avx2, resconv_wino_avx2,
                                      "Winograd avx2" };
    static const struct wino avx512 = { resconv_wino_weights_avx512, resconv_wino_avx512,
                                        "Winograd avx512" };
    if (which == CPU_WINO_AVX512)
        return &avx512;
    if (which == CPU_WINO_AVX2)
        return &avx2;
#endif
    (void)which;
    return NULL;
}

/* The versions that give the same bits as the reference, faster. Those of gather know no
 * features: a network with an encoder keeps the reference. */
static void take_same_bits(struct ops *ops, const struct network *n, bool avx2)
{
    const bool has_features = n->source_features > 0;
    if (!has_features)
        ops->gather = gather_row;
    ops->blend = blend_row;
#if CPU_HAVE_AVX2
    if (avx2) {
        ops->load = load_avx2;
        ops->encode = encode_avx2;
        ops->conv_s2 = conv_s2_avx2; /* unless oneDNN takes them over */
        ops->deconv = deconv_avx2;
        if (!has_features)
            ops->gather = gather_row_avx2;
        ops->blend = blend_row_avx2;
        ops->store = store_avx2;
    }
#endif
    (void)avx2;
}

#if RIFEC_HAVE_DNN
static int take_dnn_ops(struct cpu_net *n, bool resconv)
{
    int err = 0;
    TRY(dnn_open(&n->dnn));
    struct network_layer l;
    for (int i = 0; network_layer(n->weights.network, i, &l); i++) {
        struct conv_layer *layer = &n->weights.layers[i];
        if (l.op == ENCODE)
            continue;
        const struct ifnet_block *k = &n->net.block[l.block];
        if (l.op == CONV_S2)
            TRY(conv_s2_dnn_open(n->dnn, layer, l.index == 0 ? &k->input : &k->mid,
                                 l.index == 0 ? k->mid.channels : k->ping.channels));
        else if (l.op == DECONV)
            TRY(deconv_dnn_open(n->dnn, layer, &k->ping));
        else if (resconv)
            TRY(resconv_dnn_open(n->dnn, layer, &k->ping));
    }
    n->ops.conv_s2 = conv_s2_dnn;
    n->ops.deconv = deconv_dnn;
    if (resconv)
        n->ops.resconv = resconv_dnn;
fail:
    return err;
}
#endif

static size_t wino_bytes(const struct ifnet *net)
{
    size_t floats = 0;
    for (int b = 0; b < net->network->block_count; b++)
        floats += (size_t)net->network->resconvs *
                  resconv_wino_floats(net->block[b].ping.channels);
    return floats * sizeof(float);
}

/* The memory that the widest layer needs. */
static size_t wino_scratch(const struct ifnet *net)
{
    size_t floats = 0;
    for (int b = 0; b < net->network->block_count; b++) {
        size_t needed = resconv_wino_scratch(net->block[b].ping.channels);
        floats = needed > floats ? needed : floats;
    }
    return floats;
}

static void take_wino(struct cpu_net *n, const struct wino *wino, float *plans)
{
    struct network_layer l;
    for (int i = 0; network_layer(n->weights.network, i, &l); i++) {
        if (l.op != RESCONV)
            continue;
        const int channels = n->net.block[l.block].ping.channels;
        wino->weights(&n->weights.layers[i], channels, plans);
        n->weights.layers[i].plan = plans;
        plans += resconv_wino_floats(channels);
    }
    n->ops.resconv = wino->run;
}

/* The positions in the arena of everything except the network itself. */
struct places {
    size_t source[CPU_NET_SOURCES], scratch, plans;
};

static void plan_memory(struct cpu_net *n, const struct rifec_params *p,
                        const struct cpu_choice *c, int band_rows, struct places *at)
{
    struct cpu_stream *s = &n->stream;
    const struct network *network = n->weights.network;
    n->arena = (struct arena){ 0 };
    ifnet_plan(&n->net,
               &(struct ifnet_params){ .network = n->weights.network,
                                       .width = p->width,
                                       .height = p->height,
                                       .scale = p->scale,
                                       .block_size = c->block,
                                       .width_multiple =
                                           c->wino ? resconv_wino_group(c->block) : 0,
                                       .band_rows = band_rows },
               &n->arena);
    for (int i = 0; i < CPU_NET_SOURCES; i++)
        at->source[i] = arena_reserve(&n->arena, ifnet_source_bytes(&n->net));
    s->scratch_floats = cpu_scratch_floats(n->net.width_padded,
                                           n->net.level[network->block_count - 1].width);
    if (c->wino && s->scratch_floats < wino_scratch(&n->net))
        s->scratch_floats = wino_scratch(&n->net);
    at->scratch =
        arena_reserve(&n->arena, (size_t)s->threads * s->scratch_floats * sizeof(float));
    at->plans = arena_reserve(&n->arena, c->wino ? wino_bytes(&n->net) : 0);
}

/* Uses bands if the whole picture does not fit into three quarters of the free memory. */
static void choose_bands(struct cpu_net *n, const struct rifec_params *p,
                         const struct cpu_choice *c, struct places *at)
{
    int rows = p->tile > 0 ? p->tile : 0;
    const char *by;
    size_t room = mem_available(&by) / 4 * 3;
    plan_memory(n, p, c, rows, at);
    size_t whole = n->arena.bytes;
    for (int try = 1024; p->tile == 0 && n->arena.bytes > room && try >= 128; try /= 2)
        plan_memory(n, p, c, rows = try, at);
    if (p->tile == 0 && rows)
        log_info("memory is short: processing %d rows at a time, in %zu MiB instead of "
                 "%zu MiB (%s leaves %zu MiB)",
                 rows, n->arena.bytes >> 20, whole >> 20, by, (room / 3 * 4) >> 20);
    if (n->arena.bytes > room)
        log_warning("the engine needs %zu MiB, and %s leaves %zu MiB: try --scale 0.5 "
                    "or --tile 128",
                    n->arena.bytes >> 20, by, (room / 3 * 4) >> 20);
    log_verbose("%dx%d needs %zu MiB", p->width, p->height, n->arena.bytes >> 20);
}

/* Plans and allocates everything; *plans is where take_wino() may write. */
static int open_memory(struct cpu_net *n, const struct rifec_params *p,
                       const struct cpu_choice *c, float **plans)
{
    struct places at;
    choose_bands(n, p, c, &at);
    int err = arena_open(&n->arena);
    if (err < 0)
        return err;
    ifnet_bind(&n->net, &n->arena);
    for (int i = 0; i < CPU_NET_SOURCES; i++)
        n->source[i] = ifnet_source(&n->net, arena_at(&n->arena, at.source[i]));
    n->stream.scratch = arena_at(&n->arena, at.scratch);
    *plans = arena_at(&n->arena, at.plans);
    return 0;
}

static int open_all(struct cpu_net *n, const struct rifec_params *p,
                    const struct cpu_machine *m)
{
    int err = 0;
    struct cpu_choice c;
    const struct wino *wino;
    float *plans;
    char dnn[48] = "C";
    TRY(cpu_choose(m, p->kernels, &c));
    wino = find_wino(c.wino);
    TRY(weights_open(&n->weights, p->model));
    /* oneDNN's convolutions are made for one shape and end with a leaky ReLU. */
    c.dnn = c.dnn && !n->weights.network->restarts &&
            n->weights.network->residual != RESIDUAL_BLOCK;
    TRY(open_memory(n, p, &c, &plans));
    n->ops = reference_ops;
    n->net.ops = &n->ops;
    n->net.weights = &n->weights;
    if (!c.reference)
        take_same_bits(&n->ops, n->weights.network, c.avx2);
    if (wino)
        take_wino(n, wino, plans);
#if RIFEC_HAVE_DNN
    if (c.dnn) {
        TRY(take_dnn_ops(n, !wino));
        dnn_describe(dnn, sizeof dnn);
        if (!n->weights.network->encoder_layers)
            weights_drop_data(&n->weights); /* each op has its own copy now */
    }
#endif
    snprintf(n->description, sizeof n->description, "%d thread%s, %s%s%s",
             n->stream.threads, n->stream.threads == 1 ? "" : "s", wino ? wino->name : "",
             wino ? ", " : "", dnn);
fail:
    return err;
}

/* The thread that opens the engine may not be the one that uses it, which gets its own
 * threads. */
static void end_threads(void)
{
#ifdef _OPENMP
    omp_pause_resource_all(omp_pause_soft);
#endif
}

int cpu_net_open(struct cpu_net *n, const struct rifec_params *p)
{
    struct cpu_machine machine;
    *n = (struct cpu_net){ 0 };
    cpu_machine_read(&machine);
    n->stream.threads = cpu_choose_threads(&machine, p->threads);
    int before = set_threads(n->stream.threads);
    int err = open_all(n, p, &machine);
    set_threads(before);
    end_threads();
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
    size_t bytes = n->arena.bytes + weights_bytes(&n->weights);
#if RIFEC_HAVE_DNN
    if (n->dnn)
        bytes += dnn_memory(n->dnn);
#endif
    return bytes;
}

int cpu_net_forward(struct cpu_net *n, int i0, int i1, float t, const struct yuv *yuv,
                    struct rifec_frame *frame)
{
    int before = set_threads(n->stream.threads);
    struct ifnet_task task = { .source0 = n->source[i0],
                               .source1 = n->source[i1],
                               .t = &t,
                               .yuv = yuv,
                               .frame = frame };
    int err = ifnet_forward(&n->net, &task, &n->stream);
    set_threads(before);
    return err;
}
