/*
 * Differences between versions of CUDA, 12.0 and later, for C and for CUDA. The build
 * turns older ones away (cuda_toolkit.cmake).
 */
#ifndef RIFEC_ENGINE_CUDA_COMPAT_H
#define RIFEC_ENGINE_CUDA_COMPAT_H

#include <cuda_runtime_api.h>

/* Finds a function of the driver, as CUDA 12.0 defined it: the program does not link
 * the driver, so that it starts without one. */
static inline cudaError_t cuda_driver_function(const char *name, void **function)
{
    enum cudaDriverEntryPointQueryResult found;
#if CUDART_VERSION >= 12050
    cudaError_t e = cudaGetDriverEntryPointByVersion(name, function, 12000,
                                                     cudaEnableDefault, &found);
#else
    cudaError_t e = cudaGetDriverEntryPoint(name, function, cudaEnableDefault, &found);
#endif
    if (e == cudaSuccess && (found != cudaDriverEntryPointSuccess || !*function))
        e = cudaErrorInsufficientDriver;
    return e;
}

#endif
