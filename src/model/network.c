/* The networks, and the one walk over their layers. */
#include "model/network.h"

#include <stdio.h>

#include "model/tensor.h"

#define SCALES_8(a, b, c, d)                                                             \
    .block_count = 4, .block = { { a, 8 }, { b, 4 }, { c, 2 }, { d, 1 } }, .multiple = 32
#define SCALES_16(a, b, c, d, e)                                                         \
    .block_count = 5, .block = { { a, 16 }, { b, 8 }, { c, 4 }, { d, 2 }, { e, 1 } },    \
    .multiple = 64
#define BLOCKS .resconvs = NETWORK_RESCONVS_MAX, .groups = 1
#define FLOW_AND_MASK(outputs)                                                           \
    .level_channels = LEVEL_CHANNELS, .shuffle = 2, .deconv_outputs = (outputs)
#define FLOW_MASK_AND_FEATURES                                                           \
    .level_channels = LEVEL_CHANNELS + LEVEL_FEATURES, .shuffle = 2, .deconv_outputs = 52
#define ENCODER(layers, channels, features)                                              \
    .mask_is_replaced = true, .encoder_layers = (layers),                                \
    .encoder_channels = (channels), .source_features = (features)

const struct network networks[NETWORKS] = {
    [NETWORK_4_0] = { .name = "RIFE 4.0 or 4.1",
                      .block_count = 4,
                      .block = { { 192, 8 }, { 128, 4 }, { 96, 2 }, { 64, 1 } },
                      BLOCKS,
                      .residual = RESIDUAL_BLOCK,
                      .level_channels = LEVEL_CHANNELS,
                      .shuffle = 1,
                      .deconv_outputs = LEVEL_CHANNELS,
                      .restarts = true,
                      .multiple = 64 }, /* 32, twice */
    [NETWORK_4_2] = { .name = "RIFE 4.2, 4.3 or 4.4",
                      SCALES_8(192, 128, 96, 64),
                      BLOCKS,
                      .residual = RESIDUAL_NONE,
                      .level_channels = LEVEL_CHANNELS,
                      .shuffle = 1,
                      .deconv_outputs = LEVEL_CHANNELS },
    [NETWORK_4_5] = { .name = "RIFE 4.5",
                      SCALES_8(192, 128, 96, 64),
                      BLOCKS,
                      FLOW_AND_MASK(20) },
    /* It differs from 4.5 by four outputs per block that nobody reads. */
    [NETWORK_4_6] = { .name = "RIFE 4.6",
                      SCALES_8(192, 128, 96, 64),
                      BLOCKS,
                      FLOW_AND_MASK(24) },
    [NETWORK_4_7] = { .name = "RIFE 4.7, 4.8 or 4.9",
                      SCALES_8(192, 128, 96, 64),
                      BLOCKS,
                      FLOW_AND_MASK(24),
                      ENCODER(2, 16, 4),
                      .encoder_is_list = true },
    [NETWORK_4_10] = { .name = "RIFE 4.10, 4.11 or 4.12",
                       SCALES_8(192, 128, 96, 64),
                       BLOCKS,
                       FLOW_AND_MASK(24),
                       ENCODER(4, 32, 8),
                       .encoder_is_list = true },
    [NETWORK_4_13] = { .name = "RIFE 4.13, 4.14, 4.15, 4.17, 4.18, 4.19 or 4.24",
                       SCALES_8(192, 128, 96, 64),
                       BLOCKS,
                       FLOW_AND_MASK(24),
                       ENCODER(4, 32, 8) },
    [NETWORK_4_12_LITE] = { .name = "RIFE 4.12 lite or 4.13 lite",
                            SCALES_8(128, 96, 64, 48),
                            BLOCKS,
                            FLOW_AND_MASK(24),
                            ENCODER(4, 32, 4),
                            .encoder_is_list = true },
    [NETWORK_4_14_LITE] = { .name = "RIFE 4.14 lite",
                            SCALES_8(192, 128, 96, 64),
                            .resconvs = NETWORK_RESCONVS_MAX,
                            .groups = 2,
                            FLOW_AND_MASK(24),
                            ENCODER(4, 32, 8) },
    [NETWORK_4_15_LITE] = { .name = "RIFE 4.15 lite, 4.16 lite or 4.17 lite",
                            SCALES_8(128, 96, 64, 48),
                            BLOCKS,
                            FLOW_AND_MASK(24),
                            ENCODER(4, 16, 4) },
    [NETWORK_4_20] = { .name = "RIFE 4.20",
                       SCALES_8(384, 192, 96, 48),
                       BLOCKS,
                       FLOW_AND_MASK(24),
                       ENCODER(4, 32, 8) },
    [NETWORK_4_21] = { .name = "RIFE 4.21, 4.22 or 4.23",
                       SCALES_8(256, 192, 96, 48),
                       BLOCKS,
                       FLOW_MASK_AND_FEATURES,
                       ENCODER(4, 32, 8) },
    [NETWORK_4_22_LITE] = { .name = "RIFE 4.22 lite",
                            SCALES_8(192, 128, 64, 32),
                            BLOCKS,
                            FLOW_MASK_AND_FEATURES,
                            ENCODER(4, 16, 4) },
    [NETWORK_4_25] = { .name = "RIFE 4.25 or 4.26",
                       SCALES_16(192, 128, 96, 64, 32),
                       BLOCKS,
                       FLOW_MASK_AND_FEATURES,
                       ENCODER(4, 16, 4) },
    [NETWORK_4_25_LITE] = { .name = "RIFE 4.25 lite",
                            .block_count = 5,
                            .block = { { 192, 32 },
                                       { 128, 16 },
                                       { 96, 8 },
                                       { 64, 4 },
                                       { 24, 1 } },
                            .multiple = 128,
                            BLOCKS,
                            FLOW_MASK_AND_FEATURES,
                            ENCODER(4, 16, 4) },
    [NETWORK_4_25_HEAVY] = { .name = "RIFE 4.25 heavy",
                             SCALES_16(384, 256, 192, 128, 64),
                             BLOCKS,
                             FLOW_MASK_AND_FEATURES,
                             ENCODER(4, 16, 4) },
    [NETWORK_4_26_HEAVY] = { .name = "RIFE 4.26 heavy, also called large",
                             SCALES_16(192, 128, 96, 64, 32),
                             BLOCKS,
                             FLOW_MASK_AND_FEATURES,
                             ENCODER(4, 16, 16) },
};

/* Two images, features of both, timestep; then mask, the level's features and flow. */
int network_inputs(const struct network *n, int block)
{
    const int features = n->level_channels - LEVEL_CHANNELS;
    return 2 * (3 + n->source_features) + 1 + (block > 0 ? LEVEL_CHANNELS + features : 0);
}

bool network_has_ensemble(const struct network *n)
{
    return n->level_channels == LEVEL_CHANNELS;
}

int network_block_layers(const struct network *n)
{
    return 2 + n->resconvs + 1;
}

int network_layers(const struct network *n)
{
    return n->block_count * network_block_layers(n) + n->encoder_layers;
}

/* A strided convolution, two others or none, and a transposed one. Without others
 * there is no activation. */
static void encoder_layer(const struct network *n, int index, struct network_layer *l)
{
    const int c = n->encoder_channels;
    const bool is_last = index == n->encoder_layers - 1;
    *l = (struct network_layer){ .op = ENCODE,
                                 .block = -1,
                                 .index = index,
                                 .cin = index == 0 ? 3 : c,
                                 .cout = is_last ? n->source_features : c,
                                 .kernel = is_last ? 4 : 3,
                                 .slope =
                                     n->encoder_layers == 2 ? SLOPE_ONE : SLOPE_LEAKY };
    l->inputs = l->cin;
    l->outputs = l->cout;
    if (!n->encoder_is_list)
        snprintf(l->name, sizeof l->name, "encode.cnn%d", index);
    else /* activations have numbers too */
        snprintf(l->name, sizeof l->name, "encode.%d",
                 n->encoder_layers == 2 ? index : 2 * index);
}

static void block_layer(const struct network *n, int b, int k, struct network_layer *l)
{
    const int c = n->block[b].channels;
    *l = (struct network_layer){ .op = RESCONV, .block = b, .index = k - 2 };
    l->cin = l->cout = c;
    l->kernel = 3;
    l->slope = n->residual == RESIDUAL_BLOCK ? SLOPE_FILE : SLOPE_LEAKY;
    if (k < 2) {
        l->op = CONV_S2;
        l->index = k;
        l->cin = k == 0 ? network_inputs(n, b) : c / 2;
        l->cout = k == 0 ? c / 2 : c;
        snprintf(l->name, sizeof l->name, "block%d.conv0.%d", b, k);
    } else if (k < 2 + n->resconvs) {
        l->is_plain = n->residual != RESIDUAL_EACH;
        snprintf(l->name, sizeof l->name, "block%d.convblock.%d", b, k - 2);
    } else {
        /* Nobody reads the features of the last block. */
        const int channels = b == n->block_count - 1 ? LEVEL_CHANNELS : n->level_channels;
        l->op = DECONV;
        l->index = 0;
        l->cout = n->shuffle * n->shuffle * channels;
        l->kernel = 4;
        l->slope = SLOPE_ONE;
        l->is_plain = n->shuffle == 1;
        snprintf(l->name, sizeof l->name, "block%d.lastconv", b);
    }
    l->inputs = l->op == RESCONV ? c / n->groups : l->cin;
    l->outputs = l->op == DECONV ? n->deconv_outputs : l->cout;
}

bool network_layer(const struct network *n, int i, struct network_layer *out)
{
    const int per_block = network_block_layers(n), in_blocks = n->block_count * per_block;
    if (i >= network_layers(n))
        return false;
    if (i < in_blocks)
        block_layer(n, i / per_block, i % per_block, out);
    else
        encoder_layer(n, i - in_blocks, out);
    return true;
}

bool network_tensor(const struct network_layer *l, enum layer_tensor which, char name[64])
{
    static const char *const parts[LAYER_TENSORS] = { ".weight", ".bias", ".beta",
                                                      ".weight" };
    const bool adds_input = l->op == RESCONV && !l->is_plain;
    if ((which == TENSOR_BETA && !adds_input) ||
        (which == TENSOR_SLOPE && l->slope != SLOPE_FILE))
        return false;
    const char *module = which == TENSOR_BETA             ? ""
                         : which == TENSOR_SLOPE          ? ".1"
                         : l->op == ENCODE                ? ""
                         : adds_input                     ? ".conv"
                         : l->op == DECONV && l->is_plain ? ""
                                                          : ".0";
    snprintf(name, 64, "%s%s%s", l->name, module, parts[which]);
    return true;
}

int network_shape(const struct network_layer *l, enum layer_tensor which, int dims[4])
{
    const bool is_transposed = l->kernel == 4;
    if (which == TENSOR_BIAS || which == TENSOR_SLOPE) {
        dims[0] = l->outputs;
        return 1;
    }
    if (which == TENSOR_BETA) {
        dims[0] = dims[2] = dims[3] = 1;
        dims[1] = l->outputs;
    } else {
        dims[0] = is_transposed ? l->inputs : l->outputs;
        dims[1] = is_transposed ? l->outputs : l->inputs;
        dims[2] = dims[3] = l->kernel;
    }
    return 4;
}

int network_tensors(const struct network *n)
{
    struct network_layer l;
    char name[64];
    int count = 0;
    for (int i = 0; network_layer(n, i, &l); i++)
        for (int k = 0; k < LAYER_TENSORS; k++)
            count += network_tensor(&l, (enum layer_tensor)k, name);
    return count;
}
