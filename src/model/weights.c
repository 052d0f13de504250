/* From state-dict names to layers: reads, reorders, folds beta, checks. */
#include "model/weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/architecture.h"
#include "model/tensors.h"

/* embedded_model.S: weights/ifnet-4.6.safetensors, byte for byte. */
extern const unsigned char rifec_embedded_model[], rifec_embedded_model_end[];

struct reader {
    const struct tensors *file;
    const struct network *network;
    float *tensor; /* [tensor_floats()] as it lies in the file */
    float *next;   /* where the next layer's numbers go        */
};

/* Whether the layer is followed by an activation of other slopes than LEAKY_SLOPE. */
static bool has_slopes(const struct network_layer *l)
{
    return l->kernel == 3 && l->slope != SLOPE_LEAKY;
}

static size_t layer_floats(const struct network_layer *l)
{
    int vectors = has_slopes(l) ? 2 : 1;
    return (size_t)(l->kernel * l->kernel * l->cin * l->cout + vectors * l->cout);
}

/* All layers together. */
static size_t total_floats(const struct network *n)
{
    size_t floats = 0;
    struct network_layer l;
    for (int i = 0; network_layer(n, i, &l); i++)
        floats += layer_floats(&l);
    return floats;
}

/* The largest tensor of the file. */
static size_t tensor_floats(const struct network *n)
{
    size_t most = 0;
    struct network_layer l;
    for (int i = 0; network_layer(n, i, &l); i++) {
        size_t floats = (size_t)(l.kernel * l.kernel * l.inputs * l.outputs);
        most = floats > most ? floats : most;
    }
    return most;
}

/* Gives the layer its shape and its place. */
static void place(struct reader *r, struct conv_layer *layer,
                  const struct network_layer *l)
{
    *layer = (struct conv_layer){
        .cin = l->cin, .cout = l->cout, .kernel = l->kernel, .is_plain = l->is_plain
    };
    layer->weight = r->next;
    layer->bias = r->next + (size_t)(l->kernel * l->kernel * l->cin * l->cout);
    if (has_slopes(l))
        layer->slopes = layer->bias + l->cout;
    r->next += layer_floats(l);
}

static int read_tensor(struct reader *r, const struct network_layer *l,
                       enum layer_tensor which)
{
    char name[64];
    int dims[4], rank = network_shape(l, which, dims);
    network_tensor(l, which, name);
    return tensors_read(r->file, name, dims, rank, r->tensor);
}

/*
 * nn.Conv2d: file [outputs][inputs][3][3]; nn.ConvTranspose2d: file
 * [inputs][outputs][4][4]. The first cout of the outputs are read. An output that reads
 * one group of the inputs gets weights of zero for the others.
 */
static int read_conv(struct reader *r, struct conv_layer *layer,
                     const struct network_layer *l)
{
    int err = 0;
    const int taps = l->kernel * l->kernel;
    const bool is_transposed = l->kernel == 4;
    TRY(read_tensor(r, l, TENSOR_WEIGHT));
    memset(layer->weight, 0, (size_t)(taps * l->cin * l->cout) * sizeof *layer->weight);
    for (int o = 0; o < l->cout; o++) {
        int first = o / (l->cout * l->inputs / l->cin) * l->inputs;
        for (int i = 0; i < l->inputs; i++) {
            int row = is_transposed ? i * l->outputs + o : o * l->inputs + i;
            for (int k = 0; k < taps; k++)
                layer->weight[(k * l->cin + first + i) * l->cout + o] =
                    r->tensor[row * taps + k];
        }
    }
    TRY(read_tensor(r, l, TENSOR_BIAS));
    memcpy(layer->bias, r->tensor, (size_t)l->cout * sizeof *layer->bias);
fail:
    return err;
}

/* lrelu(conv(x) * beta + x): the product goes into weights and bias, in FP32. */
static int fold_beta(struct reader *r, struct conv_layer *layer,
                     const struct network_layer *l)
{
    int err = 0;
    char name[64];
    int c = layer->cout, rows = layer->kernel * layer->kernel * layer->cin;
    network_tensor(l, TENSOR_BETA, name);
    TRY(read_tensor(r, l, TENSOR_BETA));
    for (int o = 0; o < c; o++) {
        layer->bias[o] *= r->tensor[o];
        float worst = fabsf(layer->bias[o]);
        for (int k = 0; k < rows; k++) {
            layer->weight[k * c + o] *= r->tensor[o];
            float size = fabsf(layer->weight[k * c + o]);
            worst = size > worst ? size : worst;
        }
        if (!isfinite(worst))
            FAIL(
                RIFEC_ERR_MODEL,
                "%s: tensor '%s' times its convolution overflows in channel %d: damaged?",
                r->file->name, name, o);
    }
fail:
    return err;
}

static int read_slopes(struct reader *r, struct conv_layer *layer,
                       const struct network_layer *l)
{
    int err = 0;
    for (int o = 0; l->slope == SLOPE_ONE && o < l->cout; o++)
        layer->slopes[o] = 1;
    if (l->slope == SLOPE_FILE) {
        TRY(read_tensor(r, l, TENSOR_SLOPE));
        memcpy(layer->slopes, r->tensor, (size_t)l->cout * sizeof *layer->slopes);
    }
fail:
    return err;
}

static int read_layer(struct reader *r, struct conv_layer *layer,
                      const struct network_layer *l)
{
    int err = 0;
    place(r, layer, l);
    TRY(read_conv(r, layer, l));
    if (l->op == RESCONV && !l->is_plain)
        TRY(fold_beta(r, layer, l));
    if (has_slopes(l))
        TRY(read_slopes(r, layer, l));
fail:
    return err;
}

int weights_load(struct weights *w, const struct tensors *file)
{
    int err = 0;
    struct architecture arch;
    struct network_layer l;
    float *tensor = NULL;
    *w = (struct weights){ 0 };
    TRY(architecture_check(file, &arch));
    w->network = arch.network;
    tensor = mem_alloc(tensor_floats(w->network) * sizeof *tensor);
    w->count = total_floats(w->network);
    w->data = mem_alloc(w->count * sizeof *w->data);
    if (!tensor || !w->data)
        TRY(mem_fail("the weights"));
    struct reader r = {
        .file = file, .network = w->network, .tensor = tensor, .next = w->data
    };
    for (int i = 0; network_layer(w->network, i, &l); i++)
        TRY(read_layer(&r, &w->layers[i], &l));
    tensors_sha256(file, w->sha256);
fail:
    mem_free(tensor);
    if (err < 0)
        weights_close(w);
    return err;
}

struct block_layers weights_block(const struct weights *w, int block)
{
    const struct conv_layer *l = w->layers + block * network_block_layers(w->network);
    return (struct block_layers){
        .conv0 = l, .conv1 = l + 1, .res = l + 2, .deconv = l + 2 + w->network->resconvs
    };
}

const struct conv_layer *weights_encoder(const struct weights *w)
{
    return w->layers + w->network->block_count * network_block_layers(w->network);
}

int weights_open_tensors(struct tensors **out, const char *path)
{
    if (path)
        return tensors_open(out, path);
    int err = tensors_open_memory(
        out, rifec_embedded_model,
        (size_t)(rifec_embedded_model_end - rifec_embedded_model), "the built-in model");
    if (!err)
        (*out)->sha256 = RIFEC_MODEL_SHA256;
    return err;
}

int weights_open(struct weights *w, const char *path)
{
    *w = (struct weights){ 0 };
    struct tensors *file;
    int err = weights_open_tensors(&file, path);
    if (!err)
        err = weights_load(w, file);
    tensors_close(&file);
    return err;
}

int weights_open_memory(struct weights *w, const void *data, size_t bytes,
                        const char *name)
{
    *w = (struct weights){ 0 };
    struct tensors *file;
    int err = tensors_open_memory(&file, data, bytes, name);
    if (!err)
        err = weights_load(w, file);
    tensors_close(&file);
    return err;
}

size_t weights_bytes(const struct weights *w)
{
    return w->data ? w->count * sizeof *w->data : 0;
}

void weights_drop_data(struct weights *w)
{
    mem_free(w->data);
    w->data = NULL;
}

void weights_close(struct weights *w)
{
    mem_free(w->data);
    *w = (struct weights){ 0 };
}
