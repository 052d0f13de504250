/*
 * devices.h for a build with CUDA. Nothing here logs, because only the caller knows
 * whether a missing device matters.
 */
#include "engine/devices.h"

#include <stdio.h>
#include <string.h>

#include <cudaTypedefs.h>
#include <cuda_runtime.h>

#include "engine/cuda/cuda_compat.h"
#include "engine/cudnn/cudnn_net.h"
#include "rifec/error.h"

/* Clears the error, so that the next call does not find it. */
static void describe_error(cudaError_t e, char *why, size_t why_size)
{
    int driver = 0;
    (void)cudaGetLastError();
    if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0)
        snprintf(why, why_size, "no NVIDIA driver");
    else if (e == cudaErrorInsufficientDriver)
        snprintf(why, why_size, "the driver supports CUDA %d.%d, but rifec needs %d.%d",
                 driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000,
                 CUDART_VERSION % 1000 / 10);
    else
        snprintf(why, why_size, "%s", cudaGetErrorString(e));
}

/* --- list ----------------------------------------------------------------- */

static void describe_device(struct rifec_device_info *d, int index)
{
    struct cudaDeviceProp prop;
    size_t total;
    *d = (struct rifec_device_info){ 0 };
    if (cudaGetDeviceProperties(&prop, index) == cudaSuccess) {
        snprintf(d->name, sizeof d->name, "%s", prop.name);
        d->memory_bytes = prop.totalGlobalMem;
        d->major = prop.major;
        d->minor = prop.minor;
        d->sm_count = prop.multiProcessorCount;
    }
    if (cudaSetDevice(index) != cudaSuccess ||
        cudaMemGetInfo(&d->free_bytes, &total) != cudaSuccess)
        d->free_bytes = 0; /* another process has the device in exclusive mode */
    (void)cudaGetLastError();
}

int cuda_list_devices(struct rifec_device_info *out, int max, char *why, size_t why_size)
{
    int count = 0, before = 0;
    snprintf(why, why_size, "no CUDA device");
    cudaError_t e = cudaGetDeviceCount(&count);
    if (e != cudaSuccess) {
        describe_error(e, why, why_size);
        return 0;
    }
    (void)cudaGetDevice(&before);
    for (int i = 0; i < count && i < max; i++)
        describe_device(&out[i], i);
    if (count > 0)
        (void)cudaSetDevice(before);
    return count;
}

void cuda_get_versions(struct rifec_cuda_versions *out)
{
    *out = (struct rifec_cuda_versions){ .targets = RIFEC_CUDA_TARGETS };
    (void)cudaRuntimeGetVersion(&out->runtime);
    (void)cudaDriverGetVersion(&out->supported);
    (void)cudaGetLastError();
    if (!cudnn_net_versions(out->libraries, sizeof out->libraries))
        out->libraries[0] = '\0';
}

/* --- a place for others ---------------------------------------------------------- */

/* Functions of the driver, looked up at run time: the program must start without it. */
struct driver {
    PFN_cuDeviceGet_v2000 device_get;
    PFN_cuDevicePrimaryCtxRetain_v7000 retain;
    PFN_cuDevicePrimaryCtxRelease_v11000 release;
};

static cudaError_t load_driver(struct driver *d)
{
    void *f[3] = { NULL };
    cudaError_t e = cuda_driver_function("cuDeviceGet", &f[0]);
    if (e == cudaSuccess)
        e = cuda_driver_function("cuDevicePrimaryCtxRetain", &f[1]);
    if (e == cudaSuccess)
        e = cuda_driver_function("cuDevicePrimaryCtxRelease", &f[2]);
    memcpy(&d->device_get, &f[0], sizeof f[0]);
    memcpy(&d->retain, &f[1], sizeof f[1]);
    memcpy(&d->release, &f[2], sizeof f[2]);
    return e;
}

int cuda_place_open(struct rifec_cuda *out, int device_index, char *why, size_t why_size)
{
    struct driver driver;
    struct rifec_cuda c = { .device_index = device_index };
    CUdevice device;
    CUcontext context = NULL;
    cudaStream_t stream = NULL;
    int count = 0;
    *out = (struct rifec_cuda){ 0 };
    cudaError_t e = cudaGetDeviceCount(&count);
    if (e == cudaSuccess && device_index >= count)
        e = cudaErrorInvalidDevice;
    if (e == cudaSuccess)
        e = load_driver(&driver);
    if (e == cudaSuccess)
        e = cudaSetDevice(device_index);
    if (e == cudaSuccess && (driver.device_get(&device, device_index) != CUDA_SUCCESS ||
                             driver.retain(&context, device) != CUDA_SUCCESS))
        e = cudaErrorDevicesUnavailable;
    /* A decoder's work is short, and everything else waits for it. */
    int least, greatest = 0;
    if (e == cudaSuccess)
        e = cudaDeviceGetStreamPriorityRange(&least, &greatest);
    if (e == cudaSuccess)
        e = cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, greatest);
    c.context = context;
    c.stream = stream;
    if (e != cudaSuccess) {
        describe_error(e, why, why_size);
        cuda_place_close(&c);
        return RIFEC_ERR_DEVICE;
    }
    *out = c;
    return 0;
}

void cuda_place_close(struct rifec_cuda *c)
{
    struct driver driver;
    CUdevice device;
    if (c->stream) {
        (void)cudaSetDevice(c->device_index);
        (void)cudaStreamDestroy(c->stream);
    }
    if (c->context && load_driver(&driver) == cudaSuccess &&
        driver.device_get(&device, c->device_index) == CUDA_SUCCESS)
        driver.release(device);
    *c = (struct rifec_cuda){ 0 };
}
