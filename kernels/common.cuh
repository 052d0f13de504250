/* What kernels share: launching, numbers, pixels of images, samples of frames. */
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
 * Kernels that follow each other on a stream may start before the one before has
 * ended (programmatic dependent launch, from compute capability 9.0 on): blocks are
 * in place and addresses worked out when the data comes. Every kernel launched by
 * launch_in_chain() calls wait_for_previous() before it reads or writes anything
 * that another kernel touches; without exception, so that the wait is transitive.
 */
__device__ static inline void wait_for_previous(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* The next kernel may start, as soon as there is room. */
__device__ static inline void let_next_start(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

template <typename... Params, typename... Args>
static inline void launch_in_chain(void (*kernel)(Params...), dim3 grid, dim3 block,
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
    config.stream = stream;
    config.attrs = &early;
    config.numAttrs = major >= 9;
    cudaLaunchKernelEx(&config, kernel, Params(args)...);
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

/* Pixels of an image, whatever they are stored as. */
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

__device__ static inline uint8_t *sample_at(const struct rifec_frame &f, int c, int x,
                                            int y)
{
    const struct rifec_component k = f.format.comp[c];
    return f.data[k.plane] + y * f.stride[k.plane] + x * k.step + k.offset;
}

__device__ static inline bool sample_is_wide(const struct rifec_format &f, int c)
{
    return f.depth + f.comp[c].shift > 8;
}

__device__ static inline float code_at(const struct rifec_frame &f, int c, int x, int y)
{
    const uint8_t *at = sample_at(f, c, x, y);
    if (sample_is_wide(f.format, c))
        return (float)(*(const uint16_t *)at >> f.format.comp[c].shift);
    return (float)*at;
}

/* Rounds to nearest and clamps to 0 .. max; NaN becomes 0. */
__device__ static inline void put_code(const struct rifec_frame &f, int c, int x, int y,
                                       float v, float max)
{
    int code = (int)(fminf(fmaxf(v, 0), max) + 0.5f);
    uint8_t *at = sample_at(f, c, x, y);
    if (sample_is_wide(f.format, c))
        *(uint16_t *)at = (uint16_t)(code << f.format.comp[c].shift);
    else
        *at = (uint8_t)code;
}

__device__ static inline bool format_has(const struct rifec_format &f, int c)
{
    return c == 0 || (c == 3 ? f.comp[3].step != 0 : f.family != RIFEC_FAMILY_GRAY);
}

/* Everything of a pixel but its subsampled chroma. */
__device__ static inline void store_pixel(const struct rifec_frame &f,
                                          const struct yuv &k, float4 v, int x, int y)
{
    if (k.format.family == RIFEC_FAMILY_RGB) {
        put_code(f, 0, x, y, v.x * k.code_max, k.code_max);
        put_code(f, 1, x, y, v.y * k.code_max, k.code_max);
        put_code(f, 2, x, y, v.z * k.code_max, k.code_max);
    } else {
        float luma = k.kr * v.x + k.kg * v.y + k.kb * v.z;
        put_code(f, 0, x, y, luma / k.luma_scale + k.luma_offset, k.code_max);
    }
    if (format_has(k.format, 3))
        put_code(f, 3, x, y, v.w * k.code_max, k.code_max);
}

#endif
