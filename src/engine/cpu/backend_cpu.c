/*
 * The CPU backend: frames in and out around cpu_net. Everything happens inside
 * the call, so one in-between is in flight at a time.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "engine/backend.h"
#include "engine/cpu/cpu_net.h"
#include "model/yuv.h"

struct cpu_backend {
    struct cpu_net net;
    struct yuv yuv;
    char device[128];
};

static const char *cpu_probe(const struct rifec_params *p)
{
    (void)p;
    return NULL;
}

static int cpu_open(struct rifec *e)
{
    int err = 0;
    struct cpu_backend *b = e->priv;
    const struct rifec_params *p = &e->params;
    TRY(cpu_net_open(&b->net, p));
    TRY(yuv_open(&b->yuv, p->width, p->height, &p->format, &p->color));
    if (p->precision > RIFEC_PRECISION_FP32)
        log_warning("no CUDA device: running FP32 on the CPU instead of %s",
                    rifec_precision_name(p->precision));
    snprintf(b->device, sizeof b->device, "CPU, %s", b->net.description);
    memcpy(e->info.model_sha256, b->net.weights.sha256, sizeof e->info.model_sha256);
    e->info.device = b->device;
    e->info.precision = dtype_key(DTYPE_FP32);
    e->info.in_flight = 1;
    e->info.memory_bytes = cpu_net_memory(&b->net);
fail:
    return err;
}

static int cpu_put(struct rifec *e, int slot, const struct rifec_frame *frame)
{
    int err = 0;
    struct cpu_backend *b = e->priv;
    const struct load_args load = { frame, &b->yuv, b->net.source[slot].image };
    TRY(b->net.ops.load(&load, &b->net.stream));
    TRY(ifnet_encode(&b->net.net, &b->net.source[slot], &b->net.stream));
fail:
    return err;
}

static int cpu_thumbnail(struct rifec *e, const struct rifec_frame *frame, uint16_t *luma)
{
    struct cpu_backend *b = e->priv;
    return b->net.ops.thumbnail(&(struct thumbnail_args){ frame, &b->yuv, luma },
                                &b->net.stream);
}

static int cpu_interp(struct rifec *e, int slot0, int slot1, float t, int out)
{
    (void)out;
    struct cpu_backend *b = e->priv;
    return cpu_net_forward(&b->net, slot0, slot1, t, &b->yuv, NULL);
}

/* The picture stays in net.out, so that it is written once, to its destination. */
static int cpu_take_into(struct rifec *e, int out, struct rifec_frame *frame)
{
    (void)out;
    struct cpu_backend *b = e->priv;
    return b->net.ops.store(&(struct store_args){ b->net.net.out, &b->yuv, frame },
                            &b->net.stream);
}

static int cpu_take(struct rifec *e, int out, struct rifec_frame **frame)
{
    int err = 0;
    TRY(framepool_take(e->pool, frame));
    TRY(cpu_take_into(e, out, *frame));
    return 0;
fail:
    rifec_frame_free(frame);
    return err;
}

static int cpu_level(struct rifec *e, int b, struct level *out)
{
    const struct ifnet *net = &((struct cpu_backend *)e->priv)->net.net;
    const struct level *l = &net->level[b];
    if (b >= net->network->block_count)
        return 1;
    size_t pixels = (size_t)l->width * (size_t)l->height;
    float *flow = out->flow, *mask = out->mask;
    if (flow && mask) {
        memcpy(flow, l->flow, 4 * pixels * sizeof *flow);
        memcpy(mask, l->mask, pixels * sizeof *mask);
    }
    *out = *l;
    out->flow = flow;
    out->mask = mask;
    return 0;
}

static void cpu_close(struct rifec *e)
{
    struct cpu_backend *b = e->priv;
    cpu_net_close(&b->net);
    yuv_close(&b->yuv);
}

const struct backend backend_cpu = {
    .name = "cpu",
    .priv_size = sizeof(struct cpu_backend),
    .slots = CPU_NET_SOURCES,
    .probe = cpu_probe,
    .open = cpu_open,
    .put = cpu_put,
    .thumbnail = cpu_thumbnail,
    .interp = cpu_interp,
    .take = cpu_take,
    .take_into = cpu_take_into,
    .level = cpu_level,
    .close = cpu_close,
};
