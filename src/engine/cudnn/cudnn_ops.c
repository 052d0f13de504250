/*
 * The layers, and the ops that run the candidates chosen for them. Layers of one shape
 * share a plan.
 */
#include "engine/cudnn/cudnn_ops.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/cuda/cu.h"
#include "engine/cudnn/cudnn_candidate.h"

static const char *const op_names[CONV_OPS] = { "conv_s2", "resconv", "deconv" };

/* --- running ---------------------------------------------------------------------- */

static int run_conv(const struct conv_args *a, void *stream)
{
    const struct cudnn_layer *l = a->layer->plan;
    return candidate_run(&l->shape->chosen, &l->packed, &a->in, &a->out, NULL, stream);
}

int conv_s2_cudnn(const struct conv_args *a, void *stream)
{
    return run_conv(a, stream);
}

int resconv_cudnn(const struct conv_args *a, void *stream)
{
    return run_conv(a, stream);
}

int deconv_cudnn(const struct deconv_args *a, void *stream)
{
    const struct cudnn_layer *l = a->layer->plan;
    return candidate_run(&l->shape->chosen, &l->packed, &a->in, NULL, &a->out, stream);
}

/* --- layers ----------------------------------------------------------------- */

static struct shape *find_shape(struct cudnn_ops *o, const struct shape *like)
{
    for (struct shape *s = o->shapes; s; s = s->next)
        if (!strcmp(s->name, like->name))
            return s;
    struct shape *s = malloc(sizeof *s);
    if (s) {
        *s = *like;
        *o->shapes_end = s;
        o->shapes_end = &s->next;
    }
    return s;
}

static int add_layer(struct cudnn_ops *o, struct conv_layer *layer, struct shape like)
{
    const struct tensor *in = &like.in;
    assert(in->block == in->channels);
    like.layer = layer;
    snprintf(like.name, sizeof like.name, "%s %s %d->%d %dx%d", op_names[like.op],
             dtype_key(in->dtype), in->channels, layer->cout, in->width, in->height);
    struct cudnn_layer *l = calloc(1, sizeof *l);
    struct shape *s = l ? find_shape(o, &like) : NULL;
    if (!s) {
        free(l);
        return mem_fail("a cuDNN layer");
    }
    *l = (struct cudnn_layer){ .next = o->layers, .layer = layer, .shape = s };
    o->layers = l;
    return 0;
}

int conv_s2_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                       const struct tensor *in, const struct tensor *out)
{
    return add_layer(o, layer, (struct shape){ .op = CONV_S2, .in = *in, .out = *out });
}

int resconv_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                       const struct tensor *in, const struct tensor *out)
{
    return add_layer(o, layer, (struct shape){ .op = RESCONV, .in = *in, .out = *out });
}

int deconv_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                      const struct tensor *in, const struct level *out)
{
    return add_layer(o, layer, (struct shape){ .op = DECONV, .in = *in, .level = *out });
}

int cudnn_ops_choose(struct cudnn_ops *o, cudaStream_t stream)
{
    int err = 0;
    TRY(cudnn_choose_candidates(o, stream));
    for (const struct shape *s = o->shapes; s; s = s->next) {
        size_t bytes = candidate_workspace(&s->chosen);
        if (bytes > o->workspace_bytes)
            o->workspace_bytes = bytes;
        log_verbose("%s: %s %s, %.1f us", s->name, s->chosen.method->name,
                    s->chosen.algorithm.text, s->chosen.us);
    }
    for (struct cudnn_layer *l = o->layers; l; l = l->next) {
        size_t bytes;
        TRY(packed_open(&l->packed, &l->shape->chosen, l->layer, &bytes));
        o->packed_bytes += bytes;
        l->layer->plan = l;
    }
fail:
    return err;
}

size_t cudnn_ops_workspace(const struct cudnn_ops *o)
{
    return o->workspace_bytes;
}

size_t cudnn_ops_memory(const struct cudnn_ops *o)
{
    return o->packed_bytes;
}

/* --- open and close --------------------------------------------------------- */

int cudnn_ops_open(struct cudnn_ops **out, const struct cudnn_ops_params *p)
{
    *out = NULL;
    int err = 0, device, driver;
    char libraries[64], machine[384];
    struct cudaDeviceProp prop;
    struct cudnn_ops *o = calloc(1, sizeof *o);
    if (!o)
        return mem_fail("the cuDNN layers");
    o->params = *p;
    o->shapes_end = &o->shapes;
    CU(cudaGetDevice(&device));
    CU(cudaGetDeviceProperties(&prop, device));
    CU(cudaDriverGetVersion(&driver));
    TRY(dnn_lib_open(&o->lib));
    dnn_lib_describe(o->lib, libraries, sizeof libraries);
    snprintf(machine, sizeof machine, "%s, driver %d.%d, %s", prop.name, driver / 1000,
             driver % 1000 / 10, libraries);
    log_verbose("%s", machine);
    o->cache = plan_cache_open(p->cache, machine);
    *out = o;
    return 0;
fail:
    cudnn_ops_close(&o);
    return err;
}

void cudnn_ops_close(struct cudnn_ops **op)
{
    struct cudnn_ops *o = *op;
    if (!o)
        return;
    while (o->layers) {
        struct cudnn_layer *l = o->layers;
        o->layers = l->next;
        packed_close(&l->packed);
        free(l);
    }
    while (o->shapes) {
        struct shape *s = o->shapes;
        o->shapes = s->next;
        dnn_plan_close(&s->chosen.plan);
        free(s);
    }
    plan_cache_close(&o->cache);
    dnn_lib_close(&o->lib);
    free(o);
    *op = NULL;
}
