/* Check-and-jump around the CUDA runtime, as TRY() is around our own calls. */
#ifndef RIFEC_ENGINE_CUDA_CU_H
#define RIFEC_ENGINE_CUDA_CU_H

#include <cuda_runtime.h>

#include "base/err.h"
#include "base/log.h"

/*
 * Logs what failed and why. Returns RIFEC_ERR_NOMEM if the device is out of memory,
 * otherwise RIFEC_ERR_DEVICE.
 */
static inline int cu_failed(cudaError_t e, const char *call)
{
    (void)cudaGetLastError(); /* so that the next call does not see it again */
    if (e == cudaErrorMemoryAllocation) {
        log_error("out of device memory: try --scale 0.5, --in-flight 1 or --device cpu");
        return RIFEC_ERR_NOMEM;
    }
    log_error("CUDA: %s (%.*s)", cudaGetErrorString(e), 60, call);
    return RIFEC_ERR_DEVICE;
}

#define CU(call)                                                                         \
    do {                                                                                 \
        cudaError_t cu_error_ = (call);                                                  \
        if (cu_error_ != cudaSuccess) {                                                  \
            err = cu_failed(cu_error_, #call);                                           \
            goto fail;                                                                   \
        }                                                                                \
    } while (0)

#endif
