/*
 * gather: the input of one block. An output pixel is one full-resolution pixel at
 * scale 1, else the mean of four; each of them needs the lazy flow (four taps a
 * level) and two warps (four taps an image).
 *
 * Two kernels. gather_kernel makes one output pixel a thread, for any scale;
 * strip_kernel four full-resolution rows of one column (scale 1) or two (scale 2),
 * which is where the time goes: blocks 2 and 3 evaluate every pixel.
 *
 * 1080p, block 3: 2.1 M pixels, 3 levels: 67 MB written in FP16, reads from L1
 * and L2; about 300 instructions a pixel, 22 us at full rate.
 */
#include "motion.cuh"

template <typename P> struct gather_params {
    levels l;
    pixels<P> image0, image1;
    const float *t;
    void *out;
    int width_padded, height_padded;
    int top, out_width, out_height, block;
    bool phase_split;
    float scale;
};

/* A pixel of out is the mean of such values. */
struct inputs {
    float4 rgb0, rgb1;
    motion m;
};

template <int level_count, typename P>
__device__ static inputs full_resolution(const gather_params<P> &p, int x, int y)
{
    inputs v;
    v.m = lazy_flow<level_count>(p.l, x, y);
    if (level_count == 0) {
        v.rgb0 = unit4(pixel(p.image0.data, y * p.image0.width + x));
        v.rgb1 = unit4(pixel(p.image1.data, y * p.image1.width + x));
    } else {
        v.rgb0 = warp<true>(p.image0, x, y, v.m.flow.x, v.m.flow.y);
        v.rgb1 = warp<true>(p.image1, x, y, v.m.flow.z, v.m.flow.w);
    }
    return v;
}

__device__ static inputs lerp(const inputs &lo, const inputs &hi, float f)
{
    return inputs{ lerp(lo.rgb0, hi.rgb0, f), lerp(lo.rgb1, hi.rgb1, f),
                   lerp(lo.m, hi.m, f) };
}

/* Eight channels, 8 * group on, of an output pixel. */
__device__ static void put8(__half *out, const float v[8])
{
    uint4 bits;
    __half2 *h = (__half2 *)&bits;
#pragma unroll
    for (int i = 0; i < 4; i++)
        h[i] = __floats2half2_rn(v[2 * i], v[2 * i + 1]);
    *(uint4 *)out = bits;
}

__device__ static void put8(float *out, const float v[8])
{
    ((float4 *)out)[0] = make_float4(v[0], v[1], v[2], v[3]);
    ((float4 *)out)[1] = make_float4(v[4], v[5], v[6], v[7]);
}

template <typename T, typename P>
__device__ static void put_inputs(const gather_params<P> &p, const inputs &v, int x,
                                  int y)
{
    float per_scale = 1 / p.scale;
    const float low[8] = { v.rgb0.x, v.rgb0.y, v.rgb0.z, v.rgb1.x,
                           v.rgb1.y, v.rgb1.z, *p.t,     v.m.mask };
    const float high[8] = { v.m.flow.x * per_scale, v.m.flow.y * per_scale,
                            v.m.flow.z * per_scale, v.m.flow.w * per_scale };
    size_t at = (size_t)y * p.out_width + x, plane = (size_t)p.out_height * p.out_width;
    if (p.phase_split) {
        const int groups = IFNET_INPUTS / p.block; /* of channels */
        plane /= 4;
        at = (y % 2 * 2 + x % 2) * groups * plane + (size_t)(y / 2) * (p.out_width / 2) +
             x / 2;
    }
    T *out = (T *)p.out + at * p.block;
    put8(out, low);
    put8(p.block == 8 ? out + plane * 8 : out + 8, high);
}

template <int level_count, typename P, typename T>
__global__ void gather_kernel(const __grid_constant__ gather_params<P> p)
{
    let_next_start();
    wait_for_previous();
    int x = blockIdx.x * blockDim.x + threadIdx.x,
        y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= p.out_width || y >= p.out_height)
        return;
    tap tx = linear_tap(x, p.scale, p.width_padded);
    tap ty = linear_tap(y + p.top, p.scale, p.height_padded);
    inputs left = lerp(full_resolution<level_count>(p, tx.lo, ty.lo),
                       full_resolution<level_count>(p, tx.lo, ty.hi), ty.f);
    inputs right = lerp(full_resolution<level_count>(p, tx.hi, ty.lo),
                        full_resolution<level_count>(p, tx.hi, ty.hi), ty.f);
    put_inputs<T>(p, lerp(left, right, tx.f), x, y);
}

template <typename P>
__device__ static inputs warp_both(const gather_params<P> &p, const motion &m, int x,
                                   int y)
{
    return inputs{ warp<true>(p.image0, x, y, m.flow.x, m.flow.y),
                   warp<true>(p.image1, x, y, m.flow.z, m.flow.w), m };
}

/* Scale `columns`, 1 or 2; STRIP / columns rows of out a thread. */
template <int level_count, int columns, typename P, typename T>
__global__ void strip_kernel(const __grid_constant__ gather_params<P> p)
{
    let_next_start();
    wait_for_previous();
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int strip = blockIdx.y * blockDim.y + threadIdx.y, y0 = strip * STRIP;
    if (x >= p.out_width || y0 >= p.height_padded)
        return;
    motion m[columns][STRIP];
    strip_flow<level_count, columns>(m, p.l, x * columns, y0);
#pragma unroll
    for (int j = 0; j < STRIP; j += columns) {
        inputs v = warp_both(p, m[0][j], x * columns, y0 + j);
        if (columns == 2) {
            inputs below = warp_both(p, m[0][j + 1], x * 2, y0 + j + 1);
            inputs right = warp_both(p, m[columns - 1][j], x * 2 + 1, y0 + j);
            inputs corner = warp_both(p, m[columns - 1][j + 1], x * 2 + 1, y0 + j + 1);
            v = lerp(lerp(v, below, 0.5f), lerp(right, corner, 0.5f), 0.5f);
        }
        put_inputs<T>(p, v, x, (y0 + j) / columns);
    }
}

template <int level_count, typename P, typename T>
static void launch(const gather_params<P> &p, cudaStream_t stream)
{
    dim3 block(32, 4), grid(div_up(p.out_width, 32), div_up(p.out_height, 4));
    /* conv_s2_sm90, which then follows, needs much shared memory, and changing the split
     * between cache and shared memory drains an SM: half is a split that suits both. 3 us
     * of 497 a network, at 1080p on an H200. Set either way: it stays with the kernel. */
    cudaFuncSetAttribute(gather_kernel<level_count, P, T>,
                         cudaFuncAttributePreferredSharedMemoryCarveout,
                         p.phase_split ? 50 : cudaSharedmemCarveoutDefault);
    launch_in_chain(gather_kernel<level_count, P, T>, grid, block, stream, p);
}

template <typename P, typename T>
static void launch(const gather_params<P> &p, int level_count, bool strips,
                   cudaStream_t stream)
{
    dim3 block(32, 4), grid(div_up(p.out_width, 32), div_up(p.height_padded, 4 * STRIP));
    if (strips && level_count == 3)
        launch_in_chain(strip_kernel<3, 1, P, T>, grid, block, stream, p);
    else if (strips && level_count == 2)
        launch_in_chain(strip_kernel<2, 2, P, T>, grid, block, stream, p);
    else if (level_count == 0)
        launch<0, P, T>(p, stream);
    else if (level_count == 1)
        launch<1, P, T>(p, stream);
    else if (level_count == 2)
        launch<2, P, T>(p, stream);
    else
        launch<3, P, T>(p, stream);
}

/* Whole pictures of the network at its own scale: 8, 4, 2, 1 by block. */
static bool in_strips(const struct gather_args *a)
{
    return a->top == 0 && a->scale == (float)(8 >> a->level_count) &&
           a->out.height * (int)a->scale == a->image0.height_padded &&
           a->image0.height_padded % STRIP == 0 && fit_strips(a->levels, a->level_count);
}

template <typename P, typename T>
static void launch(const struct gather_args *a, cudaStream_t stream)
{
    gather_params<P> p = {};
    p.l = make_levels(a->levels, a->level_count);
    read_image(&p.image0, &a->image0);
    read_image(&p.image1, &a->image1);
    p.t = a->t;
    p.out = a->out.data;
    p.width_padded = a->image0.width_padded;
    p.height_padded = a->image0.height_padded;
    p.top = a->top;
    p.out_width = a->out.width;
    p.out_height = a->out.height;
    p.block = a->out.block;
    p.phase_split = a->out.phase_split;
    p.scale = a->scale;
    launch<P, T>(p, a->level_count, in_strips(a), stream);
}

extern "C" int gather_cuda(const struct gather_args *a, void *stream)
{
    if (a->out.dtype == DTYPE_FP16 && a->image0.dtype == DTYPE_FP16)
        launch<half4, __half>(a, stream_of(stream));
    else if (a->out.dtype == DTYPE_FP16)
        launch<float4, __half>(a, stream_of(stream));
    else
        launch<float4, float>(a, stream_of(stream));
    return cuda_launched("gather");
}
