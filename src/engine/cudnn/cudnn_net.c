/*
 * Announces all layers of the network to cudnn_ops. They are measured in the memory of a
 * network that is planned for that only.
 */
#include "engine/cudnn/cudnn_net.h"

#include <stdio.h>

#include "engine/cuda/cu.h"
#include "engine/cudnn/cudnn_load.h"
#include "engine/cudnn/cudnn_ops.h"
#include "engine/precision.h"
#include "model/ifnet.h"

static int announce(struct cudnn_ops *o, const struct ifnet *net, struct weights *w)
{
    int err = 0;
    struct network_layer l;
    for (int i = 0; network_layer(w->network, i, &l); i++) {
        const struct ifnet_block *k = &net->block[l.block];
        struct conv_layer *layer = &w->layers[i];
        if (l.op == RESCONV)
            TRY(resconv_cudnn_open(o, layer, &k->ping, &k->pong));
        else if (l.op == DECONV)
            TRY(deconv_cudnn_open(o, layer, &k->ping, &k->band));
        else if (l.index == 0)
            TRY(conv_s2_cudnn_open(o, layer, &k->input, &k->mid));
        else
            TRY(conv_s2_cudnn_open(o, layer, &k->mid, &k->ping));
    }
fail:
    return err;
}

int cudnn_net_open(struct cudnn_net *n, struct ops *table, struct weights *w,
                   const struct rifec_params *p)
{
    int err = 0;
    struct ifnet net;
    struct arena arena = { 0 };
    cudaStream_t stream = NULL;
    *n = (struct cudnn_net){ 0 };
    TRY(cudnn_ops_open(&n->ops, &(struct cudnn_ops_params){ 0 }));
    ifnet_plan(&net,
               &(struct ifnet_params){ .network = w->network,
                                       .width = p->width,
                                       .height = p->height,
                                       .scale = p->scale,
                                       .dtype = precision_dtype(p->precision),
                                       .no_scratch = true },
               &arena);
    CU(cudaMalloc((void **)&arena.base, arena.bytes));
    ifnet_bind(&net, &arena);
    CU(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    TRY(announce(n->ops, &net, w));
    TRY(cudnn_ops_choose(n->ops, stream));
    n->workspace_bytes = cudnn_ops_workspace(n->ops);
    n->packed_bytes = cudnn_ops_memory(n->ops);
    table->conv_s2 = conv_s2_cudnn;
    table->resconv = resconv_cudnn;
    table->deconv = deconv_cudnn;
fail:
    if (stream)
        cudaStreamDestroy(stream);
    cudaFree(arena.base);
    if (err < 0)
        cudnn_net_close(n);
    return err;
}

void cudnn_net_close(struct cudnn_net *n)
{
    cudnn_ops_close(&n->ops);
    *n = (struct cudnn_net){ 0 };
}

bool cudnn_net_versions(char *out, size_t bytes)
{
    struct cudnn_api api;
    if (cudnn_load(&api, out, bytes) < 0)
        return false;
    cudnn_describe(&api, out, bytes);
    return true;
}
