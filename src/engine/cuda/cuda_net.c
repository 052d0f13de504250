/* Chooses the kernels of each layer and packs its weights for them. */
#include "engine/cuda/cuda_net.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/cuda/conv_versions.h"
#include "engine/cuda/cu.h"

/* --- which kernels are taken ------------------------------------------------------- */

static const char *const op_names[CONV_OPS] = { "conv_s2", "resconv", "deconv" };

/* The pinned version where there is one, else the first. NULL: none at all. */
static const struct conv_version *choose(enum conv_op op, bool is_half, int cc,
                                         const char *pinned)
{
    const struct conv_version *first = NULL;
    for (int i = 0; i < conv_version_count; i++) {
        const struct conv_version *v = &conv_versions[i];
        if (!conv_version_fits(v, op, is_half, cc))
            continue;
        if (pinned && !strcmp(pinned, v->name))
            return v;
        if (!first)
            first = v;
    }
    return first;
}

static int check_pinned(const char *kernels, bool is_half, int cc)
{
    if (!kernels)
        return 0;
    if (!strcmp(kernels, "auto"))
        return 0;
    for (int i = 0; i < conv_version_count; i++)
        if (!strcmp(conv_versions[i].name, kernels) &&
            conv_version_fits(&conv_versions[i], conv_versions[i].op, is_half, cc))
            return 0;
    log_error("kernels '%s': not for %s on a GPU of compute capability %d.%d: try auto",
              kernels, is_half ? "FP16" : "FP32", cc / 10, cc % 10);
    return RIFEC_ERR_USAGE;
}

/* --- packing ---------------------------------------------------------------- */

/* All layers, in the order of struct block_weights. */
static void list_layers(struct weights *w, struct conv_layer *layer[CUDA_LAYERS],
                        enum conv_op op[CUDA_LAYERS])
{
    int n = 0;
    for (int b = 0; b < IFNET_BLOCKS; b++) {
        struct block_weights *k = &w->block[b];
        layer[n] = &k->conv0, op[n++] = CONV_S2;
        layer[n] = &k->conv1, op[n++] = CONV_S2;
        for (int i = 0; i < IFNET_RESCONVS; i++)
            layer[n] = &k->res[i], op[n++] = RESCONV;
        layer[n] = &k->deconv, op[n++] = DECONV;
    }
}

static size_t aligned(size_t bytes)
{
    return (bytes + 255) & ~(size_t)255;
}

static int pack(struct cuda_net *n, const struct conv_version *of_op[CONV_OPS])
{
    int err = 0;
    struct conv_layer *layer[CUDA_LAYERS];
    enum conv_op op[CUDA_LAYERS];
    unsigned char *host = NULL;
    size_t at = 0;
    list_layers(&n->weights, layer, op);
    for (int i = 0; i < CUDA_LAYERS; i++)
        n->packed_bytes += aligned(of_op[op[i]]->bytes(layer[i])) +
                           aligned((size_t)layer[i]->cout * sizeof(float));
    CU(cudaMalloc(&n->packed, n->packed_bytes));
    host = mem_alloc(n->packed_bytes);
    if (!host)
        FAIL(RIFEC_ERR_NOMEM, "no memory for the weights");
    memset(host, 0, n->packed_bytes);
    for (int i = 0; i < CUDA_LAYERS; i++) {
        const struct conv_version *v = of_op[op[i]];
        struct cuda_layer *l = &n->layers[i];
        size_t bias_bytes = (size_t)layer[i]->cout * sizeof(float);
        v->pack(layer[i], host + at);
        l->pack.weight = (unsigned char *)n->packed + at;
        at += aligned(v->bytes(layer[i]));
        memcpy(host + at, layer[i]->bias, bias_bytes);
        l->pack.bias = (float *)(void *)((unsigned char *)n->packed + at);
        at += aligned(bias_bytes);
        l->conv = v->conv;
        l->deconv = v->deconv;
        layer[i]->plan = l;
    }
    CU(cudaMemcpy(n->packed, host, n->packed_bytes, cudaMemcpyHostToDevice));
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

static int open_all(struct cuda_net *n, const struct rifec_params *p, int cc)
{
    int err = 0;
    const struct conv_version *of_op[CONV_OPS];
    n->is_half = p->precision == RIFEC_PRECISION_FP16;
    n->block_size = 8;
    n->ops = (struct ops){ .load = load_cuda,
                           .gather = gather_cuda,
                           .conv_s2 = run_conv,
                           .resconv = run_conv,
                           .deconv = run_deconv,
                           .blend = blend_cuda,
                           .store = store_cuda,
                           .thumbnail = thumbnail_cuda };
    /* Its tiles reach far enough for chroma of half the size, not of a quarter. */
    if (p->format.chroma_w_log2 < 2 && p->format.chroma_h_log2 < 2)
        n->ops.blend_store = blend_store_cuda;
    TRY(check_pinned(p->kernels, n->is_half, cc));
    TRY(weights_open(&n->weights, p->model));
    for (int op = 0; op < CONV_OPS; op++) {
        of_op[op] = choose((enum conv_op)op, n->is_half, cc, p->kernels);
        if (!of_op[op])
            FAIL(RIFEC_ERR_DEVICE,
                 "no kernels for %s on a GPU of compute capability %d.%d: try %s",
                 n->is_half ? "FP16" : "FP32", cc / 10, cc % 10,
                 n->is_half ? "--fp32" : "--device cpu");
        log_verbose("%s: %s kernels", op_names[op], of_op[op]->name);
    }
    TRY(pack(n, of_op));
    weights_drop_data(&n->weights);
    snprintf(n->description, sizeof n->description, "%s kernels", of_op[RESCONV]->name);
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
    weights_close(&n->weights);
    *n = (struct cuda_net){ 0 };
}
