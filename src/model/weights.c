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

const int ifnet_channels[IFNET_BLOCKS] = { 192, 128, 96, 64 };
const int ifnet_inputs[IFNET_BLOCKS] = { 7, 12, 12, 12 };

/* embedded_model.S: weights/ifnet-4.6.safetensors, byte for byte. */
extern const unsigned char rifec_embedded_model[], rifec_embedded_model_end[];

/* The largest tensor: a ResConv of block 0. */
#define TENSOR_FLOATS_MAX (192 * 192 * 3 * 3)

struct reader {
    const struct tensors *file;
    int deconv_outputs; /* in the file: 24, or 20 in 4.5         */
    float *tensor;      /* [TENSOR_FLOATS_MAX] as it lies in the file */
    float *next;        /* where the next layer's numbers go          */
};

static size_t layer_floats(int cin, int cout, int kernel)
{
    return (size_t)(kernel * kernel * cin * cout + cout);
}

/* All layers together. */
static size_t total_floats(void)
{
    size_t n = 0;
    for (int b = 0; b < IFNET_BLOCKS; b++) {
        int c = ifnet_channels[b];
        n += layer_floats(ifnet_inputs[b], c / 2, 3) + layer_floats(c / 2, c, 3);
        n += IFNET_RESCONVS * layer_floats(c, c, 3) + layer_floats(c, DECONV_LIVE, 4);
    }
    return n;
}

/* Gives the layer its shape and its place. */
static void place(struct reader *r, struct conv_layer *layer, int cin, int cout,
                  int kernel)
{
    *layer = (struct conv_layer){ .cin = cin, .cout = cout, .kernel = kernel };
    layer->weight = r->next;
    layer->bias = r->next + (size_t)(kernel * kernel * cin * cout);
    r->next += layer_floats(cin, cout, kernel);
}

/* nn.Conv2d: file [cout][cin][3][3]. `prefix` ends where ".weight" follows. */
static int read_conv(struct reader *r, struct conv_layer *layer, const char *prefix)
{
    int err = 0;
    char name[96];
    int cin = layer->cin, cout = layer->cout, taps = layer->kernel * layer->kernel;
    snprintf(name, sizeof name, "%s.weight", prefix);
    TRY(tensors_read(r->file, name, (int[]){ cout, cin, layer->kernel, layer->kernel }, 4,
                     r->tensor));
    for (int o = 0; o < cout; o++)
        for (int i = 0; i < cin; i++)
            for (int k = 0; k < taps; k++)
                layer->weight[(k * cin + i) * cout + o] =
                    r->tensor[(o * cin + i) * taps + k];
    snprintf(name, sizeof name, "%s.bias", prefix);
    TRY(tensors_read(r->file, name, (int[]){ cout }, 1, layer->bias));
fail:
    return err;
}

/* nn.ConvTranspose2d: file [cin][24][4][4], of which 20 outputs live; 4.5 has those. */
static int read_deconv(struct reader *r, struct conv_layer *layer, const char *prefix)
{
    int err = 0;
    char name[96];
    float bias[DECONV_CHANNELS];
    int cin = layer->cin, taps = layer->kernel * layer->kernel, all = r->deconv_outputs;
    snprintf(name, sizeof name, "%s.weight", prefix);
    TRY(tensors_read(r->file, name, (int[]){ cin, all, layer->kernel, layer->kernel }, 4,
                     r->tensor));
    for (int i = 0; i < cin; i++)
        for (int o = 0; o < DECONV_LIVE; o++)
            for (int k = 0; k < taps; k++)
                layer->weight[(k * cin + i) * DECONV_LIVE + o] =
                    r->tensor[(i * all + o) * taps + k];
    snprintf(name, sizeof name, "%s.bias", prefix);
    TRY(tensors_read(r->file, name, (int[]){ all }, 1, bias));
    memcpy(layer->bias, bias, DECONV_LIVE * sizeof *bias);
fail:
    return err;
}

/* lrelu(conv(x) * beta + x): the product goes into weights and bias, in FP32. */
static int fold_beta(struct reader *r, struct conv_layer *layer, const char *name)
{
    int err = 0;
    int c = layer->cout, rows = layer->kernel * layer->kernel * layer->cin;
    TRY(tensors_read(r->file, name, (int[]){ 1, c, 1, 1 }, 4, r->tensor));
    for (int o = 0; o < c; o++) {
        layer->bias[o] *= r->tensor[o];
        float worst = fabsf(layer->bias[o]);
        for (int k = 0; k < rows; k++) {
            layer->weight[k * c + o] *= r->tensor[o];
            worst = fmaxf(worst, fabsf(layer->weight[k * c + o]));
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

static int read_block(struct reader *r, struct block_weights *block, int b)
{
    int err = 0, c = ifnet_channels[b];
    char name[64];
    place(r, &block->conv0, ifnet_inputs[b], c / 2, 3);
    snprintf(name, sizeof name, "block%d.conv0.0.0", b);
    TRY(read_conv(r, &block->conv0, name));
    place(r, &block->conv1, c / 2, c, 3);
    snprintf(name, sizeof name, "block%d.conv0.1.0", b);
    TRY(read_conv(r, &block->conv1, name));
    for (int i = 0; i < IFNET_RESCONVS; i++) {
        place(r, &block->res[i], c, c, 3);
        snprintf(name, sizeof name, "block%d.convblock.%d.conv", b, i);
        TRY(read_conv(r, &block->res[i], name));
        snprintf(name, sizeof name, "block%d.convblock.%d.beta", b, i);
        TRY(fold_beta(r, &block->res[i], name));
    }
    place(r, &block->deconv, c, DECONV_LIVE, 4);
    snprintf(name, sizeof name, "block%d.lastconv.0", b);
    TRY(read_deconv(r, &block->deconv, name));
fail:
    return err;
}

int weights_load(struct weights *w, const struct tensors *file)
{
    int err = 0;
    struct architecture arch;
    *w = (struct weights){ 0 };
    float *tensor = mem_alloc(TENSOR_FLOATS_MAX * sizeof *tensor);
    w->data = mem_alloc(total_floats() * sizeof *w->data);
    if (!tensor || !w->data)
        TRY(mem_fail("the weights"));
    TRY(architecture_check(file, &arch));
    struct reader r = {
        .file = file, .deconv_outputs = arch.outputs, .tensor = tensor, .next = w->data
    };
    for (int b = 0; b < IFNET_BLOCKS; b++)
        TRY(read_block(&r, &w->block[b], b));
    tensors_sha256(file, w->sha256);
fail:
    mem_free(tensor);
    if (err < 0)
        weights_close(w);
    return err;
}

int weights_open_tensors(struct tensors **out, const char *path)
{
    if (path)
        return tensors_open(out, path);
    return tensors_open_memory(out, rifec_embedded_model,
                               (size_t)(rifec_embedded_model_end - rifec_embedded_model),
                               "the built-in model");
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
    return w->data ? total_floats() * sizeof *w->data : 0;
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
