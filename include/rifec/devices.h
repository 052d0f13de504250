/*
 * CUDA devices, the versions of their libraries, and a context on one of them for a
 * decoder. These functions also work in a build without CUDA and on a machine without
 * a driver: they then report that there is no device, and why.
 *
 * They may be called from any thread. No function here keeps a pointer that it is
 * given.
 */
#ifndef RIFEC_DEVICES_H
#define RIFEC_DEVICES_H

#include <stddef.h>
#include <stdint.h>

#include "rifec/api.h"

struct rifec_device_info {
    char name[256];
    size_t memory_bytes;  /* total device memory                                     */
    size_t free_bytes;    /* what this process can allocate now; 0: unknown          */
    int major, minor;     /* compute capability, e.g. 9 and 0                        */
    int sm_count;         /* number of streaming multiprocessors                     */
    uint64_t reserved[8]; /* zero                                                   */
};

/* Versions as CUDA counts them: 13000 is 13.0. 0 means that it is missing. */
struct rifec_cuda_versions {
    int runtime;          /* CUDA toolkit that rifec was built with               */
    int supported;        /* newest CUDA version that the driver supports         */
    char libraries[128];  /* "cuDNN 9.13.0, cuBLAS 13.0.2"; empty: missing       */
    char targets[128];    /* compute capabilities built for: "75 80 86 ..."      */
    uint64_t reserved[8]; /* zero                                               */
};

/* A context and a stream for other libraries, such as a decoder, on one device. */
struct rifec_cuda {
    int device_index;
    void *context; /* CUcontext: the primary context, which the engine also uses  */
    void *stream;  /* CUstream: independent of every other stream                 */
    uint64_t reserved[4]; /* zero                                                 */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Returns the number of CUDA devices and describes the first `max` of them in out[0 ..
 * max - 1]. An index into out[] is the value for rifec_params.device_index. If there is
 * no device, the function returns 0 and writes the reason to `why`, as a phrase that
 * ends in NUL. `out` may be NULL if max is 0, and `why` if why_size is 0.
 * Errors: USAGE.
 */
RIFEC_API int rifec_list_devices(struct rifec_device_info *out, int max, char *why,
                                 size_t why_size);

/* Fills in *out. If `out` is NULL, it only logs an error. */
RIFEC_API void rifec_get_cuda_versions(struct rifec_cuda_versions *out);

/*
 * Retains the primary context of device `device_index` and makes a stream in it. The
 * caller owns *out, closes it with rifec_cuda_close(), and must first destroy everything
 * made with this context and stream. `why` may be NULL if why_size is 0.
 * Errors, after which *out is not open: DEVICE (the reason is in `why` and not in the
 * log, because a missing device may not matter to the caller), USAGE.
 */
RIFEC_API int rifec_cuda_open(struct rifec_cuda *out, int device_index, char *why,
                              size_t why_size);

/* Destroys the stream and releases the context. Accepts NULL and a closed *c. */
RIFEC_API void rifec_cuda_close(struct rifec_cuda *c);

#ifdef __cplusplus
}
#endif
#endif
