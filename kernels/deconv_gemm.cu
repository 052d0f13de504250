/*
 * deconv, what is left to do when a library has done the arithmetic.
 *
 * deconv_shuffle: a 3x3 convolution gave the 20 channels of all four phases of the
 * transposed one, that is of every pixel of cells of 4 x 4:
 *
 *     in[y][x][80]: flow of pixel (R, S) at 4 * (4 * R + S), R, S < 4,
 *                   its mask at 64 + 4 * R + S
 *
 * deconv_col2im: a matrix product gave for every input pixel what each of the 16
 * taps adds, to cells of 2 x 2, in[y][x][tap = ky * 4 + kx][20]:
 *
 *     flow of pixel (R, S) at 4 * (2 * R + S), R, S < 2, its mask at 16 + 2 * R + S
 *
 * Both: one thread makes one pixel of the level, in its order, so writes are
 * whole lines of 16 bytes a thread; reads are whole sectors. Bound by memory.
 */
#include "common.cuh"

#define CELL 16         /* pixels of deconv_shuffle's */
#define FLOW (4 * CELL) /* channels before the masks  */

__device__ static void add(float4 &sum, float4 v)
{
    sum.x += v.x, sum.y += v.y, sum.z += v.z, sum.w += v.w;
}

/* The bias has in's order of channels. */
__global__ void shuffle_kernel(const float *in, const float *bias, float4 *flow,
                               float *mask, int width)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    if (x >= width)
        return;
    int sub = y % 4 * 4 + x % 4;
    const float *p = in + ((size_t)(y / 4) * (width / 4) + x / 4) * (4 * DECONV_LIVE);
    float4 v = __ldg((const float4 *)p + sub);
    add(v, __ldg((const float4 *)bias + sub));
    flow[(size_t)y * width + x] = v;
    mask[(size_t)y * width + x] = __ldg(p + FLOW + sub) + __ldg(bias + FLOW + sub);
}

__global__ void col2im_kernel(const float *in, int in_width, int in_height,
                              const float *bias, float4 *flow, float *mask, int width)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    if (x >= width)
        return;
    int sub = y % 2 * 2 + x % 2, Y = y / 2, X = x / 2;
    float4 v = __ldg((const float4 *)bias + sub);
    float m = __ldg(bias + 16 + sub);
    for (int ky = (Y + 1) % 2; ky < 4; ky += 2) {
        int iy = (Y + 1 - ky) / 2; /* exact */
        if (Y + 1 < ky || iy >= in_height)
            continue;
        for (int kx = (X + 1) % 2; kx < 4; kx += 2) {
            int ix = (X + 1 - kx) / 2;
            if (X + 1 < kx || ix >= in_width)
                continue;
            const float *p =
                in + (((size_t)iy * in_width + ix) * 16 + ky * 4 + kx) * DECONV_LIVE;
            add(v, __ldg((const float4 *)p + sub));
            m += __ldg(p + 16 + sub);
        }
    }
    flow[(size_t)y * width + x] = v;
    mask[(size_t)y * width + x] = m;
}

extern "C" int deconv_shuffle_cuda(const float *in, const float *bias,
                                   const struct level *out, cudaStream_t stream)
{
    dim3 block(128), grid(div_up(out->width, 128), (unsigned)out->height);
    shuffle_kernel<<<grid, block, 0, stream>>>(in, bias, (float4 *)out->flow, out->mask,
                                               out->width);
    return cuda_launched("deconv_shuffle");
}

extern "C" int deconv_col2im_cuda(const float *in, const float *bias,
                                  const struct level *out, cudaStream_t stream)
{
    dim3 block(128), grid(div_up(out->width, 128), (unsigned)out->height);
    col2im_kernel<<<grid, block, 0, stream>>>(in, out->width / 4, out->height / 4, bias,
                                              (float4 *)out->flow, out->mask, out->width);
    return cuda_launched("deconv_col2im");
}
