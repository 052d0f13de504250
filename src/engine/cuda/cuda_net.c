/* Chooses the kernels of each layer and packs its weights for them. */
#include "engine/cuda/cuda_net.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/cuda/conv_versions.h"
#include "engine/cuda/cu.h"
#include "engine/precision.h"

/* --- which kernels are taken ------------------------------------------------------- */

static const char *const op_names[CONV_OPS] = { "conv_s2", "resconv", "deconv" };

/* The pinned version where there is one, else the first. NULL: none at all. */
static const struct conv_version *choose(enum conv_op op, enum dtype dtype, int cc,
                                         const char *pinned)
{
    const struct conv_version *first = NULL;
    for (int i = 0; i < conv_version_count; i++) {
        const struct conv_version *v = &conv_versions[i];
        if (!conv_version_fits(v, op, dtype, cc))
            continue;
        if (pinned && !strcmp(pinned, v->name))
            return v;
        if (!first)
            first = v;
    }
    return first;
}

static int check_pinned(const char *kernels, enum dtype dtype, int cc)
{
    for (int i = 0; i < conv_version_count; i++)
        if (!strcmp(conv_versions[i].name, kernels) &&
            conv_version_fits(&conv_versions[i], conv_versions[i].op, dtype, cc))
            return 0;
    log_error("kernels '%s' do not support %s on a GPU of compute capability %d.%d: try "
              "auto",
              kernels, dtype_name(dtype), cc / 10, cc % 10);
    return RIFEC_ERR_USAGE;
}

/* --- packing ---------------------------------------------------------------- */

static size_t aligned(size_t bytes)
{
    return (bytes + 255) & ~(size_t)255;
}

/* Bytes of a layer's weights for run_front()'s own kernels, where it is used at all. */
static size_t front_pack_bytes(const struct cuda_net *n, const struct conv_layer *layer,
                               enum conv_op op)
{
    if (!n->ops.front || op != CONV_S2)
        return 0;
    return conv_s2_sm90_takes(layer) ? conv_s2_sm90_pack_bytes(layer)
                                     : front_sm90_pack_bytes(layer);
}

static void pack_for_front(const struct conv_layer *layer, void *out)
{
    if (conv_s2_sm90_takes(layer))
        conv_s2_sm90_pack(layer, out);
    else
        front_sm90_pack(layer, out);
}

static int pack(struct cuda_net *n, const struct conv_version *of_op[CONV_OPS])
{
    int err = 0;
    const struct network *network = n->weights.network;
    struct network_layer l;
    unsigned char *host = NULL;
    size_t at = 0;
    for (int i = 0; network_layer(network, i, &l); i++) {
        const struct conv_layer *layer = &n->weights.layers[i];
        n->packed_bytes += aligned(of_op[l.op]->bytes(layer)) +
                           aligned((size_t)layer->cout * sizeof(float)) +
                           aligned(front_pack_bytes(n, layer, l.op));
    }
    CU(cudaMalloc(&n->packed, n->packed_bytes));
    host = mem_alloc(n->packed_bytes);
    if (!host)
        TRY(mem_fail("the weights"));
    memset(host, 0, n->packed_bytes);
    for (int i = 0; network_layer(network, i, &l); i++) {
        const struct conv_version *v = of_op[l.op];
        struct conv_layer *layer = &n->weights.layers[i];
        struct cuda_layer *to = &n->layers[i];
        size_t bias_bytes = (size_t)layer->cout * sizeof(float);
        v->pack(layer, host + at);
        to->pack.weight = (unsigned char *)n->packed + at;
        at += aligned(v->bytes(layer));
        memcpy(host + at, layer->bias, bias_bytes);
        to->pack.bias = (float *)(void *)((unsigned char *)n->packed + at);
        at += aligned(bias_bytes);
        if (front_pack_bytes(n, layer, l.op)) {
            pack_for_front(layer, host + at);
            to->front_pack.weight = (unsigned char *)n->packed + at;
            to->front_pack.bias = to->pack.bias;
            at += aligned(front_pack_bytes(n, layer, l.op));
        }
        to->conv = v->conv;
        to->deconv = v->deconv;
        layer->plan = to;
    }
    CU(cudaMemcpyAsync(n->packed, host, n->packed_bytes, cudaMemcpyHostToDevice,
                       cudaStreamPerThread));
    CU(cudaStreamSynchronize(cudaStreamPerThread));
fail:
    mem_free(host);
    return err;
}

/* --- the table -------------------------------------------------------------- */

static int run_conv(const struct conv_args *a, void *stream)
{
    return ((const struct cuda_layer *)a->layer->plan)->conv(a, stream);
}

static int run_deconv(const struct deconv_args *a, void *stream)
{
    return ((const struct cuda_layer *)a->layer->plan)->deconv(a, stream);
}

/* For blocks 0 and 1: three kernels, with phase-split (even/odd) tensors between them. */
static int run_front_by_parity(const struct front_args *a, void *stream)
{
    int err = 0;
    const struct cuda_layer *conv0 = a->conv0->plan, *conv1 = a->conv1->plan;
    struct gather_args gather = a->gather;
    struct tensor half = a->half;
    gather.out.by_parity = half.by_parity = true;
    const struct conv_args first = { gather.out, half, a->conv0 };
    const struct conv_args second = { half, a->out, a->conv1 };
    if (!conv_s2_sm90_fits(&first) || !conv_s2_sm90_fits(&second))
        return OP_DECLINED;
    TRY(gather_cuda(&gather, stream));
    TRY(conv_s2_sm90(&first, &conv0->front_pack, stream));
    TRY(conv_s2_sm90(&second, &conv1->front_pack, stream));
fail:
    return err;
}

static int run_front(const struct front_args *a, void *stream)
{
    const struct cuda_layer *conv0 = a->conv0->plan, *conv1 = a->conv1->plan;
    if (a->gather.level_count < 2)
        return run_front_by_parity(a, stream);
    if (!front_sm90_fits(a))
        return OP_DECLINED;
    return front_sm90(a, &conv0->front_pack, &conv1->front_pack, stream);
}

static int run_tail(const struct tail_args *a, void *stream)
{
    return tail_sm90_fits(a) ? tail_sm90(a, stream) : OP_DECLINED;
}

static int open_own(struct cuda_net *n, const char *pinned, int cc)
{
    int err = 0;
    const struct conv_version *of_op[CONV_OPS];
    n->block_size = 8;
    n->ops.conv_s2 = n->ops.resconv = run_conv;
    n->ops.deconv = run_deconv;
    if (n->dtype == DTYPE_FP16 && cc == 90 && (!pinned || !strcmp(pinned, "sm90")))
        n->ops.front = run_front;
    for (int op = 0; op < CONV_OPS; op++) {
        of_op[op] = choose((enum conv_op)op, n->dtype, cc, pinned);
        if (!of_op[op])
            FAIL(RIFEC_ERR_DEVICE,
                 "no kernels for %s on a GPU of compute capability %d.%d: try %s",
                 dtype_name(n->dtype), cc / 10, cc % 10,
                 n->dtype == DTYPE_FP16 ? "--fp32" : "--device cpu");
        log_verbose("%s: %s%s kernels", op_names[op],
                    op == CONV_S2 && n->ops.front ? "sm90 or " : "", of_op[op]->name);
    }
    n->last_level_dtype = of_op[DECONV]->writes_half ? DTYPE_FP16 : DTYPE_FP32;
    if (of_op[DECONV]->deconv == deconv_sm90)
        n->ops.tail = run_tail;
    TRY(pack(n, of_op));
    snprintf(n->description, sizeof n->description, "%s kernels", of_op[RESCONV]->name);
fail:
    return err;
}

static int open_cudnn(struct cuda_net *n, const struct rifec_params *p)
{
    int err = 0;
    TRY(cudnn_net_open(&n->cudnn, &n->ops, &n->weights, p));
    n->block_size = 0;
    n->dtype = precision_dtype(p->precision);
    n->packed_bytes = n->cudnn.packed_bytes;
    n->workspace_bytes = n->cudnn.workspace_bytes;
    (void)cudnn_net_versions(n->description, sizeof n->description);
fail:
    return err;
}

/*
 * Without a pin: whether cuDNN is to be tried before our own kernels. It is where
 * TF32 is allowed, which they do not do, and where we have only the plain ones for
 * resconv, most of the work.
 */
static bool wants_cudnn(const struct cuda_net *n, const struct rifec_params *p, int cc)
{
    const struct conv_version *own = choose(RESCONV, n->dtype, cc, NULL);
    const bool tf32 = p->precision == RIFEC_PRECISION_TF32;
    char answer[512];
    if (!tf32 && own && strcmp(own->name, "ref") != 0)
        return false;
    if (cudnn_net_versions(answer, sizeof answer)) {
        log_verbose("%s by %s", rifec_precision_name(p->precision), answer);
        return true;
    }
    if (tf32)
        log_warning("--tf32 needs cuDNN, so FP32 is used: %s", answer);
    else
        log_verbose("no cuDNN: %s", answer);
    return false;
}

static int open_all(struct cuda_net *n, const struct rifec_params *p, int cc)
{
    int err = 0;
    const char *pinned =
        p->kernels && strcmp(p->kernels, "auto") != 0 ? p->kernels : NULL;
    const bool pins_cudnn = pinned && !strcmp(pinned, "cudnn");
    /* Our own kernels have no TF32: it becomes FP32, unless cuDNN is taken. */
    n->dtype = p->precision == RIFEC_PRECISION_FP16 ? DTYPE_FP16 : DTYPE_FP32;
    n->ops = (struct ops){ .load = load_cuda,
                           .gather = gather_cuda,
                           .blend = blend_cuda,
                           .store = store_cuda,
                           .blend_store = blend_store_cuda,
                           .thumbnail = thumbnail_cuda };
    if (pinned && !pins_cudnn)
        TRY(check_pinned(pinned, n->dtype, cc));
    if (p->precision == RIFEC_PRECISION_TF32 && pinned && !pins_cudnn)
        log_warning("--tf32 needs --kernels cudnn, and %s was given", pinned);
    TRY(weights_open(&n->weights, p->model));
    if (n->weights.network->encoder_channels)
        FAIL(RIFEC_ERR_MODEL, "%s: the CUDA engine does not run %s yet: try --device cpu",
             p->model ? p->model : "the built-in model", n->weights.network->name);
    bool by_cudnn = pins_cudnn || (!pinned && wants_cudnn(n, p, cc));
    if (by_cudnn) {
        err = open_cudnn(n, p);
        if (err < 0 && (pins_cudnn || err != RIFEC_ERR_DEVICE))
            goto fail;
        by_cudnn = err == 0;
    }
    if (!by_cudnn)
        TRY(open_own(n, pinned, cc));
    weights_drop_data(&n->weights);
fail:
    return err;
}

int cuda_net_open(struct cuda_net *n, const struct rifec_params *p, int cc)
{
    *n = (struct cuda_net){ 0 };
    int err = open_all(n, p, cc);
    if (err < 0)
        cuda_net_close(n);
    return err;
}

void cuda_net_close(struct cuda_net *n)
{
    cudaFree(n->packed);
    cudnn_net_close(&n->cudnn);
    weights_close(&n->weights);
    *n = (struct cuda_net){ 0 };
}

void cuda_net_plan(const struct cuda_net *n, const struct rifec_params *p,
                   struct ifnet *net, struct arena *arena)
{
    const struct ifnet_params params = { .network = n->weights.network,
                                         .width = p->width,
                                         .height = p->height,
                                         .scale = p->scale,
                                         .block_size = n->block_size,
                                         .dtype = n->dtype,
                                         .last_level_dtype = n->last_level_dtype,
                                         .no_scratch = true };
    ifnet_plan(net, &params, arena);
}
