/* The parts of blending, for blend.cu, blend_store.cu and tail_sm90.cu. */
#ifndef RIFEC_KERNELS_BLEND_CUH
#define RIFEC_KERNELS_BLEND_CUH

#include "motion.cuh"

/* Merges the two warped images; `mask` is the logit of the first one's share. */
__device__ static inline float4 merge(float4 a, float4 b, float mask)
{
    float m = sigmoid_of(mask), n = 1 - m;
    return make_float4(a.x * m + b.x * n, a.y * m + b.y * n, a.z * m + b.z * n,
                       a.w * m + b.w * n);
}

/* B - Y and R - Y; halves are enough for pictures of 8 bits. */
__device__ static inline void put_difference(float2 *to, float2 v)
{
    *to = v;
}

__device__ static inline void put_difference(__half2 *to, float2 v)
{
    *to = __float22half2_rn(v);
}

/* True if the samples are subsampled YUV of 8 bits without alpha, as in nearly every
 * film. */
static inline bool is_plain(const struct rifec_format *f)
{
    return f->family == RIFEC_FAMILY_YUV && f->depth == 8 && f->comp[0].shift == 0 &&
           f->comp[3].step == 0 && (f->chroma_w_log2 || f->chroma_h_log2);
}

/* Launches the kernel that makes subsampled chroma from B - Y and R - Y,
 * [height][width]. */
void blend_bring_down(const struct picture &p, const float2 *differences,
                      cudaStream_t stream);
void blend_bring_down(const struct picture &p, const __half2 *differences,
                      cudaStream_t stream);

#endif
