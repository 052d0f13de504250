/* Code that kernels share: launching, numbers, pixels of images, samples of frames. */
#ifndef RIFEC_KERNELS_COMMON_CUH
#define RIFEC_KERNELS_COMMON_CUH

#include <cuda_fp16.h>

#include "model/yuv.h"
#include "rifec_kernels.h"

static inline cudaStream_t stream_of(const void *stream)
{
    return ((const struct cuda_stream *)stream)->stream;
}

static inline unsigned div_up(int n, int by)
{
    return (unsigned)((n + by - 1) / by);
}

/* --- chains --------------------------------------------------------------- */

/*
 * Kernels that follow each other on a stream may start before the one before has ended
 * (programmatic dependent launch, from compute capability 9.0 on): blocks are in place
 * and addresses worked out when the data comes. Every kernel launched by
 * launch_in_chain() or launch_in_chain_shared() must call wait_for_previous() (sm90.cuh's
 * grid_wait()) before it accesses memory that another kernel touches, without exception,
 * so that the wait is transitive. launch_in_chain_shared() also sets the dynamic shared
 * memory of a block.
 */
__device__ static inline void wait_for_previous(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* Allows the next kernel to start as soon as there is room. */
__device__ static inline void let_next_start(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

template <typename... Params, typename... Args>
static inline void launch_in_chain_shared(void (*kernel)(Params...), dim3 grid,
                                          dim3 block, int shared_bytes,
                                          cudaStream_t stream, const Args &...args)
{
    int device = 0, major = 0;
    cudaGetDevice(&device);
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    cudaLaunchAttribute early = {};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = (size_t)shared_bytes;
    config.stream = stream;
    config.attrs = &early;
    config.numAttrs = major >= 9;
    if (shared_bytes > 0)
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             shared_bytes);
    cudaLaunchKernelEx(&config, kernel, Params(args)...);
}

template <typename... Params, typename... Args>
static inline void launch_in_chain(void (*kernel)(Params...), dim3 grid, dim3 block,
                                   cudaStream_t stream, const Args &...args)
{
    launch_in_chain_shared(kernel, grid, block, 0, stream, args...);
}

/* Reads a property of the current device. */
static inline int multiprocessors(void)
{
    int device = 0, count = 0;
    cudaGetDevice(&device);
    cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device);
    return count;
}

/* --- numbers -------------------------------------------------------------- */

__device__ static inline float lerp(float lo, float hi, float f)
{
    return fmaf(hi - lo, f, lo);
}

__device__ static inline float4 lerp(float4 lo, float4 hi, float f)
{
    return make_float4(lerp(lo.x, hi.x, f), lerp(lo.y, hi.y, f), lerp(lo.z, hi.z, f),
                       lerp(lo.w, hi.w, f));
}

__device__ static inline float4 unit4(float4 v)
{
    return make_float4(__saturatef(v.x), __saturatef(v.y), __saturatef(v.z),
                       __saturatef(v.w));
}

/* Pixels of an image, whatever type it is stored as. */
__device__ static inline float4 pixel(const float4 *data, int at)
{
    return __ldg(data + at);
}

struct half4 {
    uint2 bits; /* R and G, B and alpha */
};

__device__ static inline float4 pixel(const half4 *data, int at)
{
    uint2 bits = __ldg(&data[at].bits);
    float2 lo = __half22float2(*(__half2 *)&bits.x);
    float2 hi = __half22float2(*(__half2 *)&bits.y);
    return make_float4(lo.x, lo.y, hi.x, hi.y);
}

__device__ static inline void put_pixel(float4 *data, int at, float4 v)
{
    data[at] = v;
}

__device__ static inline void put_pixel(half4 *data, int at, float4 v)
{
    __half2 lo = __floats2half2_rn(v.x, v.y), hi = __floats2half2_rn(v.z, v.w);
    data[at].bits = make_uint2(*(unsigned *)&lo, *(unsigned *)&hi);
}

/* --- samples of a frame ----------------------------------------------------------- */

/* The position of one component's samples, prepared for kernels. */
struct component {
    uint8_t *first; /* NULL: the format has none */
    int stride, step, shift;
    bool is_wide; /* 16-bit words */
};

static inline struct component make_component(const struct rifec_frame *f, int c)
{
    struct component k = {};
    const struct rifec_component *q = &f->format.comp[c];
    if (c == 3 ? q->step == 0 : c > 0 && f->format.family == RIFEC_FAMILY_GRAY)
        return k;
    k.first = f->data[q->plane] + q->offset;
    k.stride = (int)f->stride[q->plane];
    k.step = q->step;
    k.shift = q->shift;
    k.is_wide = f->format.depth + q->shift > 8;
    return k;
}

/* A frame and the meaning of its samples. */
struct picture {
    struct component c[4];
    struct yuv yuv;
    float luma_gain, chroma_gain; /* sample values per unit */
    bool is_rgb, is_yuv;
};

static inline struct picture make_picture(const struct rifec_frame *f,
                                          const struct yuv *k)
{
    struct picture p = {};
    p.yuv = *k;
    p.luma_gain = 1 / k->luma_scale;
    p.chroma_gain = 1 / k->chroma_scale;
    p.is_rgb = f->format.family == RIFEC_FAMILY_RGB;
    p.is_yuv = f->format.family == RIFEC_FAMILY_YUV;
    for (int c = 0; c < 4; c++)
        p.c[c] = make_component(f, c);
    return p;
}

__device__ static inline float code_at(const struct component &c, int x, int y)
{
    const uint8_t *at = c.first + (ptrdiff_t)y * c.stride + x * c.step;
    if (c.is_wide)
        return (float)(__ldg((const uint16_t *)at) >> c.shift);
    return (float)__ldg(at);
}

/* Rounds to nearest and clamps to 0 .. max; NaN becomes 0. */
__device__ static inline int code_of(float v, float max)
{
    return (int)(fminf(fmaxf(v, 0), max) + 0.5f);
}

__device__ static inline void put_code(const struct component &c, int x, int y, int code)
{
    uint8_t *at = c.first + (ptrdiff_t)y * c.stride + x * c.step;
    if (c.is_wide)
        *(uint16_t *)at = (uint16_t)(code << c.shift);
    else
        *at = (uint8_t)code;
}

__device__ static inline int luma_code(const struct picture &p, float4 v)
{
    const struct yuv &k = p.yuv;
    float luma = k.kr * v.x + k.kg * v.y + k.kb * v.z;
    return code_of(luma * p.luma_gain + k.luma_offset, k.code_max);
}

/* Makes all components of a pixel except chroma. */
__device__ static inline void store_pixel(const struct picture &p, float4 v, int x, int y)
{
    const struct yuv &k = p.yuv;
    if (p.is_rgb) {
        put_code(p.c[0], x, y, code_of(v.x * k.code_max, k.code_max));
        put_code(p.c[1], x, y, code_of(v.y * k.code_max, k.code_max));
        put_code(p.c[2], x, y, code_of(v.z * k.code_max, k.code_max));
    } else {
        put_code(p.c[0], x, y, luma_code(p, v));
    }
    if (p.c[3].first)
        put_code(p.c[3], x, y, code_of(v.w * k.code_max, k.code_max));
}

/* Chroma from B - Y and R - Y. */
__device__ static inline void store_chroma(const struct picture &p, float2 d, int cx,
                                           int cy)
{
    const struct yuv &k = p.yuv;
    float cb = d.x * k.to_cb * p.chroma_gain + k.chroma_offset;
    float cr = d.y * k.to_cr * p.chroma_gain + k.chroma_offset;
    put_code(p.c[1], cx, cy, code_of(cb, k.code_max));
    put_code(p.c[2], cx, cy, code_of(cr, k.code_max));
}

__device__ static inline float2 color_difference(const struct yuv &k, float4 v)
{
    float luma = k.kr * v.x + k.kg * v.y + k.kb * v.z;
    return make_float2(v.z - luma, v.x - luma);
}

#endif
