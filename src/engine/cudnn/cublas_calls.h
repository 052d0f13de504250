/*
 * All calls of cuBLAS: the matrix products of cudnn_calls.h, which cudnn_calls.c requests
 * here. The rules for threads are the same.
 */
#ifndef RIFEC_ENGINE_CUDNN_CUBLAS_CALLS_H
#define RIFEC_ENGINE_CUDNN_CUBLAS_CALLS_H

#include "engine/cudnn/cudnn_calls.h"
#include "engine/cudnn/cudnn_load.h"

struct gemm_plan;

/* The handles that a plan uses; they must outlive it. */
struct gemm_lib {
    const struct cudnn_api *api;
    cublasLtHandle_t handle;
};

/* As dnn_list(), dnn_plan_open() and so on, for calls of DNN_GEMM. */
int gemm_list(const struct gemm_lib *l, const struct dnn_call *call,
              struct dnn_algorithm *list, int max);
int gemm_plan_open(const struct gemm_lib *l, struct gemm_plan **out,
                   const struct dnn_call *call, const struct dnn_algorithm *algorithm);
void gemm_plan_close(struct gemm_plan **p);
size_t gemm_plan_workspace(const struct gemm_plan *p);
int gemm_plan_run(const struct gemm_plan *p, const struct dnn_buffers *b,
                  cudaStream_t stream);

#endif
