/*
 * cuDNN and cuBLAS, found at run time: the program starts and works without
 * them. Their functions are called through this table, under their own names.
 */
#ifndef RIFEC_ENGINE_CUDNN_LOAD_H
#define RIFEC_ENGINE_CUDNN_LOAD_H

#include <cublasLt.h>
#include <cudnn.h>

#define CUDNN_FUNCTIONS(X)                                                               \
    X(cudnnBackendCreateDescriptor)                                                      \
    X(cudnnBackendDestroyDescriptor)                                                     \
    X(cudnnBackendExecute)                                                               \
    X(cudnnBackendFinalize)                                                              \
    X(cudnnBackendGetAttribute)                                                          \
    X(cudnnBackendSetAttribute)                                                          \
    X(cudnnCreate)                                                                       \
    X(cudnnDestroy)                                                                      \
    X(cudnnGetErrorString)                                                               \
    X(cudnnGetLastErrorString)                                                           \
    X(cudnnGetVersion)                                                                   \
    X(cudnnSetStream)

#define CUBLASLT_FUNCTIONS(X)                                                            \
    X(cublasLtCreate)                                                                    \
    X(cublasLtDestroy)                                                                   \
    X(cublasLtGetStatusString)                                                           \
    X(cublasLtGetVersion)                                                                \
    X(cublasLtMatmul)                                                                    \
    X(cublasLtMatmulAlgoCheck)                                                           \
    X(cublasLtMatmulAlgoGetHeuristic)                                                    \
    X(cublasLtMatmulDescCreate)                                                          \
    X(cublasLtMatmulDescDestroy)                                                         \
    X(cublasLtMatmulDescSetAttribute)                                                    \
    X(cublasLtMatmulPreferenceCreate)                                                    \
    X(cublasLtMatmulPreferenceDestroy)                                                   \
    X(cublasLtMatmulPreferenceSetAttribute)                                              \
    X(cublasLtMatrixLayoutCreate)                                                        \
    X(cublasLtMatrixLayoutDestroy)

struct cudnn_api {
#define X(name) __typeof__(name) *name;
    CUDNN_FUNCTIONS(X)
    CUBLASLT_FUNCTIONS(X)
#undef X
};

/*
 * Fills the table. 0, or RIFEC_ERR_DEVICE with the reason in `why`, a line for
 * the user. The libraries stay loaded until the program ends: they do not
 * survive being unloaded.
 */
int cudnn_load(struct cudnn_api *api, char *why, size_t why_bytes);

/* "cuDNN 9.19.0, cuBLAS 13.1.0". */
void cudnn_describe(const struct cudnn_api *api, char *out, size_t bytes);

#endif
