/*
 * The CPU backend: fills the op table, with the reference first and better
 * versions over it, and runs the network when it is asked. Everything happens
 * inside the call, so one in-between is in flight at a time.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/backend.h"
#include "engine/cpu/cpu.h"
#include "model/ifnet.h"
#include "model/yuv.h"
#if RIFEC_HAVE_DNN
#include "engine/cpu/dnn.h"
#endif

struct cpu_backend {
    struct ops ops;
    struct weights weights;
    struct yuv yuv;
    struct ifnet net;
    struct arena arena;
    struct image slot[REFCACHE_SLOTS];
    struct cpu_stream stream;
    struct rifec_frame *result; /* between interp and take */
    char device[128];
#if RIFEC_HAVE_DNN
    struct dnn *dnn;
#endif
};

static const struct ops reference_ops = {
    .load = load_c,
    .gather = gather_c,
    .conv_s2 = conv_s2_c,
    .resconv = resconv_c,
    .deconv = deconv_c,
    .blend = blend_c,
    .store = store_c,
};

/*
 * oneDNN takes its number of threads from OpenMP's current setting, which
 * belongs to the calling thread and not to us: set around each call.
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

/* Cores this process may use: less than the machine has, in a container. */
static int usable_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    return CPU_COUNT(&set);
}

static const char *cpu_probe(const struct rifec_params *p)
{
    (void)p;
    return NULL;
}

#if RIFEC_HAVE_DNN
static int open_dnn(struct cpu_backend *b)
{
    int err = 0;
    TRY(dnn_open(&b->dnn));
    for (int i = 0; i < IFNET_BLOCKS; i++) {
        const struct ifnet_block *k = &b->net.block[i];
        struct block_weights *w = &b->weights.block[i];
        TRY(conv_s2_dnn_open(b->dnn, &w->conv0, &k->input));
        TRY(conv_s2_dnn_open(b->dnn, &w->conv1, &k->half));
        for (int j = 0; j < IFNET_RESCONVS; j++)
            TRY(resconv_dnn_open(b->dnn, &w->res[j], &k->ping));
        TRY(deconv_dnn_open(b->dnn, &w->deconv, &k->ping));
    }
    weights_drop_data(&b->weights);
    b->ops.conv_s2 = conv_s2_dnn;
    b->ops.resconv = resconv_dnn;
    b->ops.deconv = deconv_dnn;
fail:
    return err;
}
#endif

/* Which convolutions: *dnn says. The only place where `kernels` is read. */
static int choose_kernels(const char *kernels, bool *dnn)
{
    *dnn = RIFEC_HAVE_DNN && (!kernels || strcmp(kernels, "c") != 0);
    if (!kernels) {
        if (!RIFEC_HAVE_DNN)
            log_warning("built without oneDNN: convolutions are several times slower");
        return 0;
    }
    if (!strcmp(kernels, "c") || (RIFEC_HAVE_DNN && !strcmp(kernels, "dnn")))
        return 0;
    log_error("kernels '%s': %s", kernels,
              strcmp(kernels, "dnn") ? "unknown: try c or dnn" : "built without oneDNN");
    return RIFEC_ERR_USAGE;
}

static int open_all(struct rifec *e, struct cpu_backend *b)
{
    int err = 0, block = 8;
    bool dnn;
    const struct rifec_params *p = &e->params;
    TRY(choose_kernels(p->kernels, &dnn));
#if RIFEC_HAVE_DNN
    if (dnn)
        block = dnn_block_size();
#endif
    b->ops = reference_ops;
    TRY(weights_open(&b->weights, p->model));
    TRY(yuv_open(&b->yuv, p->width, p->height, &p->format, &p->color));

    ifnet_plan(&b->net, p->width, p->height, p->scale, block, &b->arena);
    size_t slot_at[REFCACHE_SLOTS];
    for (int i = 0; i < REFCACHE_SLOTS; i++)
        slot_at[i] = arena_reserve(&b->arena, ifnet_image_bytes(&b->net));
    b->stream.scratch_floats =
        cpu_scratch_floats(b->net.width_padded, b->net.level[IFNET_BLOCKS - 1].width);
    size_t scratch_at = arena_reserve(&b->arena, (size_t)b->stream.threads *
                                                     b->stream.scratch_floats * sizeof(float));
    TRY(arena_open(&b->arena));
    ifnet_bind(&b->net, &b->arena);
    for (int i = 0; i < REFCACHE_SLOTS; i++)
        b->slot[i] = ifnet_image(&b->net, arena_at(&b->arena, slot_at[i]));
    b->stream.scratch = arena_at(&b->arena, scratch_at);
    b->net.weights = &b->weights;
    b->net.ops = &b->ops;
    e->info.memory_bytes = b->arena.bytes;

    char kernels[64] = "C";
#if RIFEC_HAVE_DNN
    if (dnn) {
        TRY(open_dnn(b));
        dnn_describe(kernels, sizeof kernels);
        e->info.memory_bytes += dnn_memory(b->dnn);
    }
#endif
    snprintf(b->device, sizeof b->device, "CPU, %d thread%s, %s", b->stream.threads,
             b->stream.threads == 1 ? "" : "s", kernels);
fail:
    return err;
}

static int cpu_open(struct rifec *e)
{
    struct cpu_backend *b = e->priv;
    b->stream.threads = e->params.threads ? e->params.threads : usable_cores();
#ifndef _OPENMP
    b->stream.threads = 1;
#endif
    int before = set_threads(b->stream.threads);
    int err = open_all(e, b);
    set_threads(before);
    if (err < 0)
        return err;
    if (e->params.precision == RIFEC_PRECISION_FP16)
        log_warning("no CUDA device: FP16 was asked for, running FP32 on the CPU");
    memcpy(e->info.model_sha256, b->weights.sha256, sizeof e->info.model_sha256);
    e->info.device = b->device;
    e->info.precision = "fp32";
    e->info.in_flight = 1;
    return 0;
}

static int cpu_put(struct rifec *e, int slot, const struct rifec_frame *frame)
{
    struct cpu_backend *b = e->priv;
    return b->ops.load(&(struct load_args){ frame, &b->yuv, b->slot[slot] }, &b->stream);
}

static int cpu_interp(struct rifec *e, int slot0, int slot1, float t, int out)
{
    (void)out;
    struct cpu_backend *b = e->priv;
    int before = set_threads(b->stream.threads);
    int err = 0;
    TRY(ifnet_forward(&b->net, b->slot[slot0], b->slot[slot1], t, &b->stream));
    TRY(framepool_take(e->pool, &b->result));
    TRY(b->ops.store(&(struct store_args){ b->net.out, &b->yuv, b->result }, &b->stream));
fail:
    set_threads(before);
    return err;
}

static int cpu_take(struct rifec *e, int out, struct rifec_frame **frame)
{
    (void)out;
    struct cpu_backend *b = e->priv;
    *frame = b->result;
    b->result = NULL;
    return 0;
}

static void cpu_close(struct rifec *e)
{
    struct cpu_backend *b = e->priv;
    rifec_frame_free(&b->result);
#if RIFEC_HAVE_DNN
    dnn_close(&b->dnn);
#endif
    weights_close(&b->weights);
    yuv_close(&b->yuv);
    arena_close(&b->arena);
}

const struct backend backend_cpu = {
    .name = "cpu",
    .priv_size = sizeof(struct cpu_backend),
    .probe = cpu_probe,
    .open = cpu_open,
    .put = cpu_put,
    .interp = cpu_interp,
    .take = cpu_take,
    .close = cpu_close,
};
