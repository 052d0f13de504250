/*
 * blend_store: the in-between, straight into the planes of a frame.
 *
 * A thread blends a strip of four pixels below each other (motion.cuh) in FP32 and
 * writes everything but subsampled chroma. For that it leaves B - Y and R - Y of
 * each pixel, and a second kernel brings them down with the filter of yuv.h: all of
 * it is linear. 16 of the 33 MB that an image of 1080p would take.
 *
 * Tried and dropped: one kernel with the differences in shared memory. Tiles of
 * 58 x 56 with their rim (1.2 times the work) come to 1.3 waves of blocks on 132
 * SMs: 73 us with 256 threads, 92 us with 128 (H200, 2026-11-24).
 */
#include "motion.cuh"

#define COLUMNS 32 /* of a block of threads, which is as many strips wide ... */
#define STRIPS  8  /* ... and so many high */

struct blend_params {
    levels l;
    const void *image0, *image1;
    int width_padded, height_padded;
    struct picture picture;
    float2 *differences; /* [height][width]; NULL: chroma is not subsampled */
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

template <bool strips, typename P>
__global__ void __launch_bounds__(COLUMNS *STRIPS)
    blend_strip_kernel(const __grid_constant__ blend_params p)
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
        strip_flow<IFNET_BLOCKS, 1>(m, p.l, x, y0);
#pragma unroll
    for (int j = 0; j < STRIP; j++) {
        int y = y0 + j;
        if (y >= k.height)
            break;
        if (!strips)
            m[0][j] = lazy_flow<IFNET_BLOCKS>(p.l, x, y);
        float4 v = blend_pixel<P>(p, m[0][j], x, y);
        store_pixel(p.picture, v, x, y);
        if (p.differences)
            p.differences[y * k.width + x] = color_difference(k, v);
        else if (p.picture.is_yuv)
            store_chroma(p.picture, color_difference(k, v), x, y);
    }
}

/* One thread a chroma sample. */
__global__ void bring_down_kernel(const __grid_constant__ struct picture p,
                                  const float2 *differences)
{
    let_next_start();
    wait_for_previous();
    const struct yuv &k = p.yuv;
    int cx = blockIdx.x * blockDim.x + threadIdx.x;
    int cy = blockIdx.y * blockDim.y + threadIdx.y;
    if (cx >= k.chroma_width || cy >= k.chroma_height)
        return;
    const float *wx = k.x.down_w + cx * k.x.taps, *wy = k.y.down_w + cy * k.y.taps;
    const float2 *in =
        differences + __ldg(k.y.down_first + cy) * k.width + __ldg(k.x.down_first + cx);
    float2 sum = make_float2(0, 0);
    for (int j = 0; j < k.y.taps; j++) {
        for (int i = 0; i < k.x.taps; i++) {
            float w = __ldg(wy + j) * __ldg(wx + i);
            float2 d = __ldg(in + j * k.width + i);
            sum.x = fmaf(w, d.x, sum.x);
            sum.y = fmaf(w, d.y, sum.y);
        }
    }
    store_chroma(p, sum, cx, cy);
}

template <typename P>
static void launch(const blend_params &p, bool strips, cudaStream_t stream)
{
    const struct yuv *k = &p.picture.yuv;
    dim3 block(COLUMNS, STRIPS);
    dim3 grid(div_up(k->width, COLUMNS), div_up(k->height, STRIPS * STRIP));
    if (strips)
        launch_in_chain(blend_strip_kernel<true, P>, grid, block, stream, p);
    else
        launch_in_chain(blend_strip_kernel<false, P>, grid, block, stream, p);
    if (p.differences)
        launch_in_chain(bring_down_kernel,
                        dim3(div_up(k->chroma_width, 32), div_up(k->chroma_height, 4)),
                        dim3(32, 4), stream, p.picture, (const float2 *)p.differences);
}

extern "C" int blend_store_cuda(const struct blend_store_args *a, void *stream)
{
    const struct rifec_format *f = &a->frame->format;
    bool subsampled = f->chroma_w_log2 || f->chroma_h_log2;
    blend_params p = { .l = make_levels(a->levels, a->level_count),
                       .image0 = a->image0.data,
                       .image1 = a->image1.data,
                       .width_padded = a->image0.width_padded,
                       .height_padded = a->image0.height_padded,
                       .picture = make_picture(a->frame, a->yuv),
                       .differences = subsampled ? (float2 *)a->between.data : NULL };
    bool strips = fit_strips(a->levels, a->level_count);
    if (a->image0.is_half)
        launch<half4>(p, strips, stream_of(stream));
    else
        launch<float4>(p, strips, stream_of(stream));
    return cuda_launched("blend_store");
}
