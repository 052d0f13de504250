/*
 * resconv by Winograd convolution, in two builds of one file. layer->plan is
 * then a float array that resconv_wino_weights() filled: transformed weights,
 * bias and slopes. Tensors have a multiple of resconv_wino_group() channels, which may be
 * more than the layer's.
 */
#ifndef RIFEC_ENGINE_CPU_RESCONV_WINO_H
#define RIFEC_ENGINE_CPU_RESCONV_WINO_H

#include "engine/cpu/cpu.h"

#define WINO_TILES     24 /* that one thread takes at a time */
#define WINO_GROUP_MAX 32 /* output channels per pass        */
#define WINO_POINT_PAD 16 /* floats between points           */

/* Output channels per pass for tensors of that block. */
static inline int resconv_wino_group(int block)
{
    return 2 * block;
}

#if CPU_AVX512
#define WINO_NAME(name) name##_avx512
#else
#define WINO_NAME(name) name##_avx2
#endif

/* Floats of a layer's plan for tensors with that many channels. */
static inline size_t resconv_wino_floats(int channels)
{
    return 36 * (size_t)channels * (size_t)channels + 2 * (size_t)channels;
}

/* Floats of scratch that a thread needs. */
static inline size_t resconv_wino_scratch(int channels)
{
    return 36 * (WINO_TILES * (size_t)(channels + WINO_GROUP_MAX) + 2 * WINO_POINT_PAD);
}

/* Tensors with block 8, AVX2 and FMA; tensors with block 16, AVX-512. */
void resconv_wino_weights_avx2(const struct conv_layer *layer, int channels, float *out);
void resconv_wino_weights_avx512(const struct conv_layer *layer, int channels,
                                 float *out);
int resconv_wino_avx2(const struct conv_args *a, void *stream);
int resconv_wino_avx512(const struct conv_args *a, void *stream);

#endif
