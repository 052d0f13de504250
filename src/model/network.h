/*
 * A network of the IFNet family as a description: its number of blocks, the width and
 * scale of each, and the names of its layers in a file.
 *
 * network_layer() is the one walk over the layers. All code that reads, writes, packs
 * or prints layers uses it.
 */
#ifndef RIFEC_MODEL_NETWORK_H
#define RIFEC_MODEL_NETWORK_H

#include <stdbool.h>

/* Room for the largest network of the family. */
#define NETWORK_BLOCKS_MAX   5
#define NETWORK_RESCONVS_MAX 8
#define NETWORK_ENCODER_MAX  4
#define NETWORK_CHANNELS_MAX 384
#define NETWORK_LAYERS_MAX                                                               \
    (NETWORK_BLOCKS_MAX * (3 + NETWORK_RESCONVS_MAX) + NETWORK_ENCODER_MAX)

/* The convolutions between the first two and the last of a block. */
enum network_residual {
    RESIDUAL_EACH,  /* each adds its input, times beta, to its output         */
    RESIDUAL_NONE,  /* none does                                              */
    RESIDUAL_BLOCK, /* the first one's input is added to the last one's output;
                     * the block's activations are PReLUs                     */
};

struct network {
    const char *name; /* "RIFE 4.25 or 4.26" */
    int block_count;
    struct network_block {
        int channels; /* of the features; half as many after the first          */
        int scale;    /* full-resolution pixels per pixel of the block's input  */
    } block[NETWORK_BLOCKS_MAX];
    int resconvs; /* convolutions of one size in each block, an even number */
    enum network_residual residual;
    int groups;            /* of the channels of these: 1 or 2                     */
    int level_channels;    /* of a block's output: four of flow, one of mask, and
                            * LEVEL_FEATURES for the next block, or none           */
    int shuffle;           /* factor of the pixel shuffle after a deconvolution: 2, or 1
                            * if there is none and the output has half the resolution */
    int deconv_outputs;    /* in the file, per block: shuffle squared for each channel of
                            * the level, and more that are not read                */
    bool mask_is_replaced; /* a block's mask replaces that of the block before; else
                            * it is added                                          */
    int encoder_layers;    /* 0: there is no encoder */
    int encoder_channels;  /* between the encoder's layers */
    int source_features;   /* its output channels for a frame, a multiple of 4     */
    bool encoder_is_list;  /* its layers have numbers in the file, not names       */
    bool restarts;         /* with twice the scales if flow is very large          */
    int multiple; /* a padded picture's width and height are multiples of it       */
};

/* The networks that run: one for each layout of tensors, from old to new. */
enum {
    NETWORK_4_0,
    NETWORK_4_2,
    NETWORK_4_5,
    NETWORK_4_6,
    NETWORK_4_7,
    NETWORK_4_10,
    NETWORK_4_13,
    NETWORK_4_12_LITE,
    NETWORK_4_14_LITE,
    NETWORK_4_15_LITE,
    NETWORK_4_20,
    NETWORK_4_21,
    NETWORK_4_22_LITE,
    NETWORK_4_25,
    NETWORK_4_25_LITE,
    NETWORK_4_25_HEAVY,
    NETWORK_4_26_HEAVY,
    NETWORKS
};
extern const struct network networks[NETWORKS];

/* Channels that a block's first convolution reads. */
int network_inputs(const struct network *n, int block);

/* Whether the network may run twice, the second time with its frames exchanged. */
bool network_has_ensemble(const struct network *n);

/* The ops that are one convolution each, and encode, which is several. */
enum conv_op { CONV_S2, RESCONV, DECONV, CONV_OPS, ENCODE = CONV_OPS };

/* One layer: a convolution, or with a kernel of 4 a transposed one. */
struct network_layer {
    enum conv_op op;
    int block, index; /* index: among the layers of this op in the block; an encoder's
                       * block is -1 */
    int cin, cout, kernel;
    int inputs;  /* in the file, for each output: cin, or its group's part        */
    int outputs; /* in the file; the first cout of them are read */
    enum { SLOPE_LEAKY, SLOPE_FILE, SLOPE_ONE } slope; /* of negative outputs */
    bool is_plain; /* a residual convolution that does not add its input, or a
                    * transposed one without a shuffle of its pixels */
    char name[40]; /* "block0.conv0.1", "block0.convblock.7", "block0.lastconv" or
                    * "encode.cnn0" */
};

/*
 * Layer i, from 0 on: block after block, in each the two strided convolutions, the
 * residual ones, then the deconvolution; after the blocks the encoder. Returns false
 * after the last.
 */
bool network_layer(const struct network *n, int i, struct network_layer *out);

/* The number of layers: of the network, of its encoder, of each block. */
int network_layers(const struct network *n);
int network_block_layers(const struct network *n);

/* The tensors of a layer in a state dict. */
enum layer_tensor {
    TENSOR_WEIGHT,
    TENSOR_BIAS,
    TENSOR_BETA,
    TENSOR_SLOPE,
    LAYER_TENSORS
};

/*
 * Writes the tensor's name: "block0.conv0.1.0.weight". Returns false if the layer
 * has no such tensor: only convolutions that add their input have beta, and only those
 * before a PReLU have slopes.
 */
bool network_tensor(const struct network_layer *l, enum layer_tensor which,
                    char name[64]);

/* A tensor's shape in the file; returns its rank. */
int network_shape(const struct network_layer *l, enum layer_tensor which, int dims[4]);

/* The number of tensors that the network reads from a file. */
int network_tensors(const struct network *n);

#endif
