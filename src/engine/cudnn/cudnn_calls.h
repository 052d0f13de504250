/*
 * Convolutions and matrix products of cuDNN and cuBLAS, behind a few functions.
 * cudnn_ops.h decides what they are for, which is the fastest, and remembers it.
 *
 * One thread uses a dnn_lib at a time; where dnn_lib_is_shared(), several may list
 * and open plans, if they have set the device.
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

/* One way of computing it, as text: an engine and its knobs, or an algorithm. */
struct dnn_choice {
    char text[192];
};

/*
 * Where the numbers are, on the device, aligned to 16 bytes. weight is
 * [cout][kernel][kernel][cin], the kernel of a DNN_GEMM being 1.
 */
struct dnn_buffers {
    const void *in, *weight, *residual;
    const float *bias;
    void *out, *workspace;
};

/* RIFEC_ERR_DEVICE, logged, when there is none or it does not start. */
int dnn_lib_open(struct dnn_lib **out);
void dnn_lib_close(struct dnn_lib **l);

bool dnn_lib_is_shared(const struct dnn_lib *l);

/* "cuDNN 9.19.0, cuBLAS 13.1.0". */
void dnn_lib_describe(const struct dnn_lib *l, char *out, size_t bytes);

/*
 * How this could be computed, the library's favourite first, at most `max`.
 * Returns how many; 0 when it refuses. Choices of less precision than asked
 * for, or whose results vary from run to run, are left out.
 */
int dnn_list(struct dnn_lib *l, const struct dnn_call *call, struct dnn_choice *list,
             int max);

/*
 * Prepares a choice. RIFEC_ERR_DEVICE when the library does not do it after all:
 * logged as debug only, since there are others.
 */
int dnn_plan_open(struct dnn_lib *l, struct dnn_plan **out, const struct dnn_call *call,
                  const struct dnn_choice *choice);
void dnn_plan_close(struct dnn_plan **p);

size_t dnn_plan_workspace(const struct dnn_plan *p);

/* Starts it on a stream; can be captured. Errors are logged. */
int dnn_plan_run(const struct dnn_plan *p, const struct dnn_buffers *b,
                 cudaStream_t stream);

#endif
