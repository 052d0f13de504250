/*
 * load: planes of a frame to padded RGB and alpha. Each thread makes one pixel: it reads
 * the luma sample and at most four samples of each chroma, and applies the matrix in
 * FP32.
 *
 * Bytes per pixel: 1.5 read for 4:2:0, 8 (FP16) or 16 written; bound by memory.
 */
#include "common.cuh"

/* A chroma component at luma position (x, y), as a number. */
__device__ static float chroma_at(const struct picture &p, const struct component &c,
                                  int x, int y)
{
    const struct yuv &k = p.yuv;
    int x0 = x, x1 = x, y0 = y, y1 = y;
    float fx = 0, fy = 0;
    if (k.format.chroma_w_log2)
        x0 = __ldg(k.x.up_lo + x), x1 = __ldg(k.x.up_hi + x), fx = __ldg(k.x.up_f + x);
    if (k.format.chroma_h_log2)
        y0 = __ldg(k.y.up_lo + y), y1 = __ldg(k.y.up_hi + y), fy = __ldg(k.y.up_f + y);
    float left = lerp(code_at(c, x0, y0), code_at(c, x0, y1), fy);
    float right = lerp(code_at(c, x1, y0), code_at(c, x1, y1), fy);
    return (lerp(left, right, fx) - k.chroma_offset) * k.chroma_scale;
}

__device__ static float4 pixel_at(const struct picture &p, int x, int y)
{
    const struct yuv &k = p.yuv;
    float first = (code_at(p.c[0], x, y) - k.luma_offset) * k.luma_scale;
    if (p.is_rgb)
        return make_float4(first, (code_at(p.c[1], x, y) - k.luma_offset) * k.luma_scale,
                           (code_at(p.c[2], x, y) - k.luma_offset) * k.luma_scale, 0);
    if (!p.is_yuv)
        return make_float4(first, first, first, 0);
    float cb = chroma_at(p, p.c[1], x, y), cr = chroma_at(p, p.c[2], x, y);
    return make_float4(first + k.cr_to_r * cr, first + k.cb_to_g * cb + k.cr_to_g * cr,
                       first + k.cb_to_b * cb, 0);
}

template <typename P>
__global__ void load_kernel(const __grid_constant__ struct picture p, P *out,
                            int width_padded, int height_padded)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    if (x >= width_padded)
        return;
    int last_x = p.yuv.width - 1, last_y = p.yuv.height - 1;
    float4 v = make_float4(0, 0, 0, 0);
    if (x <= last_x && y <= last_y)
        v = pixel_at(p, x, y);
    if (p.c[3].first)
        v.w = code_at(p.c[3], min(x, last_x), min(y, last_y)) * (1 / p.yuv.code_max);
    put_pixel(out, y * width_padded + x, v);
}

extern "C" int load_cuda(const struct load_args *a, void *stream)
{
    const struct image *im = &a->out;
    struct picture p = make_picture(a->frame, a->yuv);
    dim3 block(128), grid(div_up(im->width_padded, 128), (unsigned)im->height_padded);
    if (im->dtype == DTYPE_FP16)
        load_kernel<<<grid, block, 0, stream_of(stream)>>>(
            p, (half4 *)im->half, im->width_padded, im->height_padded);
    else
        load_kernel<<<grid, block, 0, stream_of(stream)>>>(
            p, (float4 *)im->data, im->width_padded, im->height_padded);
    return cuda_launched("load");
}
