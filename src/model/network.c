/* The networks, and the one walk over their layers. */
#include "model/network.h"

#include <stdio.h>

#include "model/tensor.h"

/* 4.6 differs from 4.5 by four outputs per block that nobody reads. */
#define BLOCKS_OF_4                                                                      \
    .block_count = 4,                                                                    \
    .block = { { 7, 192, 8 }, { 12, 128, 4 }, { 12, 96, 2 }, { 12, 64, 1 } },            \
    .resconvs = 8, .level_channels = LEVEL_CHANNELS, .multiple = 32

/* 4.26 is 4.25 with other weights. */
const struct network networks[NETWORKS] = {
    [NETWORK_4_5] = { .name = "RIFE 4.5", BLOCKS_OF_4, .deconv_outputs = 20 },
    [NETWORK_4_6] = { .name = "RIFE 4.6", BLOCKS_OF_4, .deconv_outputs = 24 },
    [NETWORK_4_25] = { .name = "RIFE 4.25",
                       .block_count = 5,
                       .block = { { 15, 192, 16 },
                                  { 28, 128, 8 },
                                  { 28, 96, 4 },
                                  { 28, 64, 2 },
                                  { 28, 32, 1 } },
                       .resconvs = 8,
                       .level_channels = LEVEL_CHANNELS + LEVEL_FEATURES,
                       .deconv_outputs = 52,
                       .mask_is_replaced = true,
                       .encoder_channels = 16,
                       .multiple = 64 },
};

int network_block_layers(const struct network *n)
{
    return 2 + n->resconvs + 1;
}

int network_encoder_layers(const struct network *n)
{
    return n->encoder_channels ? NETWORK_ENCODER_MAX : 0;
}

int network_layers(const struct network *n)
{
    return n->block_count * network_block_layers(n) + network_encoder_layers(n);
}

/* A strided convolution, two others, and a transposed one. */
static void encoder_layer(const struct network *n, int index, struct network_layer *l)
{
    const int c = n->encoder_channels;
    const bool is_last = index == NETWORK_ENCODER_MAX - 1;
    *l = (struct network_layer){ .op = ENCODE,
                                 .block = -1,
                                 .index = index,
                                 .cin = index == 0 ? 3 : c,
                                 .cout = is_last ? SOURCE_FEATURES : c,
                                 .kernel = is_last ? 4 : 3 };
    l->outputs = l->cout;
    snprintf(l->name, sizeof l->name, "encode.cnn%d", index);
}

static void block_layer(const struct network *n, int b, int k, struct network_layer *l)
{
    const int c = n->block[b].channels;
    *l = (struct network_layer){ .op = RESCONV, .block = b, .index = k - 2 };
    l->cin = l->cout = c;
    l->kernel = 3;
    if (k < 2) {
        l->op = CONV_S2;
        l->index = k;
        l->cin = k == 0 ? n->block[b].inputs : c / 2;
        l->cout = k == 0 ? c / 2 : c;
        snprintf(l->name, sizeof l->name, "block%d.conv0.%d", b, k);
    } else if (k < 2 + n->resconvs) {
        snprintf(l->name, sizeof l->name, "block%d.convblock.%d", b, k - 2);
    } else {
        /* Nobody reads the features of the last block. */
        const int channels = b == n->block_count - 1 ? LEVEL_CHANNELS : n->level_channels;
        l->op = DECONV;
        l->index = 0;
        l->cout = 4 * channels;
        l->kernel = 4;
        snprintf(l->name, sizeof l->name, "block%d.lastconv", b);
    }
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
    static const char *const parts[LAYER_TENSORS] = { ".weight", ".bias", ".beta" };
    if (which == TENSOR_BETA && l->op != RESCONV)
        return false;
    const char *module = l->op == ENCODE || which == TENSOR_BETA ? ""
                         : l->op == RESCONV                      ? ".conv"
                                                                 : ".0";
    snprintf(name, 64, "%s%s%s", l->name, module, parts[which]);
    return true;
}

int network_shape(const struct network_layer *l, enum layer_tensor which, int dims[4])
{
    const bool is_transposed = l->kernel == 4;
    if (which == TENSOR_BIAS) {
        dims[0] = l->outputs;
        return 1;
    }
    if (which == TENSOR_BETA) {
        dims[0] = dims[2] = dims[3] = 1;
        dims[1] = l->outputs;
    } else {
        dims[0] = is_transposed ? l->cin : l->outputs;
        dims[1] = is_transposed ? l->outputs : l->cin;
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
