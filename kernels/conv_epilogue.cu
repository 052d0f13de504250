/*
 * conv_s2 and resconv: the epilogue, for a library that has only convolved:
 * out = lrelu(out + bias [+ residual]), in place, FP32 arithmetic.
 *
 * One thread does 16 bytes, of neighbouring channels: they come last, and are a
 * multiple of eight. Bound by memory: two or three passes over the tensor.
 */
#include "common.cuh"

#include <assert.h>

template <typename T> struct pack16 {
    T v[16 / sizeof(T)];
};

template <typename T>
__global__ void tail_kernel(uint4 *out, const uint4 *residual, const float *bias,
                            unsigned channels, unsigned groups)
{
    const unsigned n = 16 / sizeof(T);
    unsigned at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= groups)
        return;
    uint4 bits = out[at], more = make_uint4(0, 0, 0, 0);
    if (residual)
        more = __ldg(residual + at);
    pack16<T> &o = (pack16<T> &)bits, &r = (pack16<T> &)more;
    unsigned first = at * n % channels;
#pragma unroll
    for (unsigned i = 0; i < n; i++) {
        float v = (float)o.v[i] + __ldg(bias + first + i) + (float)r.v[i];
        o.v[i] = (T)(v > 0 ? v : LEAKY_SLOPE * v);
    }
    out[at] = bits;
}

template <typename T>
static void tail(const struct tensor *out, const struct tensor *residual,
                 const float *bias, cudaStream_t stream)
{
    unsigned count =
        (unsigned)out->channels * (unsigned)out->height * (unsigned)out->width;
    unsigned groups = count / (16 / sizeof(T));
    tail_kernel<T><<<(groups + 255) / 256, 256, 0, stream>>>(
        (uint4 *)out->data, (const uint4 *)(residual ? residual->data : NULL), bias,
        (unsigned)out->channels, groups);
}

extern "C" int conv_epilogue_cuda(const struct tensor *out, const struct tensor *residual,
                                  const float *bias, cudaStream_t stream)
{
    assert(out->channels % 8 == 0 && out->block == out->channels);
    if (out->dtype == DTYPE_FP16)
        tail<__half>(out, residual, bias, stream);
    else
        tail<float>(out, residual, bias, stream);
    return cuda_launched("conv_epilogue");
}
