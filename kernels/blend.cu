/*
 * blend: the in-between. One thread a pixel: the lazy flow of all levels, both
 * frames warped by it, merged by the sigmoid of the mask, all in FP32.
 */
#include "motion.cuh"

template <typename P>
__global__ void blend_kernel(const __grid_constant__ levels l, const P *image0,
                             const P *image1, int width_padded, int height_padded,
                             float4 *out, int width, int height)
{
    let_next_start();
    wait_for_previous();
    int x = blockIdx.x * blockDim.x + threadIdx.x,
        y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height)
        return;
    motion v = lazy_flow<IFNET_BLOCKS>(l, x, y);
    float4 a = warp<false>(image0, width_padded, height_padded, x, y, v.flow.x, v.flow.y);
    float4 b = warp<false>(image1, width_padded, height_padded, x, y, v.flow.z, v.flow.w);
    float m = sigmoid_of(v.mask), n = 1 - m;
    out[y * width_padded + x] = make_float4(a.x * m + b.x * n, a.y * m + b.y * n,
                                            a.z * m + b.z * n, a.w * m + b.w * n);
}

extern "C" int blend_cuda(const struct blend_args *a, void *stream)
{
    const struct image *im = &a->image0, *out = &a->out;
    levels l = make_levels(a->levels, a->level_count);
    dim3 block(32, 4), grid(div_up(out->width, 32), div_up(out->height, 4));
    if (im->is_half)
        launch_in_chain(blend_kernel<half4>, grid, block, stream_of(stream), l,
                        (const half4 *)im->half, (const half4 *)a->image1.half,
                        im->width_padded, im->height_padded, (float4 *)out->data,
                        out->width, out->height);
    else
        launch_in_chain(blend_kernel<float4>, grid, block, stream_of(stream), l,
                        (const float4 *)im->data, (const float4 *)a->image1.data,
                        im->width_padded, im->height_padded, (float4 *)out->data,
                        out->width, out->height);
    return cuda_launched("blend");
}
