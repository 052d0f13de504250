/* IFNet: the shapes of its tensors, their places in memory, and the forward function. */
#include "model/ifnet.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "model/fused.h"

static int round_up(int v, int to)
{
    return (v + to - 1) / to * to;
}

static size_t tensor_bytes(const struct tensor *t)
{
    size_t numbers = (size_t)t->channels * (size_t)t->height * (size_t)t->width;
    return numbers * dtype_bytes(t->dtype);
}

/* Channels of block b's output. The last block's features are not needed. */
static int level_channels(const struct network *n, int b)
{
    return b == n->block_count - 1 ? LEVEL_CHANNELS : n->level_channels;
}

static size_t level_bytes(const struct level *l, int channels)
{
    return (size_t)channels * dtype_bytes(l->dtype) * (size_t)l->height *
           (size_t)l->width;
}

static size_t scratch_bytes(const struct ifnet_block *b, int channels)
{
    return DECONV_SCRATCH(4 * channels) * sizeof(float) * (size_t)b->ping.height *
           (size_t)b->ping.width;
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static struct tensor make_tensor(const struct ifnet_params *p, int channels, int height,
                                 int width)
{
    return (struct tensor){ .channels = channels,
                            .height = height,
                            .width = width,
                            .block = p->block_size ? p->block_size : channels,
                            .dtype = p->dtype };
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

/* Rows of context in ping above and below a band: one for the two convolutions of stride
 * 2, one for each resconv and one for deconv. Results closer than this to a band's edge
 * are invalid and discarded. */
static int halo(const struct network *n)
{
    return n->resconvs + 2;
}

static int last_block(const struct ifnet *net)
{
    return net->network->block_count - 1;
}

static bool in_bands(const struct ifnet_block *b)
{
    return b->ping.height < b->rows;
}

/* The last block's level may take mid's memory, unless it is made in bands. */
static bool level_is_kept(const struct ifnet *net, int b)
{
    return b < last_block(net) || in_bands(&net->block[b]);
}

/* Channels of a tensor whose layers have c of them. */
static int pad_channels(const struct ifnet_params *p, int c)
{
    return p->block_size ? round_up(c, p->block_size) : c;
}

/* The shapes of block b and of its level. */
static void shape_block(struct ifnet *net, int b)
{
    const struct ifnet_params *p = &net->params;
    const struct network *n = net->network;
    struct ifnet_block *k = &net->block[b];
    struct level *level = &net->level[b];
    const int c = n->block[b].channels;
    k->scale = (float)n->block[b].scale * net->widened / p->scale;
    const int height = (int)((float)net->height_padded / k->scale);
    const int width = (int)((float)net->width_padded / k->scale);
    *level =
        (struct level){ .height = height / 2 * n->shuffle,
                        .width = width / 2 * n->shuffle,
                        .scale = k->scale * 2 / (float)n->shuffle,
                        .dtype = b == last_block(net) ? p->last_level_dtype : DTYPE_FP32,
                        .replaces_mask = n->mask_is_replaced };
    k->rows = height / 4;
    k->kept = p->band_rows ? p->band_rows / 4 : k->rows;
    const int rows = min_int(k->rows, k->kept + 2 * halo(n)), h = 4 * rows;
    k->input = make_tensor(p, round_up(network_inputs(n, b), IFNET_INPUTS), h, width);
    k->mid = make_tensor(p, pad_channels(p, c / 2), h / 2, width / 2);
    const int wide =
        p->width_multiple ? round_up(c, p->width_multiple) : pad_channels(p, c);
    k->ping = k->pong = k->spare = make_tensor(p, wide, rows, width / 4);
    k->band = *level;
    k->band.height = 2 * rows * n->shuffle;
}

static bool needs_spare(const struct network *n)
{
    return n->residual == RESIDUAL_BLOCK;
}

/*
 * Lifetime of the buffers in memory, within one block and then in blend:
 *
 *     big    input ──────►│ ping, pong, deconv scratch ─►│ out
 *     small        mid ───────►│           last level ─────────►
 *     levels                               other levels ───────►
 *
 * In bands, small holds the band of each level, and levels all of them. A fused tail
 * reads ping to its end: it may write where the last level would be, but not to out.
 * A source is encoded while out waits to be taken, so the encoder has memory of its own.
 */
void ifnet_plan(struct ifnet *net, const struct ifnet_params *p, struct arena *arena)
{
    const struct network *n = p->network;
    int multiple = p->scale < 1 ? (int)((float)n->multiple / p->scale) : n->multiple;
    *net = (struct ifnet){
        .params = *p,
        .network = n,
        .width = p->width,
        .height = p->height,
        .width_padded = round_up(p->width, multiple),
        .height_padded = round_up(p->height, multiple),
        .dtype = p->dtype,
        .widened = 1,
    };
    assert(n->resconvs % 2 == 0);
    assert(p->last_level_dtype == DTYPE_FP32 ||
           !p->band_rows); /* keep_rows() copies FP32 */
    size_t big = ifnet_image_bytes(net), small = 0, levels = 0;
    for (int b = 0; b < net->network->block_count; b++) {
        const struct ifnet_block *k = &net->block[b];
        const int channels = level_channels(n, b);
        shape_block(net, b);
        size_t scratch = p->no_scratch ? 0 : scratch_bytes(k, channels);
        big = max_size(big, tensor_bytes(&k->input));
        big = max_size(big, (needs_spare(n) ? 3 : 2) * tensor_bytes(&k->ping) + scratch);
        small = max_size(small, tensor_bytes(&k->mid));
        if (level_is_kept(net, b))
            levels += level_bytes(&net->level[b], channels);
        if (in_bands(k) || !level_is_kept(net, b))
            small = max_size(small, level_bytes(&k->band, channels));
    }
    net->big_at = arena_reserve(arena, big);
    net->small_at = arena_reserve(arena, small);
    net->levels_at = arena_reserve(arena, levels);
    if (n->encoder_layers) {
        net->encoder_ping = net->encoder_pong = make_tensor(
            p, n->encoder_channels, net->height_padded / 2, net->width_padded / 2);
        net->encoder_at = arena_reserve(arena, 2 * tensor_bytes(&net->encoder_ping));
    }
}

static void place_level(struct level *l, void *at, int channels)
{
    size_t pixels = (size_t)l->height * (size_t)l->width;
    l->flow = at;
    l->mask = (void *)((unsigned char *)at + 4 * pixels * dtype_bytes(l->dtype));
    l->features = channels > LEVEL_CHANNELS ? l->mask + pixels : NULL;
}

/* Points the tensors of the blocks to their memory. */
static void place_blocks(struct ifnet *net)
{
    unsigned char *levels = net->levels;
    for (int b = 0; b < net->network->block_count; b++) {
        struct ifnet_block *k = &net->block[b];
        size_t feature_bytes = tensor_bytes(&k->ping);
        unsigned char *after = net->big + 2 * feature_bytes;
        k->input.data = (void *)net->big;
        k->mid.data = (void *)net->small;
        k->ping.data = (void *)net->big;
        k->pong.data = (void *)(net->big + feature_bytes);
        k->spare.data = needs_spare(net->network) ? (void *)after : NULL;
        k->deconv_scratch =
            (void *)(after + (needs_spare(net->network) ? feature_bytes : 0));
        struct level *l = &net->level[b];
        bool kept = level_is_kept(net, b);
        const int channels = level_channels(net->network, b);
        place_level(l, kept ? levels : net->small, channels);
        k->band.flow = l->flow;
        k->band.mask = l->mask;
        k->band.features = l->features;
        if (in_bands(k))
            place_level(&k->band, net->small, channels);
        if (kept)
            levels += level_bytes(l, channels);
    }
}

void ifnet_bind(struct ifnet *net, const struct arena *arena)
{
    net->big = arena_at(arena, net->big_at);
    net->small = arena_at(arena, net->small_at);
    net->levels = arena_at(arena, net->levels_at);
    place_blocks(net);
    if (net->network->encoder_layers) {
        unsigned char *encoder = arena_at(arena, net->encoder_at);
        net->encoder_ping.data = (void *)encoder;
        net->encoder_pong.data = (void *)(encoder + tensor_bytes(&net->encoder_ping));
    }
    net->out = ifnet_image(net, (void *)net->big);
}

/* All scales times `factor`, 1 or 2. No tensor is larger for that. */
static void widen(struct ifnet *net, float factor)
{
    if (net->widened == factor)
        return;
    net->widened = factor;
    for (int b = 0; b < net->network->block_count; b++)
        shape_block(net, b);
    place_blocks(net);
}

struct image ifnet_image(const struct ifnet *net, float *data)
{
    return (struct image){ .data = data,
                           .width = net->width,
                           .height = net->height,
                           .width_padded = net->width_padded,
                           .height_padded = net->height_padded };
}

size_t ifnet_image_bytes(const struct ifnet *net)
{
    return (size_t)net->width_padded * (size_t)net->height_padded * 4 * sizeof(float);
}

/* --- sources ----------------------------------------------------------------------- */

size_t ifnet_source_bytes(const struct ifnet *net)
{
    return ifnet_image_bytes(net) * (size_t)(1 + net->network->source_features / 4);
}

struct source ifnet_source(const struct ifnet *net, float *data)
{
    struct source s = { .image = ifnet_image(net, data) };
    s.features.count = net->network->source_features;
    if (s.features.count)
        s.features.image = ifnet_image(net, data + ifnet_image_bytes(net) / sizeof *data);
    return s;
}

int ifnet_encode(struct ifnet *net, const struct source *source, void *stream)
{
    if (!net->network->encoder_layers)
        return 0;
    return net->ops->encode(
        &(struct encode_args){ .image = source->image,
                               .layers = weights_encoder(net->weights),
                               .count = net->network->encoder_layers,
                               .ping = net->encoder_ping,
                               .pong = net->encoder_pong,
                               .out = source->features },
        stream);
}

/* --- the network ------------------------------------------------------------------- */

/* Copies rows of a band, starting at `from`, to rows of the level, starting at `to`. */
static void keep_rows(const struct level *band, int from, const struct level *level,
                      int to, int rows)
{
    size_t w = (size_t)level->width, n = w * (size_t)rows * sizeof(float);
    size_t src = w * (size_t)from, dst = w * (size_t)to;
    memcpy(level->flow + 4 * dst, band->flow + 4 * src, 4 * n);
    memcpy(level->mask + dst, band->mask + src, n);
    if (level->features)
        memcpy(level->features + LEVEL_FEATURES * dst,
               band->features + LEVEL_FEATURES * src, LEVEL_FEATURES * n);
}

static struct deconv_args deconv_args(const struct ifnet *net, int b)
{
    const struct ifnet_block *k = &net->block[b];
    return (struct deconv_args){ .in = k->ping,
                                 .layer = weights_block(net->weights, b).deconv,
                                 .out = k->band,
                                 .scratch = k->deconv_scratch };
}

/* True if finish() runs the last block's deconv, so that a fused op may include it. */
static bool deconv_is_left(const struct ifnet *net, const struct ifnet_task *task)
{
    return task->frame && !in_bands(&net->block[last_block(net)]);
}

/* Runs block b for a band of ping's rows that begins at `row`. */
static int forward_band(struct ifnet *net, int b, const struct ifnet_task *task, int row,
                        void *stream)
{
    int err = 0;
    const struct ops *ops = net->ops;
    const struct ifnet_block *k = &net->block[b];
    const struct block_layers w = weights_block(net->weights, b);
    const int beside = halo(net->network);
    int top = row > beside ? min_int(row - beside, k->rows - k->ping.height) : 0;

    TRY(fused_front(ops,
                    &(struct front_args){ .gather = { .image0 = task->source0.image,
                                                      .image1 = task->source1.image,
                                                      .features0 = task->source0.features,
                                                      .features1 = task->source1.features,
                                                      .levels = net->level,
                                                      .level_count = b,
                                                      .scale = k->scale,
                                                      .t = task->t,
                                                      .top = 4 * top,
                                                      .out = k->input },
                                          .mid = k->mid,
                                          .out = k->ping,
                                          .conv0 = w.conv0,
                                          .conv1 = w.conv1 },
                    stream));
    TRY(fused_resblock(
        ops,
        &(struct resblock_args){ .ping = k->ping,
                                 .pong = k->pong,
                                 .layers = w.res,
                                 .count = net->network->resconvs,
                                 .spare = k->spare.data ? &k->spare : NULL },
        stream));
    if (b == last_block(net) && deconv_is_left(net, task))
        return 0;
    struct deconv_args deconv = deconv_args(net, b);
    TRY(ops->deconv(&deconv, stream));
    const int n = 2 * net->network->shuffle; /* rows of the level for one of ping */
    if (in_bands(k))
        keep_rows(&k->band, n * (row - top), &net->level[b], n * row,
                  n * min_int(k->kept, k->rows - row));
fail:
    return err;
}

/* Makes the in-between from the levels. */
static int finish(struct ifnet *net, const struct ifnet_task *task, void *stream)
{
    const struct ops *ops = net->ops;
    const int levels = net->network->block_count;
    if (!task->frame)
        return ops->blend(&(struct blend_args){ task->source0.image, task->source1.image,
                                                net->level, levels, net->out },
                          stream);
    const struct tail_args tail = { .deconv = deconv_args(net, last_block(net)),
                                    .blend_store = { .image0 = task->source0.image,
                                                     .image1 = task->source1.image,
                                                     .levels = net->level,
                                                     .level_count = levels,
                                                     .yuv = task->yuv,
                                                     .frame = task->frame,
                                                     .scratch = net->out } };
    if (deconv_is_left(net, task))
        return fused_tail(ops, &tail, task->keep_levels, stream);
    return fused_blend_store(ops, &tail.blend_store, stream);
}

static int forward_block(struct ifnet *net, int b, const struct ifnet_task *task,
                         void *stream)
{
    int err = 0;
    const struct ifnet_block *k = &net->block[b];
    int step = in_bands(k) ? k->kept : k->rows;
    for (int row = 0; row < k->rows; row += step)
        TRY(forward_band(net, b, task, row, stream));
fail:
    return err;
}

/*
 * Whether the level moves some pixel of each image by more than 32 pixels in one
 * direction, where flow is interpolated for the full resolution. Its largest values lie
 * next to the level's own pixels.
 */
static bool is_far(const struct level *l)
{
    const float away = 0.5f / l->scale; /* from a pixel of the level to the next sample */
    float most[2] = { 0 };
    for (int y = 0; y < l->height; y++)
        for (int x = 0; x < l->width; x++)
            for (int corner = 0; corner < 4; corner++) {
                int y1 = y + (corner & 1 ? 1 : -1), x1 = x + (corner & 2 ? 1 : -1);
                y1 = y1 < 0 || y1 == l->height ? y : y1;
                x1 = x1 < 0 || x1 == l->width ? x : x1;
                for (int c = 0; c < 4; c++) {
                    const float *flow = l->flow + c;
                    float v00 = flow[4 * (y * l->width + x)];
                    float v01 = flow[4 * (y * l->width + x1)];
                    float v10 = flow[4 * (y1 * l->width + x)];
                    float v11 = flow[4 * (y1 * l->width + x1)];
                    float top = v00 + (v10 - v00) * away;
                    float bottom = v01 + (v11 - v01) * away;
                    float v = fabsf(top + (bottom - top) * away) * l->scale;
                    most[c / 2] = v > most[c / 2] ? v : most[c / 2];
                }
            }
    return most[0] > 32 && most[1] > 32;
}

int ifnet_forward(struct ifnet *net, const struct ifnet_task *task, void *stream)
{
    int err = 0;
    widen(net, 1);
    for (int b = 0; b < net->network->block_count; b++) {
        TRY(forward_block(net, b, task, stream));
        if (b == 1 && net->network->restarts && net->widened == 1 &&
            is_far(&net->level[1])) {
            widen(net, 2);
            b = -1;
        }
    }
    TRY(finish(net, task, stream));
fail:
    return err;
}
