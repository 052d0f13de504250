/* Shared by the tests of the convolutions on the GPU: every version, packed. */
#ifndef RIFEC_TESTS_OPS_CONVCUDA_H
#define RIFEC_TESTS_OPS_CONVCUDA_H

#include "check.h"
#include "checkcuda.h"
#include "convtest.h"
#include "engine/cuda/conv_versions.h"

/*
 * Against the reference in C on the same numbers. FP32 is summed in another order:
 * 1e-5 * sum |w * in|, the sums below 40. FP16 products are exact in FP32, so only
 * rounding the result to FP16 is added: half its spacing.
 */
#define CONV_ABSOLUTE        (40 * 1e-5)
#define CONV_RELATIVE(dtype) ((dtype) == DTYPE_FP16 ? 0x1p-11 : 0)

#define CUDA_BLOCK        8  /* of the engine's tensors on the GPU */
#define CUDA_TEST_THREADS 16 /* for the reference */

/* FP16 weights are rounded once, when they are packed; here they are rounded before
 * that. */
static inline struct conv_layer make_cuda_layer(int cin, int cout, int kernel,
                                                enum dtype dtype)
{
    struct conv_layer l = make_layer(cin, cout, kernel);
    if (dtype == DTYPE_FP16)
        checkcuda_round(l.weight, (size_t)(kernel * kernel * cin * cout));
    return l;
}

/* A layer's weights in a kernel's layout, and its bias, on the device. */
static inline struct conv_pack
upload_layer(const struct conv_layer *l, size_t (*bytes_of)(const struct conv_layer *l),
             void (*pack)(const struct conv_layer *l, void *out))
{
    size_t bytes = bytes_of(l);
    uint8_t *host = checkop_bytes(bytes);
    memset(host, 0, bytes);
    pack(l, host);
    return (struct conv_pack){
        .weight = checkcuda_upload(host, bytes),
        .bias = checkcuda_upload(l->bias, (size_t)l->cout * sizeof *l->bias),
    };
}

/* Returns the layer packed for a version; *pack must exist as long as the layer is
 * used. */
static inline struct conv_layer pack_layer(const struct conv_layer *l,
                                           const struct conv_version *v,
                                           struct conv_pack *pack)
{
    struct conv_layer packed = *l;
    *pack = upload_layer(l, v->bytes, v->pack);
    packed.plan = pack;
    return packed;
}

/* Returns version number i if it runs on this device and accepts the layer, or NULL. */
static inline const struct conv_version *
cuda_version(int i, enum conv_op op, const struct conv_layer *layer, enum dtype dtype)
{
    const struct conv_request r = {
        .op = op, .layer = layer, .dtype = dtype, .cc = checkcuda_capability()
    };
    return conv_can((enum conv_version_id)i, &r) ? &conv_versions[i] : NULL;
}

/*
 * Runs conv_s2 or resconv in every version against `want`, twice each: both runs must
 * give the same bits. `in` was made by checkcuda_tensor().
 */
static inline void try_conv_versions(enum conv_op op, const struct conv_layer *layer,
                                     const struct tensor *in, const struct tensor *want)
{
    enum dtype dtype = in->dtype;
    for (int i = 0; i < CONV_VERSIONS; i++) {
        const struct conv_version *v = cuda_version(i, op, layer, dtype);
        if (!v)
            continue;
        char what[64];
        struct conv_pack pack;
        struct conv_layer packed = pack_layer(layer, v, &pack);
        struct tensor got[2];
        snprintf(what, sizeof what, "%s, %s", conv_abilities[i].name, dtype_name(dtype));
        for (int k = 0; k < 2; k++) {
            struct tensor out = checkcuda_blank_tensor(want, CUDA_BLOCK, dtype);
            if (v->conv(&(struct conv_args){ .in = *in, .out = out, .layer = &packed },
                        checkcuda_stream()) < 0)
                checkop_fail("%s failed", what);
            got[k] = checkcuda_get_tensor(&out, want->block);
        }
        checkop_compare(what, got[0].data, want->data, tensor_floats(want), CONV_ABSOLUTE,
                        CONV_RELATIVE(dtype));
        checkop_compare("the same once more", got[1].data, got[0].data,
                        tensor_floats(want), 0, 0);
    }
}

#endif
