/* Finds cuDNN's and cuBLAS's functions. */
#include "engine/cudnn/cudnn_load.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "rifec/error.h"

#define TEXT_(x)   #x
#define TEXT(x)    TEXT_(x)
#define CUDNN_SO   "libcudnn.so." TEXT(CUDNN_MAJOR)
#define CUBLAS_SO  "libcublasLt.so." TEXT(CUBLAS_VER_MAJOR)
#define HOW_TO_GET "install cuDNN and cuBLAS, or name their folders in LD_LIBRARY_PATH"

/* An object pointer becomes a function pointer by its bytes, as POSIX has it. */
static int find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol ? 0 : RIFEC_ERR_DEVICE;
}

int cudnn_load(struct cudnn_api *api, char *why, size_t why_bytes)
{
    *api = (struct cudnn_api){ 0 };
    const char *missing = NULL;
    void *cublas = dlopen(CUBLAS_SO, RTLD_NOW | RTLD_GLOBAL);
    void *cudnn = cublas ? dlopen(CUDNN_SO, RTLD_NOW | RTLD_GLOBAL) : NULL;
    if (!cudnn) {
        snprintf(why, why_bytes, "%s: " HOW_TO_GET, dlerror());
        return RIFEC_ERR_DEVICE;
    }
#define X(name)                                                                          \
    if (find(cudnn, #name, &api->name) < 0)                                              \
        missing = #name;
    CUDNN_FUNCTIONS(X)
#undef X
#define X(name)                                                                          \
    if (find(cublas, #name, &api->name) < 0)                                             \
        missing = #name;
    CUBLASLT_FUNCTIONS(X)
#undef X
    if (!missing)
        return 0;
    snprintf(why, why_bytes, "%s or %s has no %s: " HOW_TO_GET, CUDNN_SO, CUBLAS_SO,
             missing);
    return RIFEC_ERR_DEVICE;
}

void cudnn_describe(const struct cudnn_api *api, char *out, size_t bytes)
{
    int dnn = (int)api->cudnnGetVersion(), blas = (int)api->cublasLtGetVersion();
    snprintf(out, bytes, "cuDNN %d.%d.%d, cuBLAS %d.%d.%d", dnn / 10000, dnn / 100 % 100,
             dnn % 100, blas / 10000, blas / 100 % 100, blas % 100);
}
