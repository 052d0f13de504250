/*
 * The convolutions of the network by cuDNN and cuBLAS. Which of their many ways
 * is best for a layer is measured when the engine opens, and remembered on disk
 * (plan_cache.h).
 *
 * Order of calls: open; *_cudnn_open() for every layer; choose; then the ops run, on
 * any number of streams, from one thread at a time; close.
 *
 * Tensors are channels last (block == channels), FP16, FP32, or TF32,
 * which allows that inputs are rounded to it.
 */
#ifndef RIFEC_ENGINE_CUDNN_OPS_H
#define RIFEC_ENGINE_CUDNN_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/ops.h"
#include "model/weights.h"
#include "rifec_kernels.h"

struct cudnn_ops;

/* One way of computing a layer, as it was measured. */
struct cudnn_trial {
    const char *layer, *route, *choice;
    double us, build_seconds;
    size_t workspace_bytes;
    const struct conv_layer *weights; /* whose, and ... */
    struct tensor in, out;            /* ... what came out of what */
    struct level level;
};

/* Zero is the default of every field. */
struct cudnn_ops_params {
    const char *cache; /* the plans file; NULL: the user's, "": none               */
    int candidates;    /* of each route of a layer, at most; 0: 4                  */
    void (*on_trial)(void *opaque, const struct cudnn_trial *t); /* for tests      */
    void *opaque;
};

/* RIFEC_ERR_DEVICE without the libraries. */
int cudnn_ops_open(struct cudnn_ops **out, const struct cudnn_ops_params *p);
void cudnn_ops_close(struct cudnn_ops **o);

/*
 * Announces a layer. The tensors' memory is used for measuring: what is in it is
 * lost. layer->plan is the op's from cudnn_ops_choose() on.
 */
int conv_s2_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                       const struct tensor *in, const struct tensor *out);
int resconv_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                       const struct tensor *in, const struct tensor *out);
int deconv_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                      const struct tensor *in, const struct level *out);

/* Measures on the stream, whose workspace is not used, and packs the weights. */
int cudnn_ops_choose(struct cudnn_ops *o, cudaStream_t stream);

/* Once chosen: the workspace a cuda_stream must have, and what o itself holds. */
size_t cudnn_ops_workspace(const struct cudnn_ops *o);
size_t cudnn_ops_memory(const struct cudnn_ops *o);

int conv_s2_cudnn(const struct conv_args *a, void *stream);
int resconv_cudnn(const struct conv_args *a, void *stream);
int deconv_cudnn(const struct deconv_args *a, void *stream);

#endif
