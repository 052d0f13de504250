/*
 * cuBLAS through cublasLt. It counts in columns:
 *
 *     out' [cout x pixels] = weight' * in'
 *
 * where weight' is the transpose of [cin x cout] as stored, in' is [cin x pixels].
 */
#include "engine/cudnn/cublas_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define LIST_MAX      16
#define WORKSPACE_MAX ((size_t)32 << 20)

struct gemm_plan {
    const struct gemm_lib *lib;
    size_t workspace_bytes;
    cublasLtMatmulDesc_t matmul;
    cublasLtMatrixLayout_t weight, in, out;
    cublasLtMatmulAlgo_t algorithm;
};

static int cublas_failed(const struct gemm_lib *l, cublasStatus_t status,
                         const char *call)
{
    log_error("cuBLAS: %s: %.60s", l->api->cublasLtGetStatusString(status), call);
    return status == CUBLAS_STATUS_ALLOC_FAILED ? RIFEC_ERR_NOMEM : RIFEC_ERR_DEVICE;
}

#define CUBLAS(l, call)                                                                  \
    do {                                                                                 \
        cublasStatus_t status_ = (l)->api->call;                                         \
        if (status_ != CUBLAS_STATUS_SUCCESS) {                                          \
            err = cublas_failed(l, status_, #call);                                      \
            goto fail;                                                                   \
        }                                                                                \
    } while (0)

/* A plan without an algorithm. */
static int make_matmul(const struct gemm_lib *l, struct gemm_plan **out,
                       const struct dnn_call *c)
{
    int err = 0;
    struct gemm_plan *p = *out = calloc(1, sizeof *p);
    cudaDataType in = c->in == DTYPE_FP16 ? CUDA_R_16F : CUDA_R_32F;
    cudaDataType result = c->out == DTYPE_FP16 ? CUDA_R_16F : CUDA_R_32F;
    cublasComputeType_t compute =
        c->in == DTYPE_TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    cublasOperation_t transpose = CUBLAS_OP_T;
    uint64_t pixels = (uint64_t)c->height * (uint64_t)c->width;
    uint64_t cin = (uint64_t)c->cin, cout = (uint64_t)c->cout;
    if (!p)
        TRY(mem_fail("a cuBLAS plan"));
    p->lib = l;
    CUBLAS(l, cublasLtMatmulDescCreate(&p->matmul, compute, CUDA_R_32F));
    CUBLAS(l, cublasLtMatmulDescSetAttribute(p->matmul, CUBLASLT_MATMUL_DESC_TRANSA,
                                             &transpose, sizeof transpose));
    CUBLAS(l, cublasLtMatrixLayoutCreate(&p->weight, in, cin, cout, c->cin));
    CUBLAS(l, cublasLtMatrixLayoutCreate(&p->in, in, cin, pixels, c->cin));
    CUBLAS(l, cublasLtMatrixLayoutCreate(&p->out, result, cout, pixels, c->cout));
    return 0;
fail:
    gemm_plan_close(out);
    return err;
}

int gemm_list(const struct gemm_lib *l, const struct dnn_call *call,
              struct dnn_algorithm *list, int max)
{
    int err = 0, count = 0;
    struct gemm_plan *p = NULL;
    cublasLtMatmulPreference_t preference = NULL;
    cublasLtMatmulHeuristicResult_t result[LIST_MAX];
    const size_t workspace = WORKSPACE_MAX;
    TRY(make_matmul(l, &p, call));
    CUBLAS(l, cublasLtMatmulPreferenceCreate(&preference));
    CUBLAS(l, cublasLtMatmulPreferenceSetAttribute(
                  preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                  sizeof workspace));
    if (l->api->cublasLtMatmulAlgoGetHeuristic(
            l->handle, p->matmul, p->weight, p->in, p->out, p->out, preference,
            max < LIST_MAX ? max : LIST_MAX, result, &count) != CUBLAS_STATUS_SUCCESS)
        count = 0;
    for (int i = 0; i < count; i++) {
        int at = snprintf(list[i].text, sizeof list[i].text, "cublas");
        for (int j = 0; j < 8; j++)
            at += snprintf(list[i].text + at, sizeof list[i].text - (size_t)at, " %llx",
                           (unsigned long long)result[i].algo.data[j]);
    }
fail:
    if (preference)
        l->api->cublasLtMatmulPreferenceDestroy(preference);
    gemm_plan_close(&p);
    return err < 0 ? 0 : count;
}

/* Reads the text that gemm_list() writes; false if it is not such a text. */
static bool read_algorithm(cublasLtMatmulAlgo_t *out, const char *text)
{
    static const char prefix[] = "cublas";
    if (strncmp(text, prefix, sizeof prefix - 1))
        return false;
    const char *at = text + sizeof prefix - 1;
    for (int i = 0; i < 8; i++) {
        char *end;
        out->data[i] = strtoull(at, &end, 16);
        if (end == at)
            return false;
        at = end;
    }
    return !*at;
}

int gemm_plan_open(const struct gemm_lib *l, struct gemm_plan **out,
                   const struct dnn_call *call, const struct dnn_algorithm *algorithm)
{
    cublasLtMatmulHeuristicResult_t result;
    int err = make_matmul(l, out, call);
    if (err < 0)
        return err;
    struct gemm_plan *p = *out;
    if (!read_algorithm(&p->algorithm, algorithm->text) ||
        l->api->cublasLtMatmulAlgoCheck(l->handle, p->matmul, p->weight, p->in, p->out,
                                        p->out, &p->algorithm,
                                        &result) != CUBLAS_STATUS_SUCCESS) {
        log_debug("cuBLAS refuses '%s'", algorithm->text);
        gemm_plan_close(out);
        return RIFEC_ERR_DEVICE;
    }
    p->workspace_bytes = result.workspaceSize;
    return 0;
}

void gemm_plan_close(struct gemm_plan **pp)
{
    struct gemm_plan *p = *pp;
    if (!p)
        return;
    const struct cudnn_api *api = p->lib->api;
    if (p->out)
        api->cublasLtMatrixLayoutDestroy(p->out);
    if (p->in)
        api->cublasLtMatrixLayoutDestroy(p->in);
    if (p->weight)
        api->cublasLtMatrixLayoutDestroy(p->weight);
    if (p->matmul)
        api->cublasLtMatmulDescDestroy(p->matmul);
    free(p);
    *pp = NULL;
}

size_t gemm_plan_workspace(const struct gemm_plan *p)
{
    return p->workspace_bytes;
}

int gemm_plan_run(const struct gemm_plan *p, const struct dnn_buffers *b,
                  cudaStream_t stream)
{
    int err = 0;
    const float one = 1, zero = 0;
    const struct gemm_lib *l = p->lib;
    CUBLAS(l, cublasLtMatmul(l->handle, p->matmul, &one, b->weight, p->weight, b->in,
                             p->in, &zero, b->out, p->out, b->out, p->out, &p->algorithm,
                             b->workspace, p->workspace_bytes, stream));
fail:
    return err;
}
