/*
 * Chooses the version of a convolution for a GPU, layer by layer, from the abilities of
 * each version. Nothing here needs CUDA, so tests choose for every kind of GPU.
 * conv_versions.h has the code of the versions.
 */
#ifndef RIFEC_ENGINE_CUDA_CONV_CHOICE_H
#define RIFEC_ENGINE_CUDA_CONV_CHOICE_H

#include <stdbool.h>

#include "model/dtype.h"
#include "model/weights.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Best first: the first version that supports a layer is chosen. */
enum conv_version_id {
    CONV_S2_SM90,
    FRONT_SM90,
    RESCONV_SM90,
    DECONV_SM90,
    CONV_S2_SM80,
    RESCONV_SM80,
    DECONV_SM80,
    CONV_S2_FP32,
    RESCONV_FP32,
    DECONV_FP32,
    CONV_S2_REF,
    RESCONV_REF,
    DECONV_REF,
    CONV_VERSIONS,
    CONV_NONE = -1
};

struct conv_ability {
    const char *name; /* what --kernels pins */
    enum conv_op op;
    unsigned dtypes;    /* a bit for each supported type of the tensors */
    int cc_min, cc_max; /* compute capability times ten, both included           */
    bool in_front;      /* only the fused op front calls it, with its own layout */
    bool (*takes)(const struct conv_layer *l);
    bool (*writes_half)(const struct conv_layer *l); /* a level of FP16; NULL: never */
};

extern const struct conv_ability conv_abilities[CONV_VERSIONS];

/* A layer, the GPU, and the user's --kernels. */
struct conv_request {
    enum conv_op op;
    const struct conv_layer *layer;
    enum dtype dtype; /* no version rounds to TF32: it counts as FP32 */
    int cc;
    const char *pinned; /* the name of a version, or NULL                      */
    bool in_front;      /* for the fused op: with a pin, only the version named */
};

bool conv_can(enum conv_version_id id, const struct conv_request *r);

/* Returns the pinned version if it supports the layer, otherwise the best one that
 * does; or CONV_NONE. */
enum conv_version_id conv_choose(const struct conv_request *r);

/* True if any op has a version of this name for this type and GPU. */
bool conv_pin_exists(const char *name, enum dtype dtype, int cc);

/* True if the version chosen for the deconvolution can write a level in FP16. */
bool conv_writes_half(enum conv_version_id id, const struct conv_layer *l);

/*
 * Without a pin: true if cuDNN should be tried before our own versions, namely for TF32,
 * which they do not have, and if a residual convolution, which takes most time, got the
 * plain one.
 */
bool conv_wants_cudnn(const struct network *n, const struct conv_layer *layers,
                      enum dtype dtype, int cc);

#ifdef __cplusplus
}
#endif
#endif
