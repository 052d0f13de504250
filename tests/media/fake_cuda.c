/*
 * Built twice: as libcuda.so.1 and as libnvcuvid.so.1. FFmpeg loads both by name
 * and needs every function in its list to exist; those that it does not call
 * here fail. Structures are those of the interfaces, as far as they are read.
 *
 * The decoder does not decode: it numbers the pictures. It has only as many surfaces as
 * it was created with, and overwrites each when it is returned, so that a user who keeps
 * one too long is noticed.
 */
#include "fake_cuda.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long device_ptr;

static void *host_of(device_ptr p)
{
    return (void *)(uintptr_t)(p - FAKE_DEVICE);
}

static device_ptr device_of(void *p)
{
    return (device_ptr)(uintptr_t)p + FAKE_DEVICE;
}

#define NOT_SUPPORTED 801

#ifdef FAKE_LIBCUDA

#define REFUSE(name)                                                                     \
    int name(void);                                                                      \
    int name(void)                                                                       \
    {                                                                                    \
        return NOT_SUPPORTED;                                                            \
    }
#define ACCEPT(name)                                                                     \
    int name(void);                                                                      \
    int name(void)                                                                       \
    {                                                                                    \
        return 0;                                                                        \
    }

ACCEPT(cuInit)
ACCEPT(cuCtxPushCurrent_v2)
ACCEPT(cuCtxPopCurrent_v2)
ACCEPT(cuCtxDestroy_v2)
ACCEPT(cuStreamSynchronize)
ACCEPT(cuStreamQuery)
ACCEPT(cuDevicePrimaryCtxRelease)
ACCEPT(cuDevicePrimaryCtxSetFlags)

REFUSE(cuDeviceGetCount)
REFUSE(cuDeviceGetName)
REFUSE(cuDeviceGetUuid)
REFUSE(cuDeviceGetUuid_v2)
REFUSE(cuDeviceGetLuid)
REFUSE(cuDeviceGetByPCIBusId)
REFUSE(cuDeviceGetPCIBusId)
REFUSE(cuDeviceComputeCapability)
REFUSE(cuCtxCreate_v2)
REFUSE(cuCtxSetLimit)
REFUSE(cuCtxGetCurrent)
REFUSE(cuMemAllocPitch_v2)
REFUSE(cuMemAllocManaged)
REFUSE(cuMemsetD8Async)
REFUSE(cuMemcpy)
REFUSE(cuMemcpyAsync)
REFUSE(cuMemcpyHtoD_v2)
REFUSE(cuMemcpyHtoDAsync_v2)
REFUSE(cuMemcpyDtoH_v2)
REFUSE(cuMemcpyDtoHAsync_v2)
REFUSE(cuMemcpyDtoD_v2)
REFUSE(cuMemcpyDtoDAsync_v2)
REFUSE(cuDevicePrimaryCtxRetain)
REFUSE(cuDevicePrimaryCtxGetState)
REFUSE(cuDevicePrimaryCtxReset)
REFUSE(cuStreamCreate)
REFUSE(cuStreamDestroy_v2)
REFUSE(cuStreamAddCallback)
REFUSE(cuStreamWaitEvent)
REFUSE(cuEventCreate)
REFUSE(cuEventDestroy_v2)
REFUSE(cuEventSynchronize)
REFUSE(cuEventQuery)
REFUSE(cuEventRecord)
REFUSE(cuLaunchKernel)
REFUSE(cuLinkCreate)
REFUSE(cuLinkAddData)
REFUSE(cuLinkComplete)
REFUSE(cuLinkDestroy)
REFUSE(cuModuleLoadData)
REFUSE(cuModuleUnload)
REFUSE(cuModuleGetFunction)
REFUSE(cuModuleGetGlobal)
REFUSE(cuTexObjectCreate)
REFUSE(cuTexObjectDestroy)
REFUSE(cuGLGetDevices_v2)
REFUSE(cuGraphicsGLRegisterImage)
REFUSE(cuGraphicsUnregisterResource)
REFUSE(cuGraphicsMapResources)
REFUSE(cuGraphicsUnmapResources)
REFUSE(cuGraphicsSubResourceGetMappedArray)
REFUSE(cuGraphicsResourceGetMappedPointer_v2)
REFUSE(cuImportExternalMemory)
REFUSE(cuDestroyExternalMemory)
REFUSE(cuExternalMemoryGetMappedBuffer)
REFUSE(cuExternalMemoryGetMappedMipmappedArray)
REFUSE(cuMipmappedArrayGetLevel)
REFUSE(cuMipmappedArrayDestroy)
REFUSE(cuImportExternalSemaphore)
REFUSE(cuDestroyExternalSemaphore)
REFUSE(cuSignalExternalSemaphoresAsync)
REFUSE(cuWaitExternalSemaphoresAsync)
REFUSE(cuArrayCreate_v2)
REFUSE(cuArray3DCreate_v2)
REFUSE(cuArrayDestroy)
REFUSE(cuEGLStreamProducerConnect)
REFUSE(cuEGLStreamProducerDisconnect)
REFUSE(cuEGLStreamConsumerDisconnect)
REFUSE(cuEGLStreamProducerPresentFrame)
REFUSE(cuEGLStreamProducerReturnFrame)

int cuGetErrorName(int error, const char **name);
int cuGetErrorName(int error, const char **name)
{
    *name = error ? "FAKE_ERROR" : "FAKE_SUCCESS";
    return 0;
}

int cuGetErrorString(int error, const char **text);
int cuGetErrorString(int error, const char **text)
{
    *text = error ? "the fake GPU does not do this" : "no error";
    return 0;
}

/* FFmpeg 7 asks for it, to know which functions to expect. */
int cuDriverGetVersion(int *version);
int cuDriverGetVersion(int *version)
{
    *version = 12010;
    return 0;
}

int cuDeviceGet(int *device, int index);
int cuDeviceGet(int *device, int index)
{
    *device = index;
    return 0;
}

int cuCtxGetDevice(int *device);
int cuCtxGetDevice(int *device)
{
    *device = 0;
    return 0;
}

/* Every attribute is 512, including the alignment of textures. */
int cuDeviceGetAttribute(int *value, int attribute, int device);
int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    (void)attribute;
    (void)device;
    *value = 512;
    return 0;
}

int cuMemAlloc_v2(device_ptr *out, size_t bytes);
int cuMemAlloc_v2(device_ptr *out, size_t bytes)
{
    void *p = malloc(bytes);
    *out = p ? device_of(p) : 0;
    return p ? 0 : 2;
}

int cuMemFree_v2(device_ptr p);
int cuMemFree_v2(device_ptr p)
{
    free(host_of(p));
    return 0;
}

struct copy {
    size_t src_x, src_y;
    int src_type; /* 1: host, 2: device */
    const void *src_host;
    device_ptr src_device;
    void *src_array;
    size_t src_pitch, dst_x, dst_y;
    int dst_type;
    void *dst_host;
    device_ptr dst_device;
    void *dst_array;
    size_t dst_pitch, width, height;
};

int cuMemcpy2D_v2(const struct copy *c);
int cuMemcpy2D_v2(const struct copy *c)
{
    const unsigned char *from = c->src_type == 2 ? host_of(c->src_device) : c->src_host;
    unsigned char *to = c->dst_type == 2 ? host_of(c->dst_device) : c->dst_host;
    if (c->width > c->src_pitch || c->width > c->dst_pitch)
        return 1;
    for (size_t y = 0; y < c->height; y++)
        memcpy(to + (c->dst_y + y) * c->dst_pitch + c->dst_x,
               from + (c->src_y + y) * c->src_pitch + c->src_x, c->width);
    return 0;
}

int cuMemcpy2DAsync_v2(const struct copy *c, void *stream);
int cuMemcpy2DAsync_v2(const struct copy *c, void *stream)
{
    (void)stream;
    return cuMemcpy2D_v2(c);
}

#else /* libnvcuvid */

#define REFUSE(name)                                                                     \
    int name(void);                                                                      \
    int name(void)                                                                       \
    {                                                                                    \
        return NOT_SUPPORTED;                                                            \
    }

REFUSE(cuvidCreateVideoParser)
REFUSE(cuvidParseVideoData)
REFUSE(cuvidDestroyVideoParser)
REFUSE(cuvidCreateVideoSource)
REFUSE(cuvidCreateVideoSourceW)
REFUSE(cuvidDestroyVideoSource)
REFUSE(cuvidSetVideoSourceState)
REFUSE(cuvidGetVideoSourceState)
REFUSE(cuvidGetSourceVideoFormat)
REFUSE(cuvidGetSourceAudioFormat)
REFUSE(cuvidReconfigureDecoder)
REFUSE(cuvidGetDecodeStatus)
REFUSE(cuvidCtxLockCreate)
REFUSE(cuvidCtxLockDestroy)
REFUSE(cuvidCtxLock)
REFUSE(cuvidCtxUnlock)

struct caps {
    int codec, chroma;
    unsigned depth_minus_8, reserved[3];
    unsigned char is_supported, engines;
    unsigned short output_formats;
    unsigned max_width, max_height, max_blocks;
    unsigned short min_width, min_height;
};

int cuvidGetDecoderCaps(struct caps *c);
int cuvidGetDecoderCaps(struct caps *c)
{
    c->is_supported = !getenv(FAKE_NVDEC_REFUSES);
    c->output_formats = 0xffff;
    c->max_width = c->max_height = 8192;
    c->max_blocks = 8192 * 8192 / 256;
    c->min_width = c->min_height = 16;
    return 0;
}

struct creation {
    unsigned long width, height, surfaces;
    int codec, chroma;
    unsigned long flags, depth_minus_8, intra_only, max_width, max_height, reserved;
    short area[4];
    int format, deinterlace;
    unsigned long target_width, target_height, outputs;
};

#define SURFACES 64

struct fake_decoder {
    unsigned surfaces, outputs, mapped;
    size_t pitch, bytes;
    int next, picture[SURFACES]; /* number of the picture in each surface */
};

int cuvidCreateDecoder(void **out, const struct creation *c);
int cuvidCreateDecoder(void **out, const struct creation *c)
{
    struct fake_decoder *d = calloc(1, sizeof *d);
    if (getenv(FAKE_NVDEC_BREAKS) || !d || c->surfaces > SURFACES) {
        free(d);
        return NOT_SUPPORTED;
    }
    d->surfaces = (unsigned)c->surfaces;
    d->outputs = (unsigned)c->outputs;
    d->pitch = (c->target_width * (c->depth_minus_8 ? 2 : 1) + 255) / 256 * 256;
    d->bytes = d->pitch * c->target_height * 3 / 2;
    *out = d;
    return 0;
}

int cuvidDestroyDecoder(void *decoder);
int cuvidDestroyDecoder(void *decoder)
{
    free(decoder);
    return 0;
}

struct picture {
    int width_blocks, height_blocks, index;
};

int cuvidDecodePicture(struct fake_decoder *d, const struct picture *p);
int cuvidDecodePicture(struct fake_decoder *d, const struct picture *p)
{
    if (getenv(FAKE_NVDEC_FAILS) || p->index < 0 || (unsigned)p->index >= d->surfaces)
        return 1;
    d->picture[p->index] = d->next++;
    return 0;
}

int cuvidMapVideoFrame64(struct fake_decoder *d, int index, device_ptr *out,
                         unsigned *pitch, void *how);
int cuvidMapVideoFrame64(struct fake_decoder *d, int index, device_ptr *out,
                         unsigned *pitch, void *how)
{
    (void)how;
    bool can = d->mapped < d->outputs && !getenv(FAKE_NVDEC_HIDES);
    size_t *p = can ? malloc(sizeof *p + d->bytes) : NULL;
    if (!p)
        return 1;
    *p = d->bytes;
    memset(p + 1, fake_picture(d->picture[index]), d->bytes);
    d->mapped++;
    *out = device_of(p + 1);
    *pitch = (unsigned)d->pitch;
    return 0;
}

int cuvidUnmapVideoFrame64(struct fake_decoder *d, device_ptr at);
int cuvidUnmapVideoFrame64(struct fake_decoder *d, device_ptr at)
{
    size_t *p = (size_t *)host_of(at) - 1;
    memset(p + 1, 0xee, *p);
    free(p);
    d->mapped--;
    return 0;
}

#endif
