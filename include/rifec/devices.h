/*
 * What there is to run on: CUDA devices, the versions of what drives them, and a
 * place on one of them for a decoder. All of it answers, if only with a reason, in
 * a build without CUDA and on a machine without a driver.
 */
#ifndef RIFEC_DEVICES_H
#define RIFEC_DEVICES_H

#include <stddef.h>
#include <stdint.h>

#include "rifec/api.h"

struct rifec_device_info {
    char name[256];
    size_t memory_bytes, free_bytes; /* free: now, for this process; 0: unknown */
    int major, minor;                /* compute capability                       */
    int sm_count;                    /* multiprocessors                          */
    uint64_t reserved[8];            /* zero                                     */
};

/* Versions as CUDA counts them, 13000 for 13.0; 0: not there. */
struct rifec_cuda_versions {
    int runtime;          /* what this was built with                            */
    int supported;        /* the newest that the driver takes                    */
    char libraries[128];  /* "cuDNN 9.13.0, cuBLAS 13.0.2"; empty: not there     */
    char targets[128];    /* "75 80 86 ...": compute capabilities built for      */
    uint64_t reserved[8]; /* zero                                               */
};

/* A place for the work of other libraries on a device. */
struct rifec_cuda {
    int device_index;
    void *context; /* CUcontext: the primary one, which the engine uses, too      */
    void *stream;  /* CUstream, which waits for no other and no other for it      */
    uint64_t reserved[4]; /* zero                                                 */
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Returns the number of CUDA devices; the first `max` are described in out[], and
 * their numbers are what rifec_params.device_index means. When there are none,
 * `why` says why, as a phrase. `out` may be NULL if max is 0, `why` if why_size is 0.
 * Errors: USAGE.
 */
RIFEC_API int rifec_list_devices(struct rifec_device_info *out, int max, char *why,
                                 size_t why_size);

/* Logs a message and does nothing if `out` is NULL. */
RIFEC_API void rifec_get_cuda_versions(struct rifec_cuda_versions *out);

/*
 * Holds the primary context of a device and makes a stream there. What is made in
 * them must be gone before the close. Errors: DEVICE, with the reason as a phrase
 * in `why` and no message in the log, since a missing device need not matter to the
 * caller; USAGE. *out is not open then. `why` may be NULL if why_size is 0.
 */
RIFEC_API int rifec_cuda_open(struct rifec_cuda *out, int device_index, char *why,
                              size_t why_size);

/* Accepts NULL, and one that is not open. */
RIFEC_API void rifec_cuda_close(struct rifec_cuda *c);

#ifdef __cplusplus
}
#endif
#endif
