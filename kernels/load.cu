/*
 * load: planes of a frame to padded RGB and alpha. One thread a pixel: the luma
 * code, four chroma codes at most, the matrix in FP32.
 *
 * Bytes: 1.5 a pixel of 4:2:0 read, 8 (FP16) or 16 written; bound by memory.
 */
#include "common.cuh"

/* Chroma component c at luma position (x, y), as a number. */
__device__ static float chroma_at(const struct rifec_frame &f, const struct yuv &k, int c,
                                  int x, int y)
{
    int x0 = x, x1 = x, y0 = y, y1 = y;
    float fx = 0, fy = 0;
    if (k.format.chroma_w_log2)
        x0 = __ldg(k.x.up_lo + x), x1 = __ldg(k.x.up_hi + x), fx = __ldg(k.x.up_f + x);
    if (k.format.chroma_h_log2)
        y0 = __ldg(k.y.up_lo + y), y1 = __ldg(k.y.up_hi + y), fy = __ldg(k.y.up_f + y);
    float left = lerp(code_at(f, c, x0, y0), code_at(f, c, x0, y1), fy);
    float right = lerp(code_at(f, c, x1, y0), code_at(f, c, x1, y1), fy);
    return (lerp(left, right, fx) - k.chroma_offset) * k.chroma_scale;
}

template <typename P>
__global__ void load_kernel(const __grid_constant__ struct rifec_frame f,
                            const __grid_constant__ struct yuv k, P *out,
                            int width_padded, int height_padded)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    if (x >= width_padded)
        return;
    float4 v = make_float4(0, 0, 0, 0);
    if (x < k.width && y < k.height) {
        v.x = (code_at(f, 0, x, y) - k.luma_offset) * k.luma_scale;
        if (k.format.family == RIFEC_FAMILY_RGB) {
            v.y = (code_at(f, 1, x, y) - k.luma_offset) * k.luma_scale;
            v.z = (code_at(f, 2, x, y) - k.luma_offset) * k.luma_scale;
        } else if (k.format.family == RIFEC_FAMILY_GRAY) {
            v.y = v.z = v.x;
        } else {
            float luma = v.x, cb = chroma_at(f, k, 1, x, y),
                  cr = chroma_at(f, k, 2, x, y);
            v.x = luma + k.cr_to_r * cr;
            v.y = luma + k.cb_to_g * cb + k.cr_to_g * cr;
            v.z = luma + k.cb_to_b * cb;
        }
    }
    if (format_has(k.format, 3))
        v.w = code_at(f, 3, min(x, k.width - 1), min(y, k.height - 1)) / k.code_max;
    put_pixel(out, y * width_padded + x, v);
}

extern "C" int load_cuda(const struct load_args *a, void *stream)
{
    const struct image *im = &a->out;
    dim3 block(128), grid(div_up(im->width_padded, 128), (unsigned)im->height_padded);
    if (im->is_half)
        load_kernel<<<grid, block, 0, stream_of(stream)>>>(
            *a->frame, *a->yuv, (half4 *)im->half, im->width_padded, im->height_padded);
    else
        load_kernel<<<grid, block, 0, stream_of(stream)>>>(
            *a->frame, *a->yuv, (float4 *)im->data, im->width_padded, im->height_padded);
    return cuda_launched("load");
}
