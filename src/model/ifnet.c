/* IFNet: its shapes, where its tensors lie, and the forward function. */
#include "model/ifnet.h"

#include "base/err.h"

static const float block_scale[IFNET_BLOCKS] = { 8, 4, 2, 1 };

static int round_up(int v, int to)
{
    return (v + to - 1) / to * to;
}

static size_t tensor_floats(const struct tensor *t)
{
    return (size_t)t->channels * (size_t)t->height * (size_t)t->width;
}

static size_t level_floats(const struct level *l)
{
    return (size_t)LEVEL_CHANNELS * (size_t)l->height * (size_t)l->width;
}

static size_t scratch_floats(const struct ifnet_block *b)
{
    return (size_t)DECONV_SCRATCH * (size_t)b->ping.height * (size_t)b->ping.width;
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/*
 * Memory. What lives when, within one block and then in blend:
 *
 *     big    input ──────►│ ping, pong, deconv scratch ─►│ out
 *     small        half ──────►│           level[3] ───────────►
 *     levels                               level[0..2] ────────►
 */
void ifnet_plan(struct ifnet *net, int width, int height, float scale, int block_size,
                struct arena *arena)
{
    int multiple = scale < 1 ? (int)(32 / scale) : 32;
    *net = (struct ifnet){
        .width = width,
        .height = height,
        .width_padded = round_up(width, multiple),
        .height_padded = round_up(height, multiple),
    };
    size_t big = ifnet_image_bytes(net) / sizeof(float), small = 0, levels = 0;
    for (int b = 0; b < IFNET_BLOCKS; b++) {
        struct ifnet_block *k = &net->block[b];
        struct level *level = &net->level[b];
        int c = ifnet_channels[b];
        level->scale = block_scale[b] / scale;
        level->height = (int)((float)net->height_padded / level->scale);
        level->width = (int)((float)net->width_padded / level->scale);
        int h = level->height, w = level->width;
        k->input = (struct tensor){ NULL, IFNET_INPUTS, h, w, block_size };
        k->half = (struct tensor){ NULL, c / 2, h / 2, w / 2, block_size };
        k->ping = k->pong = (struct tensor){ NULL, c, h / 4, w / 4, block_size };

        big = max_size(big, tensor_floats(&k->input));
        big = max_size(big, 2 * tensor_floats(&k->ping) + scratch_floats(k));
        small = max_size(small, tensor_floats(&k->half));
        if (b < IFNET_BLOCKS - 1)
            levels += level_floats(level);
        else
            small = max_size(small, level_floats(level));
    }
    net->big_at = arena_reserve(arena, big * sizeof(float));
    net->small_at = arena_reserve(arena, small * sizeof(float));
    net->levels_at = arena_reserve(arena, levels * sizeof(float));
}

void ifnet_bind(struct ifnet *net, const struct arena *arena)
{
    float *big = arena_at(arena, net->big_at), *small = arena_at(arena, net->small_at);
    float *levels = arena_at(arena, net->levels_at);
    for (int b = 0; b < IFNET_BLOCKS; b++) {
        struct ifnet_block *k = &net->block[b];
        k->input.data = big;
        k->half.data = small;
        k->ping.data = big;
        k->pong.data = big + tensor_floats(&k->ping);
        k->deconv_scratch = k->pong.data + tensor_floats(&k->pong);
        struct level *l = &net->level[b];
        l->flow = b < IFNET_BLOCKS - 1 ? levels : small;
        l->mask = l->flow + 4 * (size_t)l->height * (size_t)l->width;
        levels += level_floats(l);
    }
    net->out = ifnet_image(net, big);
}

struct image ifnet_image(const struct ifnet *net, float *data)
{
    return (struct image){ data, net->width, net->height, net->width_padded,
                           net->height_padded };
}

size_t ifnet_image_bytes(const struct ifnet *net)
{
    return (size_t)net->width_padded * (size_t)net->height_padded * 4 * sizeof(float);
}

int ifnet_forward(struct ifnet *net, struct image image0, struct image image1, float t,
                  void *stream)
{
    int err = 0;
    const struct ops *ops = net->ops;
    for (int b = 0; b < IFNET_BLOCKS; b++) {
        const struct ifnet_block *k = &net->block[b];
        const struct block_weights *w = &net->weights->block[b];
        struct tensor x = k->ping, y = k->pong;

        TRY(ops->gather(&(struct gather_args){ .image0 = image0,
                                               .image1 = image1,
                                               .levels = net->level,
                                               .level_count = b,
                                               .scale = net->level[b].scale,
                                               .t = t,
                                               .out = k->input },
                        stream));
        TRY(ops->conv_s2(&(struct conv_args){ k->input, k->half, &w->conv0 }, stream));
        TRY(ops->conv_s2(&(struct conv_args){ k->half, x, &w->conv1 }, stream));
        for (int i = 0; i < IFNET_RESCONVS; i += 2) {
            TRY(ops->resconv(&(struct conv_args){ x, y, &w->res[i] }, stream));
            TRY(ops->resconv(&(struct conv_args){ y, x, &w->res[i + 1] }, stream));
        }
        TRY(ops->deconv(&(struct deconv_args){ .in = x,
                                               .layer = &w->deconv,
                                               .out = net->level[b],
                                               .scratch = k->deconv_scratch },
                        stream));
    }
    TRY(ops->blend(&(struct blend_args){ .image0 = image0,
                                         .image1 = image1,
                                         .levels = net->level,
                                         .level_count = IFNET_BLOCKS,
                                         .out = net->out },
                   stream));
fail:
    return err;
}
