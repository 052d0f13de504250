/* The end of every launcher. */
#include "common.cuh"
#include "rifec/error.h"

extern "C" {
#include "base/log.h"
}

extern "C" int cuda_launched(const char *kernel)
{
    cudaError_t e = cudaGetLastError();
    if (e == cudaSuccess)
        return 0;
    log_error("CUDA: kernel %s: %s", kernel, cudaGetErrorString(e));
    return RIFEC_ERR_DEVICE;
}
