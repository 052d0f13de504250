/*
 * The convolutions in plain CUDA: FP32 or FP16 tensors in blocks of eight channels,
 * FP32 arithmetic. One thread makes eight output channels of one pixel. Slow;
 * what the fast kernels are compared with on the device, and what runs where
 * there is no faster one.
 */
#include "common.cuh"

#include <string.h>

#define GROUP 8 /* output channels of a thread, and channels of a block */

__device__ static float number(float v)
{
    return v;
}

__device__ static float number(__half v)
{
    return __half2float(v);
}

__device__ static void put(float *at, float v)
{
    *at = v;
}

__device__ static void put(__half *at, float v)
{
    *at = __float2half_rn(v);
}

__device__ static float lrelu(float v)
{
    return v > 0 ? v : LEAKY_SLOPE * v;
}

/* sum[] += in(y, x, every channel) * w[channel][cout], w the weights of one tap. */
template <typename T>
__device__ static void add_tap(float sum[GROUP], const T *in, int cin, int height,
                               int width, int y, int x, const float *w, int cout)
{
    if (y < 0 || y >= height || x < 0 || x >= width)
        return;
    for (int i = 0; i < cin; i++) {
        size_t row = (size_t)(i / GROUP) * height + y;
        float v = number(in[(row * width + x) * GROUP + i % GROUP]);
        for (int o = 0; o < GROUP; o++)
            sum[o] = fmaf(v, __ldg(w + i * cout + o), sum[o]);
    }
}

template <typename T>
__global__ void conv_kernel(const T *in, int cin, int height, int width,
                            const float *weight, const float *bias, T *out, int cout,
                            int out_height, int out_width, int stride, bool residual)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y, group = blockIdx.z;
    if (x >= out_width)
        return;
    float sum[GROUP];
    for (int o = 0; o < GROUP; o++)
        sum[o] = bias[group * GROUP + o];
    for (int k = 0; k < 9; k++)
        add_tap(sum, in, cin, height, width, y * stride + k / 3 - 1,
                x * stride + k % 3 - 1, weight + (size_t)k * cin * cout + group * GROUP,
                cout);
    size_t at = (((size_t)group * out_height + y) * out_width + x) * GROUP;
    for (int o = 0; o < GROUP; o++)
        put(out + at + o, lrelu(sum[o] + (residual ? number(in[at + o]) : 0)));
}

static int conv(const struct conv_args *a, int stride, bool residual, void *stream)
{
    const struct conv_pack *p = (const struct conv_pack *)a->layer->plan;
    int cin = a->layer->cin, cout = a->layer->cout;
    dim3 block(64),
        grid(div_up(a->out.width, 64), (unsigned)a->out.height, (unsigned)(cout / GROUP));
    if (a->in.dtype == DTYPE_FP16)
        conv_kernel<<<grid, block, 0, stream_of(stream)>>>(
            (const __half *)a->in.half, cin, a->in.height, a->in.width,
            (const float *)p->weight, p->bias, (__half *)a->out.half, cout, a->out.height,
            a->out.width, stride, residual);
    else
        conv_kernel<<<grid, block, 0, stream_of(stream)>>>(
            a->in.data, cin, a->in.height, a->in.width, (const float *)p->weight, p->bias,
            a->out.data, cout, a->out.height, a->out.width, stride, residual);
    return cuda_launched(residual ? "resconv_ref" : "conv_s2_ref");
}

extern "C" int conv_s2_ref(const struct conv_args *a, void *stream)
{
    return conv(a, 2, false, stream);
}

extern "C" int resconv_ref(const struct conv_args *a, void *stream)
{
    return conv(a, 1, true, stream);
}

/* One thread makes the 20 channels of one pixel (X, Y) of the transposed convolution. */
template <typename T>
__global__ void deconv_kernel(const T *in, int cin, int height, int width,
                              const float *weight, const float *bias, float4 *flow,
                              float *mask)
{
    int X = blockIdx.x * blockDim.x + threadIdx.x, Y = blockIdx.y;
    if (X >= 2 * width)
        return;
    float sum[DECONV_LIVE + 4]; /* whole groups */
    for (int o = 0; o < DECONV_LIVE; o++)
        sum[o] = bias[o];
    for (int ky = (Y + 1) % 2; ky < 4; ky += 2) {
        for (int kx = (X + 1) % 2; kx < 4; kx += 2) {
            int y = (Y + 1 - ky) / 2, x = (X + 1 - kx) / 2;
            if (y < 0 || y >= height || x < 0 || x >= width)
                continue;
            for (int i = 0; i < cin; i++) {
                size_t row = (size_t)(i / GROUP) * height + y;
                float v = number(in[(row * width + x) * GROUP + i % GROUP]);
                const float *w = weight + (size_t)((ky * 4 + kx) * cin + i) * DECONV_LIVE;
                for (int o = 0; o < DECONV_LIVE; o++)
                    sum[o] = fmaf(v, __ldg(w + o), sum[o]);
            }
        }
    }
    for (int j = 0; j < 4; j++) { /* the pixel shuffle */
        size_t at = (size_t)(2 * Y + j / 2) * 4 * width + 2 * X + j % 2;
        flow[at] = make_float4(sum[j], sum[4 + j], sum[8 + j], sum[12 + j]);
        mask[at] = sum[16 + j];
    }
}

extern "C" int deconv_ref(const struct deconv_args *a, void *stream)
{
    const struct conv_pack *p = (const struct conv_pack *)a->layer->plan;
    dim3 block(64), grid(div_up(2 * a->in.width, 64), (unsigned)(2 * a->in.height));
    if (a->in.dtype == DTYPE_FP16)
        deconv_kernel<<<grid, block, 0, stream_of(stream)>>>(
            (const __half *)a->in.half, a->in.channels, a->in.height, a->in.width,
            (const float *)p->weight, p->bias, (float4 *)a->out.flow, a->out.mask);
    else
        deconv_kernel<<<grid, block, 0, stream_of(stream)>>>(
            a->in.data, a->in.channels, a->in.height, a->in.width,
            (const float *)p->weight, p->bias, (float4 *)a->out.flow, a->out.mask);
    return cuda_launched("deconv_ref");
}

extern "C" size_t conv_ref_pack_bytes(const struct conv_layer *l)
{
    return (size_t)(l->kernel * l->kernel * l->cin * l->cout) * sizeof(float);
}

extern "C" void conv_ref_pack(const struct conv_layer *l, void *out)
{
    memcpy(out, l->weight, conv_ref_pack_bytes(l));
}
