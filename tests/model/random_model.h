/*
 * Weights of a network made by integer arithmetic alone, so that a program in another
 * language makes the same ones: tests/golden/make_golden_family.py.
 *
 * Number i of a tensor is a hash of i and of the tensor's name, between -1024 and 1023,
 * times a power of two. The power gives a layer's outputs about the size of its inputs;
 * biases are smaller, betas up to 1/4, and the last layer of a block moves pictures by a
 * few pixels.
 */
#ifndef RIFEC_TESTS_MODEL_RANDOM_MODEL_H
#define RIFEC_TESTS_MODEL_RANDOM_MODEL_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "model/network.h"

static inline uint32_t random_model_hash(uint32_t seed, uint32_t i)
{
    uint32_t h = seed ^ (i * 0x9e3779b9u);
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

/* FNV-1a */
static inline uint32_t random_model_seed(const char *name)
{
    uint32_t h = 0x811c9dc5u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x01000193u;
    return h;
}

/* The power of two that a tensor's integers are multiplied with. */
static inline int random_model_exponent(const struct network_layer *l,
                                        enum layer_tensor which, int boost)
{
    if (which == TENSOR_BIAS)
        return -14;
    if (which == TENSOR_BETA || which == TENSOR_SLOPE)
        return -12;
    /* Half of the root of the number of products: transposed ones have four taps. */
    int products = l->kernel == 4 ? 4 * l->inputs : 9 * l->inputs, half_log = 0;
    while (1 << (2 * half_log + 2) <= products)
        half_log++;
    if (l->op == DECONV)
        return -9 - half_log + (l->block < 2 ? boost : 0);
    /* A convolution that does not add its input must not shrink it too much. */
    const bool is_plain = l->op == RESCONV && l->is_plain;
    return -10 - half_log + (is_plain && products < 2 << (2 * half_log));
}

static inline int64_t random_model_count(const int *dims, int rank)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= dims[i];
    return count;
}

/* Writes the header of a file of FP32, without the tensor called `without`, if not NULL;
 * returns how many bytes of numbers follow. */
static inline int64_t random_model_write_header(FILE *f, const struct network *n,
                                                const char *without)
{
    static char header[1 << 16];
    struct network_layer l;
    char name[64];
    int64_t at = 0;
    int dims[4], used = 0;
    for (int i = 0; network_layer(n, i, &l); i++)
        for (int k = 0; k < LAYER_TENSORS; k++) {
            if (!network_tensor(&l, (enum layer_tensor)k, name) ||
                (without && !strcmp(name, without)))
                continue;
            int rank = network_shape(&l, (enum layer_tensor)k, dims);
            int64_t end = at + 4 * random_model_count(dims, rank);
            used += snprintf(header + used, sizeof header - (size_t)used,
                             "%c\"%s\":{\"dtype\":\"F32\",\"shape\":[%d",
                             used ? ',' : '{', name, dims[0]);
            for (int d = 1; d < rank; d++)
                used +=
                    snprintf(header + used, sizeof header - (size_t)used, ",%d", dims[d]);
            used += snprintf(header + used, sizeof header - (size_t)used,
                             "],\"data_offsets\":[%lld,%lld]}", (long long)at,
                             (long long)end);
            at = end;
        }
    header[used++] = '}';
    for (int i = 0; i < 8; i++)
        fputc((int)((uint64_t)used >> 8 * i & 255), f);
    fwrite(header, 1, (size_t)used, f);
    return at;
}

/* A file whose numbers are all zero. */
static inline int random_model_write_empty(FILE *f, const struct network *n,
                                           const char *without)
{
    static const char zeros[1 << 16];
    int64_t left = random_model_write_header(f, n, without);
    for (; left > 0; left -= (int64_t)sizeof zeros)
        fwrite(zeros, 1, left < (int64_t)sizeof zeros ? (size_t)left : sizeof zeros, f);
    return fflush(f) || ferror(f) ? -1 : 0;
}

/* Writes it as safetensors of FP32, without the tensor called `without`, if not NULL.
 * Blocks 0 and 1 move pictures 2 to the power of `boost` times as far. */
static inline int random_model_write_boosted(FILE *f, const struct network *n,
                                             const char *without, int boost)
{
    struct network_layer l;
    char name[64];
    int dims[4];
    random_model_write_header(f, n, without);
    for (int i = 0; network_layer(n, i, &l); i++)
        for (int k = 0; k < LAYER_TENSORS; k++) {
            if (!network_tensor(&l, (enum layer_tensor)k, name) ||
                (without && !strcmp(name, without)))
                continue;
            int rank = network_shape(&l, (enum layer_tensor)k, dims);
            int64_t count = random_model_count(dims, rank);
            float scale =
                ldexpf(1, random_model_exponent(&l, (enum layer_tensor)k, boost));
            uint32_t seed = random_model_seed(name);
            float row[1024];
            for (int64_t j = 0; j < count; j++) {
                int value = (int)(random_model_hash(seed, (uint32_t)j) >> 21) - 1024;
                row[j % 1024] = (float)value * scale;
                if (j % 1024 == 1023 || j == count - 1)
                    fwrite(row, sizeof *row, (size_t)(j % 1024) + 1, f);
            }
        }
    return fflush(f) || ferror(f) ? -1 : 0;
}

static inline int random_model_write(FILE *f, const struct network *n,
                                     const char *without)
{
    return random_model_write_boosted(f, n, without, 0);
}

#endif
