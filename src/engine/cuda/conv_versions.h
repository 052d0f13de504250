/*
 * Which versions of the convolutions there are on a GPU. The engine chooses among
 * them, the tests hold each against the reference, the benchmarks time each.
 */
#ifndef RIFEC_ENGINE_CUDA_CONV_VERSIONS_H
#define RIFEC_ENGINE_CUDA_CONV_VERSIONS_H

#include <stdbool.h>

#include "rifec_kernels.h"

struct conv_version {
    const char *name; /* what --kernels pins */
    enum conv_op op;
    enum dtype dtype;   /* of the tensors: FP32 or FP16 */
    bool writes_half;   /* a deconv: the last level in FP16, if asked to */
    int cc_min, cc_max; /* compute capability times ten, both included */
    size_t (*bytes)(const struct conv_layer *layer);
    void (*pack)(const struct conv_layer *layer, void *out);
    int (*conv)(const struct conv_args *a, void *stream);
    int (*deconv)(const struct deconv_args *a, void *stream);
};

/* Of those that fit, the first is taken. */
extern const struct conv_version conv_versions[];
extern const int conv_version_count;

static inline bool conv_version_fits(const struct conv_version *v, enum conv_op op,
                                     enum dtype dtype, int cc)
{
    return v->op == op && v->dtype == dtype && cc >= v->cc_min && cc <= v->cc_max;
}

#endif
