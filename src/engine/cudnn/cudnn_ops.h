/*
 * The convolutions of the network by cuDNN and cuBLAS. When the engine opens, it measures
 * which of their algorithms is the fastest for each layer, and remembers it on disk
 * (plan_cache.h).
 *
 * Order of calls: open; *_cudnn_open() for every layer; choose; then the ops run, on
 * any number of streams, from one thread at a time; close.
 *
 * Tensors are channels last (block == channels), in FP16, FP32 or TF32. TF32 allows
 * inputs to be rounded to it.
 */
#ifndef RIFEC_ENGINE_CUDNN_OPS_H
#define RIFEC_ENGINE_CUDNN_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/ops.h"
#include "model/weights.h"
#include "rifec_kernels.h"

struct cudnn_ops;

/* A measured candidate for a layer. */
struct cudnn_trial {
    const char *layer, *method, *algorithm;
    double us, build_seconds;
    size_t workspace_bytes;
    const struct conv_layer *weights; /* the layer's                  */
    struct tensor in, out;            /* of the last run; for deconv, */
    struct level level;               /* `level` in place of `out`    */
};

/* Zero is the default of every field. */
struct cudnn_ops_params {
    const char *cache; /* the plans file; NULL: the user's, "": none               */
    int candidates;    /* per method of a layer, at most; 0: 4                     */
    void (*on_trial)(void *opaque, const struct cudnn_trial *t); /* for tests      */
    void *opaque;
};

/* Returns RIFEC_ERR_DEVICE if the libraries are missing. */
int cudnn_ops_open(struct cudnn_ops **out, const struct cudnn_ops_params *p);
void cudnn_ops_close(struct cudnn_ops **o);

/*
 * Announces a layer. Measuring overwrites the tensors' memory. layer->plan belongs to the
 * op from cudnn_ops_choose() on.
 */
int conv_s2_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                       const struct tensor *in, const struct tensor *out);
int resconv_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                       const struct tensor *in, const struct tensor *out);
int deconv_cudnn_open(struct cudnn_ops *o, struct conv_layer *layer,
                      const struct tensor *in, const struct level *out);

/* Measures on the stream, without its workspace, and packs the weights. */
int cudnn_ops_choose(struct cudnn_ops *o, cudaStream_t stream);

/* After cudnn_ops_choose(): the workspace that a cuda_stream must have, and the memory
 * that `o` itself holds. */
size_t cudnn_ops_workspace(const struct cudnn_ops *o);
size_t cudnn_ops_memory(const struct cudnn_ops *o);

int conv_s2_cudnn(const struct conv_args *a, void *stream);
int resconv_cudnn(const struct conv_args *a, void *stream);
int deconv_cudnn(const struct deconv_args *a, void *stream);

#endif
