/*
 * Convolutions and matrix products of cuDNN and cuBLAS, behind a few functions.
 * cudnn_ops.h uses them for the network's layers, measures which is the fastest, and
 * remembers it.
 *
 * Only one thread at a time may use a dnn_lib. If dnn_lib_is_shared(), several threads
 * may list algorithms and open plans at once, after they have set the device.
 */
#ifndef RIFEC_ENGINE_CUDNN_CALLS_H
#define RIFEC_ENGINE_CUDNN_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include <cuda_runtime_api.h>

#include "model/dtype.h"

struct dnn_lib;
struct dnn_plan;

enum dnn_kind {
    DNN_CONV, /* 3x3, zero padding 1, by cuDNN                              */
    DNN_GEMM, /* out[pixel][cout] = sum in[pixel][cin] * weight, by cuBLAS  */
};

/*
 * The operation to compute; channels come last. Accumulation is FP32. The steps after the
 * convolution are also FP32 and rounded once, at the end: + bias, + residual (of out's
 * shape), leaky ReLU; not for DNN_GEMM.
 */
struct dnn_call {
    enum dnn_kind kind;
    int cin, cout, height, width; /* of in */
    int stride;
    enum dtype in, out; /* the weights are as in; TF32 of in may round inputs to it */
    bool bias, residual, lrelu;
};

/* How the library computes it, as text: cuDNN's engine and its knobs, or cuBLAS's
 * algorithm. */
struct dnn_algorithm {
    char text[192];
};

/*
 * Pointers to device memory, aligned to 16 bytes. weight is [cout][kernel][kernel][cin];
 * a DNN_GEMM has kernel 1.
 */
struct dnn_buffers {
    const void *in, *weight, *residual;
    const float *bias;
    void *out, *workspace;
};

/* Returns RIFEC_ERR_DEVICE, logged, if a library is missing or does not start. */
int dnn_lib_open(struct dnn_lib **out);
void dnn_lib_close(struct dnn_lib **l);

bool dnn_lib_is_shared(const struct dnn_lib *l);

/* "cuDNN 9.19.0, cuBLAS 13.1.0". */
void dnn_lib_describe(const struct dnn_lib *l, char *out, size_t bytes);

/*
 * Lists at most `max` algorithms for a call, the library's favourite first, and returns
 * their number; 0 if the library refuses the call. Algorithms that are less precise than
 * requested, or whose results vary from run to run, are left out.
 */
int dnn_list(struct dnn_lib *l, const struct dnn_call *call, struct dnn_algorithm *list,
             int max);

/*
 * Prepares an algorithm. Returns RIFEC_ERR_DEVICE if the library refuses it after all;
 * this is logged as debug only, because there are other algorithms.
 */
int dnn_plan_open(struct dnn_lib *l, struct dnn_plan **out, const struct dnn_call *call,
                  const struct dnn_algorithm *algorithm);
void dnn_plan_close(struct dnn_plan **p);

size_t dnn_plan_workspace(const struct dnn_plan *p);

/* Starts the plan on a stream, which may be capturing. Errors are logged. */
int dnn_plan_run(const struct dnn_plan *p, const struct dnn_buffers *b,
                 cudaStream_t stream);

#endif
