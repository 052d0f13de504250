/*
 * store: RGB back to the planes of a frame. Each thread makes one chroma sample, and also
 * the luma (or R, G, B) and alpha of its group of pixels.
 */
#include "common.cuh"

/* RGB is filtered down first, since all of it is linear. */
__device__ static float4 bring_down(const struct yuv &k, const float4 *in,
                                    int width_padded, int cx, int cy)
{
    const float *wx = k.x.down_w + cx * k.x.taps, *wy = k.y.down_w + cy * k.y.taps;
    int x = __ldg(k.x.down_first + cx), y = __ldg(k.y.down_first + cy);
    float4 sum = make_float4(0, 0, 0, 0);
    for (int j = 0; j < k.y.taps; j++) {
        for (int i = 0; i < k.x.taps; i++) {
            float w = __ldg(wy + j) * __ldg(wx + i);
            float4 v = __ldg(in + (y + j) * width_padded + x + i);
            sum.x = fmaf(w, v.x, sum.x);
            sum.y = fmaf(w, v.y, sum.y);
            sum.z = fmaf(w, v.z, sum.z);
        }
    }
    return sum;
}

__global__ void store_kernel(const __grid_constant__ struct picture p, const float4 *in,
                             int width_padded)
{
    let_next_start();
    wait_for_previous();
    const struct yuv &k = p.yuv;
    int cx = blockIdx.x * blockDim.x + threadIdx.x;
    int cy = blockIdx.y * blockDim.y + threadIdx.y;
    if (cx >= k.chroma_width || cy >= k.chroma_height)
        return;
    int w = 1 << k.format.chroma_w_log2, h = 1 << k.format.chroma_h_log2;
    for (int y = cy * h; y < min(cy * h + h, k.height); y++)
        for (int x = cx * w; x < min(cx * w + w, k.width); x++)
            store_pixel(p, __ldg(in + y * width_padded + x), x, y);
    if (p.is_yuv)
        store_chroma(p, color_difference(k, bring_down(k, in, width_padded, cx, cy)), cx,
                     cy);
}

extern "C" int store_cuda(const struct store_args *a, void *stream)
{
    const struct yuv *k = a->yuv;
    dim3 block(32, 4), grid(div_up(k->chroma_width, 32), div_up(k->chroma_height, 4));
    launch_in_chain(store_kernel, grid, block, stream_of(stream),
                    make_picture(a->frame, k), (const float4 *)a->in.data,
                    a->in.width_padded);
    return cuda_launched("store");
}
