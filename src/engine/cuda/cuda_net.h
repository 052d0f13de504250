/*
 * The network on a GPU: weights packed for the kernels that were chosen, and the
 * op table. Shared by all lanes of an engine, and read-only once open.
 */
#ifndef RIFEC_ENGINE_CUDA_CUDA_NET_H
#define RIFEC_ENGINE_CUDA_CUDA_NET_H

#include <stdbool.h>

#include "engine/cuda/conv_choice.h"
#include "engine/cudnn/cudnn_net.h"
#include "model/ifnet.h"
#include "rifec/rifec.h"
#include "rifec_kernels.h"

/* layer->plan points to this. The numbers come first, as the kernels expect. */
struct cuda_layer {
    struct conv_pack pack;
    struct conv_pack front_pack;         /* for run_front()'s own kernels, or empty */
    enum conv_version_id version, front; /* of pack and of front_pack */
    int (*conv)(const struct conv_args *a, void *stream);
    int (*deconv)(const struct deconv_args *a, void *stream);
};

struct cuda_net {
    struct ops ops;
    struct weights weights;
    struct cuda_layer layers[NETWORK_LAYERS_MAX];
    void *packed; /* device memory of all layers */
    size_t packed_bytes;
    struct cudnn_net cudnn;      /* used instead, if open */
    size_t workspace_bytes;      /* that each cuda_stream must have */
    enum dtype dtype;            /* of the convolutions' tensors */
    enum dtype last_level_dtype; /* for cuda_net_plan() */
    int block_size;              /* for cuda_net_plan() */
    char description[96];        /* "sm90 kernels", "cuDNN 9.19.0, cuBLAS 13.1.0" */
};

/*
 * For the current device, of compute capability cc (90 for 9.0). Reads model,
 * precision (not AUTO) and kernels of p; and for cuDNN, which is prepared for
 * one size, width, height and scale. RIFEC_ERR_USAGE, _MODEL, _DEVICE, _NOMEM;
 * closed then.
 */
int cuda_net_open(struct cuda_net *n, const struct rifec_params *p, int cc);
void cuda_net_close(struct cuda_net *n);

/* Plans pictures of p's size and scale, with the tensor layout that n's ops need. */
void cuda_net_plan(const struct cuda_net *n, const struct rifec_params *p,
                   struct ifnet *net, struct arena *arena);

#endif
