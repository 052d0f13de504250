/* Chooses the kernels of each layer and packs its weights for them. */
#include "engine/cuda/cuda_net.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/cuda/conv_versions.h"
#include "engine/cuda/cu.h"
#include "engine/precision.h"

/* --- which version of each layer --------------------------------------------------- */

static const char *const op_names[CONV_OPS] = { "conv_s2", "resconv", "deconv" };

static int check_pinned(const char *kernels, enum dtype dtype, int cc)
{
    if (conv_pin_exists(kernels, dtype, cc))
        return 0;
    log_error("kernels '%s' do not support %s on a GPU of compute capability %d.%d: try "
              "auto",
              kernels, dtype_name(dtype), cc / 10, cc % 10);
    return RIFEC_ERR_USAGE;
}

static int choose_kernels(struct cuda_net *n, const char *pinned, int cc)
{
    int err = 0;
    struct network_layer l;
    for (int i = 0; network_layer(n->weights.network, i, &l); i++) {
        struct cuda_layer *to = &n->layers[i];
        struct conv_request r = { .op = l.op,
                                  .layer = &n->weights.layers[i],
                                  .dtype = n->dtype,
                                  .cc = cc,
                                  .pinned = pinned };
        to->version = conv_choose(&r);
        r.in_front = true;
        to->front = conv_choose(&r);
        if (to->version == CONV_NONE)
            FAIL(RIFEC_ERR_DEVICE,
                 "no kernels for %s (%d to %d channels) in %s on a GPU of compute "
                 "capability %d.%d: try %s",
                 l.name, l.cin, l.cout, dtype_name(n->dtype), cc / 10, cc % 10,
                 n->dtype == DTYPE_FP16 ? "--fp32" : "--device cpu");
    }
fail:
    return err;
}

/* Appends a version's name, unless it is in the list: "sm90", then "sm90, ref". */
static void add_name(char *list, size_t size, enum conv_version_id id)
{
    const char *name = id == CONV_NONE ? "" : conv_abilities[id].name;
    const size_t end = strlen(list);
    if (!strstr(list, name))
        snprintf(list + end, size - end, "%s%s", end ? ", " : "", name);
}

/* Lists the names of all versions that an op's layers got. */
static void list_versions(const struct cuda_net *n, enum conv_op op, char *list,
                          size_t size)
{
    struct network_layer l;
    *list = '\0';
    for (int i = 0; network_layer(n->weights.network, i, &l); i++)
        if (l.op == op) {
            add_name(list, size, n->layers[i].front);
            add_name(list, size, n->layers[i].version);
        }
}

/* --- packing ---------------------------------------------------------------- */

static size_t aligned(size_t bytes)
{
    return (bytes + 255) & ~(size_t)255;
}

static size_t pack_bytes(enum conv_version_id id, const struct conv_layer *layer)
{
    return id == CONV_NONE ? 0 : aligned(conv_versions[id].bytes(layer));
}

static int pack(struct cuda_net *n)
{
    int err = 0;
    const struct network *network = n->weights.network;
    struct network_layer l;
    unsigned char *host = NULL;
    size_t at = 0;
    for (int i = 0; network_layer(network, i, &l); i++) {
        const struct conv_layer *layer = &n->weights.layers[i];
        n->packed_bytes += pack_bytes(n->layers[i].version, layer) +
                           aligned((size_t)layer->cout * sizeof(float)) +
                           pack_bytes(n->layers[i].front, layer);
    }
    CU(cudaMalloc(&n->packed, n->packed_bytes));
    host = mem_alloc(n->packed_bytes);
    if (!host)
        TRY(mem_fail("the weights"));
    memset(host, 0, n->packed_bytes);
    for (int i = 0; network_layer(network, i, &l); i++) {
        struct conv_layer *layer = &n->weights.layers[i];
        struct cuda_layer *to = &n->layers[i];
        const struct conv_version *v = &conv_versions[to->version];
        size_t bias_bytes = (size_t)layer->cout * sizeof(float);
        v->pack(layer, host + at);
        to->pack.weight = (unsigned char *)n->packed + at;
        at += pack_bytes(to->version, layer);
        memcpy(host + at, layer->bias, bias_bytes);
        to->pack.bias = (float *)(void *)((unsigned char *)n->packed + at);
        at += aligned(bias_bytes);
        if (to->front != CONV_NONE) {
            conv_versions[to->front].pack(layer, host + at);
            to->front_pack.weight = (unsigned char *)n->packed + at;
            to->front_pack.bias = to->pack.bias;
            at += pack_bytes(to->front, layer);
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
static int run_front_phase_split(const struct front_args *a, void *stream)
{
    int err = 0;
    const struct cuda_layer *conv0 = a->conv0->plan, *conv1 = a->conv1->plan;
    struct gather_args gather = a->gather;
    struct tensor mid = a->mid;
    gather.out.phase_split = mid.phase_split = true;
    const struct conv_args first = { .in = gather.out, .out = mid, .layer = a->conv0 };
    const struct conv_args second = { .in = mid, .out = a->out, .layer = a->conv1 };
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
    if (conv0->front == CONV_NONE || conv0->front != conv1->front)
        return OP_DECLINED;
    if (conv0->front == CONV_S2_SM90)
        return run_front_phase_split(a, stream);
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
    char names[64];
    struct network_layer l;
    n->block_size = 8;
    n->ops.conv_s2 = n->ops.resconv = run_conv;
    n->ops.deconv = run_deconv;
    TRY(choose_kernels(n, pinned, cc));
    for (int op = 0; op < CONV_OPS; op++) {
        list_versions(n, (enum conv_op)op, names, sizeof names);
        log_verbose("%s: %s kernels", op_names[op], names);
    }
    for (int i = 0; network_layer(n->weights.network, i, &l); i++) {
        const enum conv_version_id id = n->layers[i].version;
        if (n->layers[i].front != CONV_NONE)
            n->ops.front = run_front;
        if (l.op != DECONV)
            continue;
        /* The last deconvolution decides: only the last level may be FP16. */
        n->last_level_dtype =
            conv_writes_half(id, &n->weights.layers[i]) ? DTYPE_FP16 : DTYPE_FP32;
        n->ops.tail = id == DECONV_SM90 ? run_tail : NULL;
    }
    TRY(pack(n));
    list_versions(n, RESCONV, names, sizeof names);
    snprintf(n->description, sizeof n->description, "%s kernels", names);
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

/* Without a pin: true if cuDNN is tried before our own kernels. */
static bool wants_cudnn(const struct cuda_net *n, const struct rifec_params *p, int cc)
{
    const bool tf32 = p->precision == RIFEC_PRECISION_TF32;
    char answer[512];
    if (!conv_wants_cudnn(n->weights.network, n->weights.layers,
                          precision_dtype(p->precision), cc))
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

/* The kernels support these two networks, which differ only in unused outputs. */
static bool runs_here(const struct network *n)
{
    return n == &networks[NETWORK_4_6] || n == &networks[NETWORK_4_5];
}

static int open_all(struct cuda_net *n, const struct rifec_params *p, int cc)
{
    int err = 0;
    const char *pinned =
        p->kernels && strcmp(p->kernels, "auto") != 0 ? p->kernels : NULL;
    const bool pins_cudnn = pinned && !strcmp(pinned, "cudnn");
    /* Our own kernels have no TF32: it becomes FP32, unless cuDNN is used. */
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
    if (!runs_here(n->weights.network))
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
