/* Shared by the tests of the convolutions: random layers, and the formula in double. */
#ifndef RIFEC_TESTS_OPS_CONVTEST_H
#define RIFEC_TESTS_OPS_CONVTEST_H

#include <math.h>
#include <stdlib.h>

#include "checkop.h"
#include "model/weights.h"
#if RIFEC_HAVE_DNN
#include "engine/cpu/dnn.h"
#endif

static inline struct tensor make_tensor(int channels, int height, int width, int block)
{
    size_t n = (size_t)channels * (size_t)height * (size_t)width;
    return (struct tensor){ .data = checkop_floats(n),
                            .channels = channels,
                            .height = height,
                            .width = width,
                            .block = block };
}

static inline size_t tensor_floats(const struct tensor *t)
{
    return (size_t)t->channels * (size_t)t->height * (size_t)t->width;
}

static inline float *tensor_at(const struct tensor *t, int c, int y, int x)
{
    size_t row = (size_t)(c / t->block) * (size_t)t->height + (size_t)y;
    return t->data + (row * (size_t)t->width + (size_t)x) * (size_t)t->block +
           c % t->block;
}

/* Returns the value, or zero outside the tensor. */
static inline double tensor_get(const struct tensor *t, int c, int y, int x)
{
    return y < 0 || x < 0 || y >= t->height || x >= t->width ? 0 : *tensor_at(t, c, y, x);
}

/* Weights as large as a trained layer's, so that sums are of order one. */
static inline struct conv_layer make_layer(int cin, int cout, int kernel)
{
    struct conv_layer l = { .cin = cin, .cout = cout, .kernel = kernel };
    size_t n = (size_t)(kernel * kernel * cin * cout);
    float reach = 1 / sqrtf((float)(kernel * kernel * cin));
    l.weight = checkop_floats(n);
    l.bias = checkop_floats((size_t)cout);
    checkop_fill(l.weight, n, -reach, reach);
    checkop_fill(l.bias, (size_t)cout, -0.5f, 0.5f);
    return l;
}

/* Slopes of a PReLU. */
static inline void give_slopes(struct conv_layer *l)
{
    l->slopes = checkop_floats((size_t)l->cout);
    checkop_fill(l->slopes, (size_t)l->cout, -0.5f, 0.5f);
}

/* The activation after output o. */
static inline double activation(const struct conv_layer *l, int o, double v)
{
    return v > 0 ? v : (double)(l->slopes ? l->slopes[o] : LEAKY_SLOPE) * v;
}

static inline double weight_at(const struct conv_layer *l, int ky, int kx, int i, int o)
{
    return l->weight[((ky * l->kernel + kx) * l->cin + i) * l->cout + o];
}

/* The 3x3 convolution of ops.h at one output; *size becomes sum |w * in|. */
static inline double conv3x3_at(const struct tensor *in, const struct conv_layer *l,
                                int stride, int o, int y, int x, double *size)
{
    double sum = l->bias[o];
    *size = fabs(sum);
    for (int i = 0; i < l->cin; i++)
        for (int k = 0; k < 9; k++) {
            double v = tensor_get(in, i, y * stride + k / 3 - 1, x * stride + k % 3 - 1) *
                       weight_at(l, k / 3, k % 3, i, o);
            sum += v;
            *size += fabs(v);
        }
    return sum;
}

/* Whether oneDNN is tried. Without AVX-512 it computes blocks of 16 by its own reference,
   26 ns for each multiplication, which no engine uses: a few small cases are enough. */
static inline bool is_for_dnn(int block, long multiplications)
{
#if CPU_HAVE_AVX2
    return block == 8 || __builtin_cpu_supports("avx512f") || multiplications < 4000000;
#else
    (void)block, (void)multiplications;
    return true;
#endif
}

#endif
