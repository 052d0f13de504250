/*
 * blend_store: the in-between, straight into the planes of a frame.
 *
 * A thread blends a strip of four pixels below each other (motion.cuh) in FP32 and
 * writes everything but subsampled chroma. For that it leaves B - Y and R - Y of
 * each pixel, and a second kernel brings them down with the filter of yuv.h: all of
 * it is linear. 8 (or 16) of the 33 MB that an image of 1080p would take.
 *
 * Tried and dropped: one kernel with the differences in shared memory. Tiles of
 * 58 x 56 with their rim (1.2 times the work) come to 1.3 waves of blocks on 132
 * SMs: 73 us with 256 threads, 92 us with 128 (H200, 2026-11-24). Chroma by strips of
 * four samples from eleven rows that are read at once, without shared memory, in place of
 * blend_bring_down()'s kernel: the op then takes 22.6, 48.3 and 160.6 us at 720p, 1080p
 * and 4K instead of 17.6, 45.0 and 161.8 (H200, 2026-11-29).
 */
#include "blend.cuh"

#define COLUMNS 32 /* width of a block of threads in strips ... */
#define STRIPS  8  /* ... and its height */

template <typename S> struct differences_of {
    typedef float2 type;
};
template <> struct differences_of<filtered> {
    typedef __half2 type;
};

__device__ static inline float2 get_difference(const float2 *from)
{
    return __ldg(from);
}

__device__ static inline float2 get_difference(const __half2 *from)
{
    return __half22float2(__ldg(from));
}

template <typename S> struct blend_params {
    levels l;
    S image0, image1;
    struct picture picture;
    /* [height][width]; NULL: chroma is not subsampled */
    typename differences_of<S>::type *differences;
};

template <typename S>
__device__ static float4 blend_pixel(const blend_params<S> &p, const motion &v, int x,
                                     int y)
{
    float4 a = warp<false>(p.image0, x, y, v.flow.x, v.flow.y);
    float4 b = warp<false>(p.image1, x, y, v.flow.z, v.flow.w);
    return merge(a, b, v.mask);
}

/* plain: is_plain() is true. */
template <bool strips, bool plain, typename S>
__global__ void __launch_bounds__(COLUMNS *STRIPS)
    blend_strip_kernel(const __grid_constant__ blend_params<S> p)
{
    let_next_start();
    wait_for_previous();
    const struct yuv &k = p.picture.yuv;
    int x = blockIdx.x * COLUMNS + threadIdx.x;
    int y0 = (blockIdx.y * STRIPS + threadIdx.y) * STRIP;
    if (x >= k.width || y0 >= k.height)
        return;
    motion m[1][STRIP];
    if (strips)
        strip_flow<CUDA_LEVELS, 1>(m, p.l, x, y0);
    const struct component &c = p.picture.c[0];
    uint8_t *luma = c.first + (ptrdiff_t)y0 * c.stride + x * c.step;
    auto *difference = p.differences + y0 * k.width + x;
#pragma unroll
    for (int j = 0; j < STRIP; j++) {
        int y = y0 + j;
        if (y >= k.height)
            break;
        if (!strips)
            m[0][j] = lazy_flow<CUDA_LEVELS>(p.l, x, y);
        float4 v = blend_pixel(p, m[0][j], x, y);
        if (plain) {
            luma[j * c.stride] = (uint8_t)luma_code(p.picture, v);
            put_difference(difference + j * k.width, color_difference(k, v));
            continue;
        }
        store_pixel(p.picture, v, x, y);
        if (p.differences)
            put_difference(difference + j * k.width, color_difference(k, v));
        else if (p.picture.is_yuv)
            store_chroma(p.picture, color_difference(k, v), x, y);
    }
}

#define CHROMA_ROWS 8 /* of a block of threads */
#define LUMA_ROWS   ((CHROMA_ROWS - 1) * (CHROMA_TAPS_MAX / 2) + CHROMA_TAPS_MAX)

/*
 * Each thread makes one chroma sample. A block filters the rows that it needs first, then
 * the columns of the result. TAPS: of both filters, or 0 to use the tables.
 */
template <int TAPS, typename T>
__global__ void bring_down_kernel(const __grid_constant__ struct picture p,
                                  const T *differences)
{
    __shared__ float2 rows[LUMA_ROWS][COLUMNS];
    let_next_start();
    wait_for_previous();
    const struct yuv &k = p.yuv;
    const int x_taps = TAPS ? TAPS : k.x.taps, y_taps = TAPS ? TAPS : k.y.taps;
    int cx = blockIdx.x * COLUMNS + threadIdx.x;
    int cy0 = blockIdx.y * CHROMA_ROWS, cy = cy0 + threadIdx.y;
    int last = min(cy0 + CHROMA_ROWS, k.chroma_height) - 1;
    int first = __ldg(k.y.down_first + cy0);
    int count = __ldg(k.y.down_first + last) + y_taps - first;
    if (cx < k.chroma_width) {
        const float *w = k.x.down_w + cx * x_taps;
        const T *in = differences + first * k.width + __ldg(k.x.down_first + cx);
        for (int r = threadIdx.y; r < count; r += CHROMA_ROWS) {
            float2 sum = make_float2(0, 0);
#pragma unroll
            for (int i = 0; i < x_taps; i++) {
                float2 d = get_difference(in + r * k.width + i);
                sum.x = fmaf(__ldg(w + i), d.x, sum.x);
                sum.y = fmaf(__ldg(w + i), d.y, sum.y);
            }
            rows[r][threadIdx.x] = sum;
        }
    }
    __syncthreads();
    if (cx >= k.chroma_width || cy > last)
        return;
    const float *w = k.y.down_w + cy * y_taps;
    const float2(*in)[COLUMNS] = rows + __ldg(k.y.down_first + cy) - first;
    float2 sum = make_float2(0, 0);
#pragma unroll
    for (int j = 0; j < y_taps; j++) {
        float2 d = in[j][threadIdx.x];
        sum.x = fmaf(__ldg(w + j), d.x, sum.x);
        sum.y = fmaf(__ldg(w + j), d.y, sum.y);
    }
    store_chroma(p, sum, cx, cy);
}

template <int TAPS, typename T>
static void launch_bring_down(const struct picture &p, const T *differences,
                              cudaStream_t stream)
{
    const struct yuv *k = &p.yuv;
    launch_in_chain(
        bring_down_kernel<TAPS, T>,
        dim3(div_up(k->chroma_width, COLUMNS), div_up(k->chroma_height, CHROMA_ROWS)),
        dim3(COLUMNS, CHROMA_ROWS), stream, p, differences);
}

template <typename T>
static void choose_taps(const struct picture &p, const T *differences,
                        cudaStream_t stream)
{
    if (p.yuv.x.taps == 5 && p.yuv.y.taps == 5)
        launch_bring_down<5>(p, differences, stream);
    else
        launch_bring_down<0>(p, differences, stream);
}

void blend_bring_down(const struct picture &p, const float2 *differences,
                      cudaStream_t stream)
{
    choose_taps(p, differences, stream);
}

void blend_bring_down(const struct picture &p, const __half2 *differences,
                      cudaStream_t stream)
{
    choose_taps(p, differences, stream);
}

template <typename S>
static void launch(const struct blend_store_args *a, cudaStream_t stream)
{
    const struct rifec_format *f = &a->frame->format;
    const bool subsampled = f->chroma_w_log2 || f->chroma_h_log2;
    const bool strips = fit_strips(a->levels, a->level_count);
    blend_params<S> p = {};
    p.l = make_levels(a->levels, a->level_count);
    read_image(&p.image0, &a->image0);
    read_image(&p.image1, &a->image1);
    p.picture = make_picture(a->frame, a->yuv);
    p.differences =
        subsampled ? (typename differences_of<S>::type *)a->scratch.data : NULL;
    const struct yuv *k = &p.picture.yuv;
    dim3 block(COLUMNS, STRIPS);
    dim3 grid(div_up(k->width, COLUMNS), div_up(k->height, STRIPS * STRIP));
    if (strips && is_plain(f))
        launch_in_chain(blend_strip_kernel<true, true, S>, grid, block, stream, p);
    else if (strips)
        launch_in_chain(blend_strip_kernel<true, false, S>, grid, block, stream, p);
    else
        launch_in_chain(blend_strip_kernel<false, false, S>, grid, block, stream, p);
    if (subsampled)
        blend_bring_down(p.picture, p.differences, stream);
}

extern "C" int blend_store_cuda(const struct blend_store_args *a, void *stream)
{
    if (a->image0.texture && a->image1.texture)
        launch<filtered>(a, stream_of(stream));
    else if (a->image0.dtype == DTYPE_FP16)
        launch<pixels<half4>>(a, stream_of(stream));
    else
        launch<pixels<float4>>(a, stream_of(stream));
    return cuda_launched("blend_store");
}
