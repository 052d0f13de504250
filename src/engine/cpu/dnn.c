/* oneDNN: one engine and stream, convolution primitives, their memory. */
#include "engine/cpu/dnn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/cpu/dnn_compat.h"

struct dnn_conv {
    struct dnn *owner;
    struct dnn_conv *next;
    dnnl_primitive_t primitive;
    dnnl_memory_t src, dst, weights, bias, scratchpad;
    float *weights_data, *bias_data;
};

struct owned {
    struct owned *next;
    void *p;
};

struct dnn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    struct dnn_conv *convs;
    struct owned *owned;
    void *scratchpad; /* one for all: they run one after the other */
    size_t scratchpad_bytes, bytes;
};

static int dnn_failed(dnnl_status_t status, const char *call)
{
    if (status == dnnl_out_of_memory) {
        log_error("oneDNN: out of memory: try a smaller video or --scale 0.5");
        return RIFEC_ERR_NOMEM;
    }
    log_error("oneDNN: %s: status %d", call, (int)status);
    return RIFEC_ERR_INTERNAL;
}

#define DNN(call)                                                                        \
    do {                                                                                 \
        dnnl_status_t status_ = (call);                                                  \
        if (status_ != dnnl_success) {                                                   \
            err = dnn_failed(status_, #call);                                            \
            goto fail;                                                                   \
        }                                                                                \
    } while (0)

int dnn_block_size(void)
{
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) ==
                   dnnl_cpu_isa_avx512_core
               ? 16
               : 8;
}

void dnn_describe(char *out, size_t bytes)
{
    const dnnl_version_t *v = dnnl_version();
    int isa = dnnl_get_effective_cpu_isa();
    const char *name = (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core
                           ? " avx512"
                       : (isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2 ? " avx2"
                                                                        : "";
    snprintf(out, bytes, "oneDNN %d.%d.%d%s", v->major, v->minor, v->patch, name);
}

int dnn_open(struct dnn **out)
{
    *out = NULL;
    int err = 0;
    struct dnn *d = calloc(1, sizeof *d);
    if (!d)
        return mem_fail("the oneDNN engine");
    DNN(dnnl_engine_create(&d->engine, dnnl_cpu, 0));
    DNN(dnnl_stream_create(&d->stream, d->engine, dnnl_stream_default_flags));
    *out = d;
    return 0;
fail:
    dnn_close(&d);
    return err;
}

static void conv_close(struct dnn_conv *c)
{
    if (c->primitive)
        dnnl_primitive_destroy(c->primitive);
    dnnl_memory_t memory[] = { c->src, c->dst, c->weights, c->bias, c->scratchpad };
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        if (memory[i])
            dnnl_memory_destroy(memory[i]);
    mem_free(c->weights_data);
    mem_free(c->bias_data);
    free(c);
}

void dnn_close(struct dnn **dp)
{
    struct dnn *d = *dp;
    if (!d)
        return;
    while (d->convs) {
        struct dnn_conv *c = d->convs;
        d->convs = c->next;
        conv_close(c);
    }
    while (d->owned) {
        struct owned *o = d->owned;
        d->owned = o->next;
        free(o->p);
        free(o);
    }
    if (d->stream)
        dnnl_stream_destroy(d->stream);
    if (d->engine)
        dnnl_engine_destroy(d->engine);
    mem_free(d->scratchpad);
    free(d);
    *dp = NULL;
}

void *dnn_own(struct dnn *d, void *p)
{
    struct owned *o = p ? malloc(sizeof *o) : NULL;
    if (!o) {
        free(p);
        return NULL;
    }
    *o = (struct owned){ d->owned, p };
    d->owned = o;
    return p;
}

size_t dnn_memory(const struct dnn *d)
{
    return d->bytes + d->scratchpad_bytes;
}

/* Copies weights from [kh][kw][cin][cout] to the layout md, which the kernel chose. */
static int reorder_weights(struct dnn_conv *c, const struct dnn_conv_desc *k,
                           dnn_md_ref md)
{
    int err = 0;
    struct dnn *d = c->owner;
    dnnl_memory_t plain = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_dims_t dims = { k->cout, k->cin, k->kernel_h, k->kernel_w };
    size_t bytes = dnnl_memory_desc_get_size(md);
    dnn_md plain_md = { 0 };
    c->weights_data = mem_alloc(bytes);
    c->bias_data = mem_alloc((size_t)k->cout * sizeof(float));
    if (!c->weights_data || !c->bias_data)
        TRY(mem_fail("the weights"));
    d->bytes += bytes;
    memcpy(c->bias_data, k->bias, (size_t)k->cout * sizeof(float));
    DNN(dnn_md_open(&plain_md, 4, dims, dnnl_hwio));
    DNN(dnnl_memory_create(&plain, DNN_MD_REF(plain_md), d->engine,
                           (void *)(uintptr_t)k->weight));
    DNN(dnnl_memory_create(&c->weights, md, d->engine, c->weights_data));
    DNN(dnnl_reorder_primitive_desc_create(&pd, DNN_MD_REF(plain_md), d->engine, md,
                                           d->engine, NULL));
    DNN(dnnl_primitive_create(&reorder, pd));
    dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, plain }, { DNNL_ARG_TO, c->weights } };
    DNN(dnnl_primitive_execute(reorder, d->stream, 2, args));
    DNN(dnnl_stream_wait(d->stream));
fail:
    if (reorder)
        dnnl_primitive_destroy(reorder);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (plain)
        dnnl_memory_destroy(plain);
    DNN_MD_FREE(plain_md);
    return err;
}

/* Scratchpad memory belongs to d and grows to the largest need. */
static int reserve_scratchpad(struct dnn *d, size_t bytes)
{
    if (bytes <= d->scratchpad_bytes)
        return 0;
    mem_free(d->scratchpad);
    d->scratchpad_bytes = 0;
    d->scratchpad = mem_alloc(bytes);
    if (!d->scratchpad) {
        log_error("cannot allocate %zu MiB for the convolutions", bytes >> 20);
        return RIFEC_ERR_NOMEM;
    }
    d->scratchpad_bytes = bytes;
    return 0;
}

static dnnl_status_t make_attr(dnnl_primitive_attr_t *attr, dnnl_post_ops_t *ops,
                               int lrelu)
{
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (!status)
        status =
            dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (!status && lrelu) {
        status = dnnl_post_ops_create(ops);
        if (!status)
            status = dnn_append_relu(*ops, LEAKY_SLOPE);
        if (!status)
            status = dnnl_primitive_attr_set_post_ops(*attr, *ops);
    }
    return status;
}

int dnn_conv_open(struct dnn *d, struct dnn_conv **out, const struct dnn_conv_desc *k)
{
    int err = 0;
    struct dnn_conv *c = calloc(1, sizeof *c);
    if (!c)
        return mem_fail("a convolution");
    c->owner = d;
    c->next = d->convs;
    d->convs = c;

    int h = (k->height + k->pad_top + k->pad_bottom - k->kernel_h) / k->stride + 1;
    int w = (k->width + k->pad_left + k->pad_right - k->kernel_w) / k->stride + 1;
    dnnl_dims_t src_dims = { 1, k->cin, k->height, k->width };
    dnnl_dims_t weights_dims = { k->cout, k->cin, k->kernel_h, k->kernel_w };
    dnnl_dims_t bias_dims = { k->cout }, dst_dims = { 1, k->cout, h, w };
    dnnl_dims_t strides = { k->stride, k->stride };
    dnnl_dims_t pad_l = { k->pad_top, k->pad_left };
    dnnl_dims_t pad_r = { k->pad_bottom, k->pad_right };
    dnnl_format_tag_t tag = k->block == 16 ? dnnl_nChw16c : dnnl_nChw8c;

    dnn_md src = { 0 }, weights = { 0 }, bias = { 0 }, dst = { 0 };
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_primitive_desc_t pd = NULL;
    const char *implementation = "";
    DNN(dnn_md_open(&src, 4, src_dims, tag));
    DNN(dnn_md_open(&weights, 4, weights_dims, dnnl_format_tag_any));
    DNN(dnn_md_open(&bias, 1, bias_dims, dnnl_x));
    DNN(dnn_md_open(&dst, 4, dst_dims, tag));
    DNN(make_attr(&attr, &ops, k->lrelu));
    DNN(dnn_conv_pd(&pd, d->engine, DNN_MD_REF(src), DNN_MD_REF(weights),
                    DNN_MD_REF(bias), DNN_MD_REF(dst), strides, pad_l, pad_r, attr));
    DNN(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0,
                                  (void *)&implementation));
    log_debug("conv %dx%d s%d, %d -> %d channels, %dx%d: %s", k->kernel_h, k->kernel_w,
              k->stride, k->cin, k->cout, k->width, k->height, implementation);

    TRY(reorder_weights(c, k,
                        dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0)));
    dnn_md_ref pad_md = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    TRY(reserve_scratchpad(d, dnnl_memory_desc_get_size(pad_md)));
    DNN(dnnl_primitive_create(&c->primitive, pd));
    DNN(dnnl_memory_create(&c->src, DNN_MD_REF(src), d->engine, DNNL_MEMORY_NONE));
    DNN(dnnl_memory_create(&c->dst, DNN_MD_REF(dst), d->engine, DNNL_MEMORY_NONE));
    DNN(dnnl_memory_create(&c->bias, DNN_MD_REF(bias), d->engine, c->bias_data));
    DNN(dnnl_memory_create(&c->scratchpad, pad_md, d->engine, DNNL_MEMORY_NONE));
    *out = c;
fail:
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    DNN_MD_FREE(src);
    DNN_MD_FREE(weights);
    DNN_MD_FREE(bias);
    DNN_MD_FREE(dst);
    return err;
}

int dnn_conv_run(const struct dnn_conv *c, const float *in, float *out)
{
    int err = 0;
    DNN(dnnl_memory_set_data_handle(c->src, (void *)(uintptr_t)in));
    DNN(dnnl_memory_set_data_handle(c->dst, out));
    DNN(dnnl_memory_set_data_handle(c->scratchpad, c->owner->scratchpad));
    dnnl_exec_arg_t args[] = {
        { DNNL_ARG_SRC, c->src },
        { DNNL_ARG_WEIGHTS, c->weights },
        { DNNL_ARG_BIAS, c->bias },
        { DNNL_ARG_DST, c->dst },
        { DNNL_ARG_SCRATCHPAD, c->scratchpad },
    };
    DNN(dnnl_primitive_execute(c->primitive, c->owner->stream, 5, args));
    DNN(dnnl_stream_wait(c->owner->stream));
fail:
    return err;
}
