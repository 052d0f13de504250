/*
 * The code of each version of the convolutions on a GPU. conv_choice.h chooses among
 * them, the tests hold each against the reference, the benchmarks time each.
 */
#ifndef RIFEC_ENGINE_CUDA_CONV_VERSIONS_H
#define RIFEC_ENGINE_CUDA_CONV_VERSIONS_H

#include "engine/cuda/conv_choice.h"
#include "rifec_kernels.h"

struct conv_version {
    size_t (*bytes)(const struct conv_layer *layer);
    void (*pack)(const struct conv_layer *layer, void *out);
    /* The function of its op; both are NULL if the fused op front calls the kernels
     * itself. */
    int (*conv)(const struct conv_args *a, void *stream);
    int (*deconv)(const struct deconv_args *a, void *stream);
};

extern const struct conv_version conv_versions[CONV_VERSIONS];

#endif
