/*
 * IFNet's weights in memory: FP32, beta folded, in the order the ops read.
 *
 * Files of any format (tensors.h) have the names of RIFE's state dicts
 * ("block0.conv0.0.0.weight", ...); docs/weights.md lists them. Each engine
 * opens its own: a backend hangs its prepared kernels on the layers.
 */
#ifndef RIFEC_MODEL_WEIGHTS_H
#define RIFEC_MODEL_WEIGHTS_H

#include <stddef.h>

#include "model/network.h"

/* Outputs of a deconvolution for flow and mask: four for each of their channels. */
#define DECONV_LIVE 20

/*
 * One convolution: out[o] = bias[o] + sum in[i] * weight[ky][kx][i][o].
 * kernel is 3, or 4 for a transposed convolution. An activation multiplies a negative
 * output by its channel's slope.
 */
struct conv_layer {
    int cin, cout, kernel;
    float *weight; /* [kernel][kernel][cin][cout] */
    float *bias;   /* [cout] */
    float *slopes; /* [cout]; NULL: all are LEAKY_SLOPE */
    bool is_plain; /* a resconv that does not add its input */
    void *plan;    /* a backend's own: repacked weights, prepared kernels */
};

struct weights {
    const struct network *network;
    struct conv_layer layers[NETWORK_LAYERS_MAX]; /* in the order of network_layer() */
    char sha256[65];                              /* of the file, hexadecimal        */
    float *data;                                  /* [count] what the layers point into */
    size_t count;
};

/* The layers of one block, within weights.layers. */
struct block_layers {
    const struct conv_layer *conv0, *conv1; /* stride 2: inputs -> c/2 -> c */
    const struct conv_layer *res;           /* [network.resconvs]           */
    const struct conv_layer *deconv;
};
struct block_layers weights_block(const struct weights *w, int block);

/* Those of the encoder, which the network must have. */
const struct conv_layer *weights_encoder(const struct weights *w);

struct tensors;

/*
 * Loads a file or folder, or with path NULL the model built into the library.
 * RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged; *w needs no closing then.
 */
int weights_open(struct weights *w, const char *path);

/* The same from memory; `name` is used in messages. */
int weights_open_memory(struct weights *w, const void *data, size_t bytes,
                        const char *name);

/* Only opens and lists it, as tensors_open(); path NULL: the built-in model. */
int weights_open_tensors(struct tensors **out, const char *path);

/* weights_open() of a file that is open. */
int weights_load(struct weights *w, const struct tensors *file);

/* The memory that it holds. */
size_t weights_bytes(const struct weights *w);

/* Frees the numbers, when a backend has repacked them; shapes and sha256 stay. */
void weights_drop_data(struct weights *w);

void weights_close(struct weights *w);

#endif
