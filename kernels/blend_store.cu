/*
 * blend_store: the in-between, straight into the planes of a frame.
 *
 * Threads blend strips of four pixels below each other (motion.cuh) in FP32 and
 * write everything but subsampled chroma. For that B - Y and R - Y go to shared
 * memory, and the filter of yuv.h brings them down from there: all of it is linear.
 * A filter reaches two pixels to the left and above, three to the right and below:
 *
 *        region 64 x 64               columns -2 .. 61, rows -4 .. 59 of the tile
 *       +----------------+
 *       |   tile 58 x 56 |            made and written; the rest is made again by
 *       |                |            the neighbours: 1.2 times the work in all
 *       +----------------+
 *
 * Shared: 32 KB. Chroma of a quarter of the width or height, rare, goes the long way,
 * by blend and store.
 */
#include "motion.cuh"

#define REGION      64
#define TILE_WIDTH  58
#define TILE_HEIGHT 56
#define REACH_LEFT  2
#define REACH_ABOVE 4 /* of which two are needed: strips begin at multiples of four */
#define REACH_BELOW 3
#define THREADS     128 /* five or six blocks an SM: 680 tiles of 1080p in one wave */

struct blend_params {
    levels l;
    const void *image0, *image1;
    int width_padded, height_padded;
    struct picture picture;
};

template <typename P>
__device__ static float4 blend_pixel(const blend_params &p, const motion &v, int x, int y)
{
    float4 a = warp<false>((const P *)p.image0, p.width_padded, p.height_padded, x, y,
                           v.flow.x, v.flow.y);
    float4 b = warp<false>((const P *)p.image1, p.width_padded, p.height_padded, x, y,
                           v.flow.z, v.flow.w);
    float m = sigmoid_of(v.mask), n = 1 - m;
    return make_float4(a.x * m + b.x * n, a.y * m + b.y * n, a.z * m + b.z * n,
                       a.w * m + b.w * n);
}

/* Where chroma is not subsampled: everything in the thread. */
template <bool strips, typename P>
__global__ void __launch_bounds__(THREADS)
    blend_direct_kernel(const __grid_constant__ blend_params p)
{
    let_next_start();
    wait_for_previous();
    int x = blockIdx.x * 32 + threadIdx.x % 32;
    int y0 = (blockIdx.y * (THREADS / 32) + threadIdx.x / 32) * STRIP;
    if (x >= p.picture.yuv.width || y0 >= p.picture.yuv.height)
        return;
    motion m[1][STRIP];
    if (strips)
        strip_flow<IFNET_BLOCKS, 1>(m, p.l, x, y0);
#pragma unroll
    for (int j = 0; j < STRIP; j++) {
        if (y0 + j >= p.picture.yuv.height)
            break;
        if (!strips)
            m[0][j] = lazy_flow<IFNET_BLOCKS>(p.l, x, y0 + j);
        float4 v = blend_pixel<P>(p, m[0][j], x, y0 + j);
        store_pixel(p.picture, v, x, y0 + j);
        if (p.picture.is_yuv)
            store_chroma(p.picture, color_difference(p.picture.yuv, v), x, y0 + j);
    }
}

/* One strip of the region, whose corner is (left, top), into shared memory. */
template <bool strips, typename P>
__device__ static void blend_strip(const blend_params &p, float2 (*shared)[REGION],
                                   int left, int top, int column, int row)
{
    int x = left + column, y0 = top + row;
    if (x < 0 || x >= p.picture.yuv.width || y0 < 0 || y0 >= p.picture.yuv.height)
        return;
    motion m[1][STRIP];
    if (strips)
        strip_flow<IFNET_BLOCKS, 1>(m, p.l, x, y0);
#pragma unroll
    for (int j = 0; j < STRIP; j++) {
        int y = y0 + j, below = row + j - REACH_ABOVE;
        if (y >= p.picture.yuv.height || below < -2 || below >= TILE_HEIGHT + REACH_BELOW)
            continue;
        if (!strips)
            m[0][j] = lazy_flow<IFNET_BLOCKS>(p.l, x, y);
        float4 v = blend_pixel<P>(p, m[0][j], x, y);
        shared[row + j][column] = color_difference(p.picture.yuv, v);
        int right = column - REACH_LEFT;
        if (right >= 0 && right < TILE_WIDTH && below >= 0 && below < TILE_HEIGHT)
            store_pixel(p.picture, v, x, y);
    }
}

/* Taps that leave the region are those of weight 0 at the picture's edge. */
__device__ static float2 bring_down(const struct yuv &k, const float2 (*shared)[REGION],
                                    int left, int top, int cx, int cy)
{
    const float *wx = k.x.down_w + cx * k.x.taps, *wy = k.y.down_w + cy * k.y.taps;
    int column = __ldg(k.x.down_first + cx) - left,
        row = __ldg(k.y.down_first + cy) - top;
    float2 sum = make_float2(0, 0);
    for (int j = 0; j < k.y.taps; j++) {
        float w = __ldg(wy + j);
        if (w == 0)
            continue;
        for (int i = 0; i < k.x.taps; i++) {
            float v = w * __ldg(wx + i);
            if (v == 0)
                continue;
            float2 d = shared[row + j][column + i];
            sum.x = fmaf(v, d.x, sum.x);
            sum.y = fmaf(v, d.y, sum.y);
        }
    }
    return sum;
}

template <bool strips, typename P>
__global__ void __launch_bounds__(THREADS)
    blend_tile_kernel(const __grid_constant__ blend_params p)
{
    __shared__ float2 shared[REGION][REGION];
    let_next_start();
    wait_for_previous();
    const struct yuv &k = p.picture.yuv;
    int left = blockIdx.x * TILE_WIDTH - REACH_LEFT;
    int top = blockIdx.y * TILE_HEIGHT - REACH_ABOVE;
    for (int i = threadIdx.x; i < REGION * REGION / STRIP; i += THREADS)
        blend_strip<strips, P>(p, shared, left, top, i % REGION, i / REGION * STRIP);
    __syncthreads();
    int columns = TILE_WIDTH >> k.format.chroma_w_log2;
    int rows = TILE_HEIGHT >> k.format.chroma_h_log2;
    for (int i = threadIdx.x; i < columns * rows; i += THREADS) {
        int cx = blockIdx.x * columns + i % columns, cy = blockIdx.y * rows + i / columns;
        if (cx < k.chroma_width && cy < k.chroma_height)
            store_chroma(p.picture, bring_down(k, shared, left, top, cx, cy), cx, cy);
    }
}

template <bool strips, typename P>
static void launch(const blend_params &p, cudaStream_t stream)
{
    int width = p.picture.yuv.width, height = p.picture.yuv.height;
    if (p.picture.yuv.format.chroma_w_log2 || p.picture.yuv.format.chroma_h_log2) {
        dim3 grid(div_up(width, TILE_WIDTH), div_up(height, TILE_HEIGHT));
        launch_in_chain(blend_tile_kernel<strips, P>, grid, THREADS, stream, p);
    } else {
        dim3 grid(div_up(width, 32), div_up(height, THREADS / 32 * STRIP));
        launch_in_chain(blend_direct_kernel<strips, P>, grid, THREADS, stream, p);
    }
}

template <typename P>
static void launch(const blend_params &p, bool strips, cudaStream_t stream)
{
    if (strips)
        launch<true, P>(p, stream);
    else
        launch<false, P>(p, stream);
}

extern "C" int blend_store_cuda(const struct blend_store_args *a, void *stream)
{
    blend_params p = { .l = make_levels(a->levels, a->level_count),
                       .image0 = a->image0.data,
                       .image1 = a->image1.data,
                       .width_padded = a->image0.width_padded,
                       .height_padded = a->image0.height_padded,
                       .picture = make_picture(a->frame, a->yuv) };
    bool strips = fit_strips(a->levels, a->level_count);
    if (a->image0.is_half)
        launch<half4>(p, strips, stream_of(stream));
    else
        launch<float4>(p, strips, stream_of(stream));
    return cuda_launched("blend_store");
}
