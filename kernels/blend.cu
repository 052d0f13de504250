/*
 * blend: the in-between. Each thread makes one pixel: the lazy flow of all levels, both
 * frames warped by it, merged by the sigmoid of the mask, all in FP32.
 */
#include "blend.cuh"

template <typename P>
__global__ void blend_kernel(const __grid_constant__ levels l, const pixels<P> image0,
                             const pixels<P> image1, float4 *out, int width, int height)
{
    let_next_start();
    wait_for_previous();
    int x = blockIdx.x * blockDim.x + threadIdx.x,
        y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height)
        return;
    motion v = lazy_flow<CUDA_LEVELS>(l, x, y);
    float4 a = warp<false>(image0, x, y, v.flow.x, v.flow.y);
    float4 b = warp<false>(image1, x, y, v.flow.z, v.flow.w);
    out[y * image0.width + x] = merge(a, b, v.mask);
}

template <typename P> static void launch(const struct blend_args *a, cudaStream_t stream)
{
    const struct image *out = &a->out;
    levels l = make_levels(a->levels, a->level_count);
    pixels<P> image0, image1;
    read_image(&image0, &a->image0);
    read_image(&image1, &a->image1);
    dim3 block(32, 4), grid(div_up(out->width, 32), div_up(out->height, 4));
    launch_in_chain(blend_kernel<P>, grid, block, stream, l, image0, image1,
                    (float4 *)out->data, out->width, out->height);
}

extern "C" int blend_cuda(const struct blend_args *a, void *stream)
{
    if (a->image0.dtype == DTYPE_FP16)
        launch<half4>(a, stream_of(stream));
    else
        launch<float4>(a, stream_of(stream));
    return cuda_launched("blend");
}
