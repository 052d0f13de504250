/*
 * From ncnn's layers to the tensors of a state dict. Convolutions come in groups that end
 * with a deconvolution; a group of ten is a block. The layers around the blocks, warps
 * and sums of flow, are counted but not followed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/architecture.h"
#include "model/ncnn.h"
#include "model/ncnn_param.h"
#include "model/weights.h"

#define MAGIC "7767517"

/* The tag before the numbers of a convolution, which gives their format. */
#define TAG_FP16     0x01306b47u
#define TAG_FP32     0x0002c056u
#define TAG_FP32_RAW 0u

#define GROUPS_MAX 16
#define CONVS      (2 + NETWORK_RESCONVS_MAX)
#define WARPS      8
#define SLOPE      0.2

/* The only network that this reader knows. */
static const struct network *const ifnet = &networks[NETWORK_4_6];

struct numbers {
    const unsigned char *data;
    const char *type;
    int element_bytes;
    int64_t count;
};

struct conv {
    struct numbers weight, bias, beta; /* beta.data NULL: folded into the others */
    int cin, cout, kernel, stride;
    int in, out;      /* blobs, without splits; out comes after the layers that follow */
    bool is_residual; /* its input is added to its output                    */
    bool is_leaky;    /* and then, or in the layer itself, the leaky ReLU    */
    bool is_prelu;
};

struct group {
    struct conv conv[CONVS], deconv;
    int conv_count; /* may be more than there is room for */
    bool is_shuffled;
};

struct reader {
    struct tensors *t;
    struct ncnn_graph graph;
    struct group group[GROUPS_MAX];
    int group_count;          /* that have their deconvolution */
    int *source;              /* [blob]: what a split made it of, or itself         */
    struct numbers *constant; /* [blob]: of MemoryData                     */
    const unsigned char *at;  /* in .bin */
    size_t left;
    int inputs, warps, sigmoids;
    const struct ncnn_layer *odd_scale; /* an Interp that is not in its place */
};

bool ncnn_probe(const struct filebytes *file)
{
    size_t n = strlen(MAGIC);
    return file->bytes > n && !memcmp(file->data, MAGIC, n) &&
           (file->data[n] == '\n' || file->data[n] == '\r');
}

/* --- the numbers of .bin ---------------------------------------------------------- */

static int take(struct reader *r, const struct ncnn_layer *l, struct numbers *n)
{
    size_t bytes = (size_t)n->count * (size_t)n->element_bytes;
    if (bytes > r->left) {
        log_error("%s: truncated: its .bin ends in layer '%s': fetch both files again",
                  r->t->name, l->name);
        return RIFEC_ERR_MODEL;
    }
    n->data = r->at;
    r->at += bytes;
    r->left -= bytes;
    return 0;
}

/* Plain FP32, as biases and constants are. */
static int take_plain(struct reader *r, const struct ncnn_layer *l, int64_t count,
                      struct numbers *out)
{
    *out = (struct numbers){ .type = "F32", .element_bytes = 4, .count = count };
    return take(r, l, out);
}

/* After a tag that says how they are written. FP16 is padded to whole words. */
static int take_tagged(struct reader *r, const struct ncnn_layer *l, int64_t count,
                       struct numbers *out)
{
    int err = 0;
    struct numbers tag, padding = { .element_bytes = 2 };
    uint32_t value;
    TRY(take_plain(r, l, 1, &tag));
    memcpy(&value, tag.data, sizeof value);
    if (value != TAG_FP16 && value != TAG_FP32 && value != TAG_FP32_RAW)
        FAIL(RIFEC_ERR_MODEL,
             "%s: layer '%s' has weights of tag 0x%08x: they are quantized, or the .bin "
             "is another model's: only FP32 and FP16 are supported",
             r->t->name, l->name, (unsigned)value);
    if (value != TAG_FP16)
        return take_plain(r, l, count, out);
    *out = (struct numbers){ .type = "F16", .element_bytes = 2, .count = count };
    TRY(take(r, l, out));
    padding.count = count % 2;
    TRY(take(r, l, &padding));
fail:
    return err;
}

/* --- layers ----------------------------------------------------------------------- */

static int other_network(const struct reader *r, const struct ncnn_layer *l,
                         const char *what)
{
    log_error("%s: layer '%s' (%s) %s: not the graph of IFNet 4.6", r->t->name, l->name,
              l->type, what);
    return RIFEC_ERR_MODEL;
}

/* The convolution that last gave its result; NULL before the first of a group. */
static struct conv *last_conv(struct reader *r)
{
    struct group *g = &r->group[r->group_count];
    if (r->group_count == GROUPS_MAX || g->conv_count < 1 || g->conv_count > CONVS)
        return NULL;
    return &g->conv[g->conv_count - 1];
}

static int read_conv(struct reader *r, const struct ncnn_layer *l, struct conv *c)
{
    int err = 0;
    double out = ncnn_get(l, 0, 0), kernel = ncnn_get(l, 1, 0), size = ncnn_get(l, 6, 0);
    double stride = ncnn_get(l, 3, 1);
    if (r->group_count == GROUPS_MAX)
        return other_network(r, l, "is one too many");
    if (!(out >= 1 && out <= 4096 && kernel >= 1 && kernel <= 16 && size >= 1 &&
          size <= 1e9 && stride >= 1 && stride <= 16))
        return other_network(r, l, "has unexpected sizes");
    *c = (struct conv){ .cout = (int)out, .kernel = (int)kernel, .stride = (int)stride };
    int per_input = c->cout * c->kernel * c->kernel;
    c->cin = (int)size / per_input;
    if (l->bottom_count != 1 || l->top_count != 1 || (int)size % per_input ||
        ncnn_get(l, 11, kernel) != kernel || ncnn_get(l, 13, stride) != stride ||
        ncnn_get(l, 2, 1) != 1 || ncnn_get(l, 4, 0) != 1 || ncnn_get(l, 5, 0) != 1 ||
        ncnn_get(l, 8, 0) != 0)
        return other_network(r, l,
                             "is dilated, not padded by one, without bias or of "
                             "8 bits");
    c->is_leaky = ncnn_get(l, 9, 0) == 2 && fabs(ncnn_get(l, 10, 0) - SLOPE) < 1e-6;
    if (ncnn_get(l, 9, 0) != 0 && !c->is_leaky)
        return other_network(r, l, "has another activation");
    c->in = r->source[l->bottoms[0]];
    c->out = l->tops[0];
    TRY(take_tagged(r, l, (int64_t)size, &c->weight));
    TRY(take_plain(r, l, c->cout, &c->bias));
fail:
    return err;
}

static int on_conv(struct reader *r, const struct ncnn_layer *l)
{
    struct conv c;
    int err = read_conv(r, l, &c);
    if (err < 0)
        return err;
    struct group *g = &r->group[r->group_count];
    if (g->conv_count < CONVS)
        g->conv[g->conv_count] = c;
    g->conv_count++;
    return 0;
}

static int on_deconv(struct reader *r, const struct ncnn_layer *l)
{
    struct conv c;
    int err = read_conv(r, l, &c);
    if (!err)
        r->group[r->group_count++].deconv = c;
    return err;
}

/* BinaryOp: a product with beta or a sum with the input belong to a convolution. */
static void on_binary(struct reader *r, const struct ncnn_layer *l)
{
    struct conv *c = last_conv(r);
    if (!c || l->bottom_count != 2 || l->top_count != 1)
        return;
    double op = ncnn_get(l, 0, 0);
    int a = r->source[l->bottoms[0]], b = r->source[l->bottoms[1]];
    int other = a == c->out ? b : b == c->out ? a : -1;
    if (other < 0 || c->is_residual || c->is_leaky) /* too late for either */
        return;
    if (op == 2 && r->constant[other].count == c->cout && !c->beta.data)
        c->beta = r->constant[other];
    else if (op == 0 && other == c->in)
        c->is_residual = true;
    else
        return;
    c->out = l->tops[0];
}

static void on_relu(struct reader *r, const struct ncnn_layer *l)
{
    struct conv *c = last_conv(r);
    if (c && l->bottom_count == 1 && l->top_count == 1 && l->bottoms[0] == c->out &&
        fabs(ncnn_get(l, 0, 0) - SLOPE) < 1e-6 && !c->is_leaky) {
        c->is_leaky = true;
        c->out = l->tops[0];
    }
}

static int on_prelu(struct reader *r, const struct ncnn_layer *l)
{
    struct numbers slopes;
    struct conv *c = last_conv(r);
    if (c)
        c->is_prelu = true;
    double count = ncnn_get(l, 0, 0);
    if (!(count >= 1 && count <= 4096))
        return other_network(r, l, "has unexpected sizes");
    return take_plain(r, l, (int64_t)count, &slopes);
}

static int on_constant(struct reader *r, const struct ncnn_layer *l)
{
    double count = 1;
    for (int i = 0; i < 3; i++)
        count *= fmax(ncnn_get(l, i, 0), 1);
    if (!(count <= 4096) || l->top_count != 1)
        return other_network(r, l, "is a constant that is too large");
    struct numbers *n = &r->constant[l->tops[0]];
    return ncnn_get(l, 21, 1) == 0 ? take_tagged(r, l, (int64_t)count, n)
                                   : take_plain(r, l, (int64_t)count, n);
}

/* Up by the scale of the block before, down by that of the block to come. */
static void on_interp(struct reader *r, const struct ncnn_layer *l)
{
    double up = ncnn_get(l, 1, 1);
    int g = r->group_count;
    bool good =
        up == 1 ||
        (up > 1 && g > 0 && g <= ifnet->block_count && up == ifnet->block[g - 1].scale) ||
        (up < 1 && g < ifnet->block_count && up * ifnet->block[g].scale == 1);
    if (!good || ncnn_get(l, 2, 1) != up || ncnn_get(l, 0, 0) != 2)
        r->odd_scale = l;
}

static bool is_plain(const char *type)
{
    static const char *const types[] = { "Concat",     "Crop",          "Eltwise",
                                         "GridSample", "UnaryOp",       "Sigmoid",
                                         "Slice",      "CumulativeSum", "Reduction",
                                         "ExpandDims", "Noop",          "PixelShuffle" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i], type))
            return true;
    return false;
}

static int on_layer(struct reader *r, const struct ncnn_layer *l)
{
    if (!strcmp(l->type, "Convolution"))
        return on_conv(r, l);
    if (!strcmp(l->type, "Deconvolution"))
        return on_deconv(r, l);
    if (!strcmp(l->type, "PReLU"))
        return on_prelu(r, l);
    if (!strcmp(l->type, "MemoryData"))
        return on_constant(r, l);
    if (!strcmp(l->type, "Input"))
        r->inputs++;
    else if (!strcmp(l->type, "Split") && l->bottom_count == 1)
        for (int i = 0; i < l->top_count; i++)
            r->source[l->tops[i]] = r->source[l->bottoms[0]];
    else if (!strcmp(l->type, "BinaryOp"))
        on_binary(r, l);
    else if (!strcmp(l->type, "ReLU"))
        on_relu(r, l);
    else if (!strcmp(l->type, "Interp"))
        on_interp(r, l);
    else if (!strcmp(l->type, "rife.Warp"))
        r->warps++;
    else if (!is_plain(l->type))
        return other_network(r, l, "is a kind of layer that this network does not have");
    r->warps += !strcmp(l->type, "GridSample");
    r->sigmoids += !strcmp(l->type, "Sigmoid");
    if (!strcmp(l->type, "PixelShuffle") && r->group_count > 0 &&
        ncnn_get(l, 0, 1) == 2 && ncnn_get(l, 1, 0) == 0)
        r->group[r->group_count - 1].is_shuffled = true;
    return 0;
}

/* --- tensors ---------------------------------------------------------------------- */

static int add(struct reader *r, const char *prefix, const char *what, int rank,
               const int64_t *dims, const int64_t *strides, const struct numbers *n)
{
    char name[64];
    int length = snprintf(name, sizeof name, "%s.%s", prefix, what);
    return tensors_add(
        r->t, name, (size_t)length,
        &(struct tensor_place){ .type = n->type,
                                .element_bytes = n->element_bytes,
                                .rank = rank,
                                .dims = dims,
                                .strides = strides,
                                .storage = n->data,
                                .storage_bytes =
                                    (size_t)n->count * (size_t)n->element_bytes });
}

/* ncnn has the outputs of a deconvolution first, PyTorch the inputs. */
static int add_conv(struct reader *r, const char *prefix, const struct conv *c,
                    bool is_deconv)
{
    int err = 0, k = c->kernel, in = is_deconv ? 0 : 1, out = 1 - in;
    int64_t dims[4] = { 0, 0, k, k }, strides[4] = { 0, 0, k, 1 };
    dims[in] = c->cin;
    dims[out] = c->cout;
    strides[in] = k * k;
    strides[out] = (int64_t)k * k * c->cin;
    TRY(add(r, prefix, "weight", 4, dims, strides, &c->weight));
    TRY(add(r, prefix, "bias", 1, (int64_t[]){ c->cout }, NULL, &c->bias));
fail:
    return err;
}

static int add_beta(struct reader *r, const char *prefix, const struct conv *c)
{
    static const float one = 1;
    const struct numbers ones = { (const unsigned char *)&one, "F32", sizeof one, 1 };
    bool folded = !c->beta.data;
    return add(r, prefix, "beta", 4, (int64_t[]){ 1, c->cout, 1, 1 },
               (int64_t[]){ 0, !folded, 0, 0 }, folded ? &ones : &c->beta);
}

static int add_block(struct reader *r, const struct group *g, int b)
{
    int err = 0;
    char prefix[40];
    for (int i = 0; i < CONVS; i++) {
        const struct conv *c = &g->conv[i];
        if (i < 2)
            snprintf(prefix, sizeof prefix, "block%d.conv0.%d.0", b, i);
        else
            snprintf(prefix, sizeof prefix, "block%d.convblock.%d.%s", b, i - 2,
                     c->is_residual ? "conv" : "0");
        TRY(add_conv(r, prefix, c, false));
        if (i >= 2 && c->is_residual) {
            snprintf(prefix, sizeof prefix, "block%d.convblock.%d", b, i - 2);
            TRY(add_beta(r, prefix, c));
        }
        if (c->is_prelu && i < 2) { /* what a state dict would show */
            snprintf(prefix, sizeof prefix, "block%d.conv0.%d.1", b, i);
            TRY(add(r, prefix, "weight", 1, (int64_t[]){ c->cout }, NULL, &c->bias));
        }
    }
    snprintf(prefix, sizeof prefix,
             g->is_shuffled ? "block%d.lastconv.0" : "block%d.lastconv", b);
    TRY(add_conv(r, prefix, &g->deconv, true));
fail:
    return err;
}

/* Convolutions outside the blocks: an encoder, if there are blocks at all. */
static int add_others(struct reader *r, const struct group *g, bool blocks, int *count)
{
    int err = 0;
    char prefix[40];
    for (int i = 0; i <= g->conv_count && i < CONVS; i++) {
        bool last = i == g->conv_count;
        snprintf(prefix, sizeof prefix, blocks ? "encode.%d" : "layer.%d", (*count)++);
        TRY(add_conv(r, prefix, last ? &g->deconv : &g->conv[i], last));
    }
fail:
    return err;
}

/* --- is it what 4.6 does? --------------------------------------------------------- */

/* The first property that differs, or NULL. */
static const char *find_difference(const struct group *g)
{
    for (int i = 0; i < CONVS; i++) {
        const struct conv *c = &g->conv[i];
        if (c->kernel != 3 || c->stride != (i < 2 ? 2 : 1))
            return "a convolution has another size or stride";
        if (i > 0 && c->in != g->conv[i - 1].out)
            return "a convolution reads something else";
        if (i < 2 && (c->is_residual || c->beta.data))
            return "an unexpected sum or product";
        if (i >= 2 && !c->is_residual)
            return "a convolution's input is not added to its output";
        if (!c->is_leaky)
            return "a leaky ReLU of 0.2 is missing";
    }
    if (g->deconv.kernel != 4 || g->deconv.stride != 2 || g->deconv.is_leaky ||
        g->deconv.in != g->conv[CONVS - 1].out)
        return "its deconvolution differs";
    return NULL;
}

/* Checks the layers around the blocks, if the names of tensors do not show the version.
 */
static int check_graph(const struct reader *r)
{
    int err = 0;
    const char *name = r->t->name;
    /* If it is another version or has too few blocks, the names show it. */
    const struct network *n = architecture_guess(r->t).network;
    if (n && n != &networks[NETWORK_4_5] && n != ifnet)
        FAIL(RIFEC_ERR_MODEL,
             "%s: it looks like %s, of which ncnn's graph is not read here: take the "
             "weights as safetensors or of PyTorch",
             name, n->name);
    if (!n || r->group_count != ifnet->block_count)
        return 0;
    for (int b = 0; b < ifnet->block_count; b++) {
        const char *wrong = find_difference(&r->group[b]);
        if (wrong)
            FAIL(RIFEC_ERR_MODEL, "%s: block %d is not that of IFNet 4.6: %s", name, b,
                 wrong);
    }
    if (r->group[ifnet->block_count].conv_count)
        FAIL(RIFEC_ERR_MODEL,
             "%s: there are convolutions after the last block, where IFNet 4.6 has none",
             name);
    if (r->odd_scale)
        FAIL(RIFEC_ERR_MODEL,
             "%s: layer '%s' resizes by another factor than IFNet 4.6 does: a model for "
             "another scale? Use --scale with the original one",
             name, r->odd_scale->name);
    if (r->inputs != 3 || r->warps != WARPS || r->sigmoids != 1)
        FAIL(RIFEC_ERR_MODEL,
             "%s: has %d inputs, %d warps and %d sigmoids, but IFNet 4.6 has 3, %d and 1",
             name, r->inputs, r->warps, r->sigmoids, WARPS);
    if (r->left)
        FAIL(RIFEC_ERR_MODEL,
             "%s: its .bin has %zu bytes too many: is it another model's?", name,
             r->left);
fail:
    return err;
}

static int add_tensors(struct reader *r)
{
    int err = 0, blocks = 0, b = 0, others = 0;
    for (int g = 0; g < r->group_count; g++)
        blocks += r->group[g].conv_count == CONVS;
    if (blocks < ifnet->block_count && r->inputs == 2)
        FAIL(RIFEC_ERR_MODEL,
             "%s: two inputs and no timestep: it looks like RIFE 1, 2 or 3, but only 4.5 "
             "and 4.6 are supported",
             r->t->name);
    for (int g = 0; g < r->group_count; g++) {
        if (r->group[g].conv_count == CONVS)
            TRY(add_block(r, &r->group[g], b++));
        else
            TRY(add_others(r, &r->group[g], blocks >= ifnet->block_count, &others));
    }
fail:
    return err;
}

int ncnn_list(struct tensors *t)
{
    int err = 0;
    struct reader *r = calloc(1, sizeof *r);
    t->format = "ncnn";
    if (!r)
        TRY(mem_fail("the graph of the model"));
    *r = (struct reader){ .t = t, .at = t->file[1].data, .left = t->file[1].bytes };
    TRY(ncnn_graph_read(&r->graph, t->file[0].data, t->file[0].bytes, t->name));
    size_t blobs = (size_t)r->graph.blob_count + 1;
    r->source = malloc(blobs * sizeof *r->source);
    r->constant = calloc(blobs, sizeof *r->constant);
    if (!r->source || !r->constant)
        TRY(mem_fail("the graph of the model"));
    for (int i = 0; i < r->graph.blob_count; i++)
        r->source[i] = i;
    for (int i = 0; i < r->graph.layer_count; i++)
        TRY(on_layer(r, &r->graph.layers[i]));
    TRY(add_tensors(r));
    TRY(check_graph(r));
fail:
    if (r) {
        ncnn_graph_close(&r->graph);
        free(r->source);
        free(r->constant);
    }
    free(r);
    return err;
}
