/* The networks, and the one walk over their layers. */
#include "model/network.h"

#include <stdio.h>

/* 4.6 differs from 4.5 by four outputs per block that nobody reads. */
#define BLOCKS_OF_4                                                                      \
    .block_count = 4,                                                                    \
    .block = { { 7, 192, 8 }, { 12, 128, 4 }, { 12, 96, 2 }, { 12, 64, 1 } },            \
    .resconvs = 8, .level_channels = 5, .multiple = 32

const struct network networks[NETWORKS] = {
    [NETWORK_4_5] = { .name = "RIFE 4.5", BLOCKS_OF_4, .deconv_outputs = 20 },
    [NETWORK_4_6] = { .name = "RIFE 4.6", BLOCKS_OF_4, .deconv_outputs = 24 },
};

int network_block_layers(const struct network *n)
{
    return 2 + n->resconvs + 1;
}

int network_layers(const struct network *n)
{
    return n->block_count * network_block_layers(n);
}

bool network_layer(const struct network *n, int i, struct network_layer *out)
{
    if (i >= network_layers(n))
        return false;
    const int b = i / network_block_layers(n), k = i % network_block_layers(n);
    const int c = n->block[b].channels;
    struct network_layer l = { .op = RESCONV, .block = b, .index = k - 2 };
    l.cin = l.cout = c;
    l.kernel = 3;
    if (k < 2) {
        l.op = CONV_S2;
        l.index = k;
        l.cin = k == 0 ? n->block[b].inputs : c / 2;
        l.cout = k == 0 ? c / 2 : c;
        snprintf(l.name, sizeof l.name, "block%d.conv0.%d", b, k);
    } else if (k < 2 + n->resconvs) {
        snprintf(l.name, sizeof l.name, "block%d.convblock.%d", b, k - 2);
    } else {
        l.op = DECONV;
        l.index = 0;
        l.cout = 4 * n->level_channels;
        l.kernel = 4;
        snprintf(l.name, sizeof l.name, "block%d.lastconv", b);
    }
    *out = l;
    return true;
}

bool network_tensor(const struct network_layer *l, enum layer_tensor which, char name[64])
{
    static const char *const parts[LAYER_TENSORS] = { ".weight", ".bias", ".beta" };
    if (which == TENSOR_BETA && l->op != RESCONV)
        return false;
    const char *module = l->op != RESCONV ? ".0" : which == TENSOR_BETA ? "" : ".conv";
    snprintf(name, 64, "%s%s%s", l->name, module, parts[which]);
    return true;
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
