/*
 * ncnn's pair of files: the exported model comes back the same, with beta in its layers
 * or in separate layers; graphs with another function are refused.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "check.h"
#include "message.h"
#include "model/ncnn.h"
#include "model/weights.h"
#include "rifec/error.h"
#include "weightsfile.h"

struct pair {
    char *param, *bin;
    size_t param_bytes, bin_bytes;
};

static struct pair export(const struct weights *w, const struct ncnn_options *opt)
{
    struct pair p = { 0 };
    FILE *param = open_memstream(&p.param, &p.param_bytes);
    FILE *bin = open_memstream(&p.bin, &p.bin_bytes);
    CHECK_INT(ncnn_write(w, opt, param, bin), 0);
    fclose(param);
    fclose(bin);
    return p;
}

static void pair_free(struct pair *p)
{
    free(p->param);
    free(p->bin);
}

/* Like weights_open(); reads cut files from copies of exactly this size. w NULL: only
 * lists. */
static int load(struct weights *w, const struct pair *p, size_t param_bytes,
                size_t bin_bytes)
{
    struct tensors *t = calloc(1, sizeof *t);
    bool is_cut = bin_bytes < p->bin_bytes;
    char *param = malloc(param_bytes ? param_bytes : 1);
    char *bin = is_cut ? malloc(bin_bytes ? bin_bytes : 1) : p->bin;
    memcpy(param, p->param, param_bytes);
    if (is_cut)
        memcpy(bin, p->bin, bin_bytes);
    message[0] = '\0';
    t->name = "net.param";
    t->file[0] = filebytes_lend(param, param_bytes);
    t->file[1] = filebytes_lend(bin, bin_bytes);
    int err = ncnn_list(t);
    if (!err && w)
        err = weights_load(w, t);
    tensors_close(&t);
    free(param);
    if (is_cut)
        free(bin);
    return err;
}

/* --- there and back -------------------------------------------------------- */

static void round_trip(const struct weights *model)
{
    struct weights w;
    for (int i = 0; i < 4; i++) {
        struct ncnn_options opt = { .dtype = i & 1 ? DTYPE_FP16 : DTYPE_FP32,
                                    .stock = i & 2 };
        struct pair p = export(model, &opt);
        size_t numbers = weights_bytes(model) / sizeof(float);
        int wrong = 0;
        CHECK(!strstr(p.param, "rife.Warp") == opt.stock);
        CHECK(ncnn_probe(&(struct filebytes){ (void *)p.param, p.param_bytes, false }));
        if (CHECK_INT(load(&w, &p, p.param_bytes, p.bin_bytes), 0)) {
            for (size_t k = 0; k < numbers; k++) {
                float want = model->data[k], rounded = half_to_float(float_to_half(want));
                wrong += w.data[k] != want &&
                         !(opt.dtype == DTYPE_FP16 && w.data[k] == rounded);
            }
            CHECK_INT(wrong, 0);
            weights_close(&w);
        } else {
            fprintf(stderr, "    %s\n", message);
        }
        pair_free(&p);
    }
}

/*
 * The form with a MemoryData and a product for each beta (2 here), which are inserted
 * into the export after each residual convolution and its numbers.
 */
static struct pair with_beta(const struct pair *p)
{
    struct bytes param = { 0 }, bin = { 0 };
    char text[400], blob[32], in[32];
    const float two = 2;
    size_t at = 0; /* in the old .bin */
    int layers, blobs, cout, size, block, i, used;
    sscanf(p->param, "7767517 %d %d", &layers, &blobs);
    int more = networks[NETWORK_4_6].block_count * networks[NETWORK_4_6].resconvs;
    snprintf(text, sizeof text, "7767517\n%d %d\n", layers + 2 * more, blobs + 2 * more);
    put_text(&param, text);
    const char *line = strchr(strchr(p->param, '\n') + 1, '\n') + 1;
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        size_t n = (size_t)(end - line);
        const char *size_at = strstr(line, " 6=");
        if (strstr(line, "onvolution") != line + 1 &&
            strstr(line, "econvolution") != line + 1) {
            put(&param, line, n + 1);
            continue;
        }
        sscanf(size_at, " 6=%d", &size);
        sscanf(strstr(line, " 0="), " 0=%d", &cout);
        size_t bytes = 4 + 4 * (size_t)size + 4 * (size_t)cout;
        put(&bin, p->bin + at, bytes);
        at += bytes;
        if (sscanf(line, "Convolution block%d.convblock.%d 1 1 %31s %31s%n", &block, &i,
                   in, blob, &used) != 4) {
            put(&param, line, n + 1);
            continue;
        }
        snprintf(text, sizeof text, "Convolution block%d.convblock.%d 1 1 %s raw_%s",
                 block, i, in, blob);
        put_text(&param, text);
        put(&param, line + used, n + 1 - (size_t)used);
        snprintf(text, sizeof text,
                 "MemoryData beta_%s 0 1 beta_%s 0=1 1=1 2=%d\n"
                 "BinaryOp mul_%s 2 1 raw_%s beta_%s %s 0=2\n",
                 blob, blob, cout, blob, blob, blob, blob);
        put_text(&param, text);
        for (int k = 0; k < cout; k++)
            put(&bin, &two, sizeof two);
    }
    CHECK_INT((long long)at, (long long)p->bin_bytes);
    put(&param, "", 1);
    return (struct pair){ (char *)param.data, (char *)bin.data, param.count - 1,
                          bin.count };
}

static void separate_beta(const struct weights *model, const struct pair *exported)
{
    struct weights w;
    int wrong = 0;
    struct pair p = with_beta(exported);
    if (CHECK_INT(load(&w, &p, p.param_bytes, p.bin_bytes), 0)) {
        for (int b = 0; b < model->network->block_count; b++)
            for (int i = 0; i < model->network->resconvs; i++) {
                const struct conv_layer *have = &weights_block(&w, b).res[i];
                const struct conv_layer *want = &weights_block(model, b).res[i];
                for (int k = 0; k < 9 * want->cin * want->cout; k++)
                    wrong += have->weight[k] != 2 * want->weight[k];
                for (int k = 0; k < want->cout; k++)
                    wrong += have->bias[k] != 2 * want->bias[k];
            }
        CHECK_INT(wrong, 0);
        CHECK(!memcmp(weights_block(&w, 1).deconv->weight,
                      weights_block(model, 1).deconv->weight, 1000));
        weights_close(&w);
    } else {
        fprintf(stderr, "    %s\n", message);
    }
    pair_free(&p);
}

/* --- other graphs ---------------------------------------------------------- */

/* Refuses the export with the first `from` after `after` replaced by `to`. */
static void refused(const struct pair *exported, const char *after, const char *from,
                    const char *to, const char *word)
{
    struct bytes text = { 0 };
    struct weights w;
    const char *start = strstr(exported->param, after);
    const char *at = start ? strstr(start, from) : NULL;
    if (!CHECK(at != NULL))
        return;
    put(&text, exported->param, (size_t)(at - exported->param));
    put_text(&text, to);
    put_text(&text, at + strlen(from));
    struct pair p = { (char *)text.data, exported->bin, text.count, exported->bin_bytes };
    CHECK_INT(load(&w, &p, p.param_bytes, p.bin_bytes), RIFEC_ERR_MODEL);
    if (!CHECK(strstr(message, "net.param") && strstr(message, word)))
        fprintf(stderr, "    %s for %s: %s\n", from, to, message);
    free(text.data);
}

static void other_graphs(const struct pair *p)
{
    refused(p, "ReLU_15", "0=2.000000e-01", "0=1.000000e-01", "leaky");
    refused(p, "block2.conv0.1", "-23310=1,2.000000e-01", "-23310=1,1.000000e-01",
            "activation");
    refused(p, "block1.convblock.3", "BinaryOp", "Eltwise ", "not added");
    refused(p, "block0.convblock.3", "b15_0", "b12_0", "something else");
    refused(p, "Interp", "1.250000e-01", "2.500000e-01", "factor");
    refused(p, "rife.Warp", "rife.Warp", "Crop     ", "warps");
    refused(p, "PixelShuffle", "PixelShuffle", "Noop        ", "lastconv");
    refused(p, "block3.lastconv", "4=1", "4=0", "padded");
    refused(p, "block0.conv0.0", "Convolution", "ConvolutionDepthWise",
            "kind of layer"); /* in the next line */
    refused(p, "block1.conv0.0", "6=6912", "6=6480", "block1.conv0");
    refused(p, "block1.conv0.0", "6=6912", "6=6911", "dilated");
    refused(p, "Split", "in0_1", "in0_0", "two layers make");
    refused(p, "Concat", "in2_0", "in9_0", "no layer makes");
    refused(p, "Concat", " 0=0", " 0=x", "parameter");
    refused(p, "7767517", "7767517\n2", "7767517\n9", "fewer layers");
    refused(p, "Sigmoid", "Sigmoid", "Softmax", "kind of layer");
    refused(p, "7767517", "Input", "Noop ", "inputs");
}

/* Beta multiplies a sum that already contains the input. */
static void late_beta(const struct pair *exported)
{
    char from[400], to[400], conv[32], beta[32], sum[32], in[32], out[32];
    int used = 0;
    struct pair p = with_beta(exported);
    const char *at = strstr(p.param, "BinaryOp mul_");
    sscanf(at, "BinaryOp %*s 2 1 %31s %31s %31s 0=2 BinaryOp %*s 2 1 %*s %31s %31s 0=0%n",
           conv, beta, sum, in, out, &used);
    if (CHECK(used > 0)) {
        snprintf(from, sizeof from, "%.*s", used, at);
        snprintf(to, sizeof to,
                 "BinaryOp sum 2 1 %s %s %s 0=0\nBinaryOp mul 2 1 %s %s %s 0=2", conv, in,
                 sum, sum, beta, out);
        refused(&p, "", from, to, "leaky");
    }
    pair_free(&p);
}

/* The export with zeros inserted, `numbers` of them, that many bytes before the end of
 * .bin. */
static void refused_with(const struct pair *exported, int numbers, size_t before_end,
                         const char *after, const char *type, const char *to_type,
                         const char *params, const char *word)
{
    struct bytes bin = { 0 };
    char from[200], to[200], in[32], out[32];
    const char *line = strstr(strstr(exported->param, after), type);
    size_t from_start = exported->bin_bytes - before_end;
    if (!CHECK_INT(sscanf(line, "%*s %*s 1 1 %31s %31s", in, out), 2))
        return;
    snprintf(from, sizeof from, "%.*s", (int)strcspn(line, "\n"), line);
    snprintf(to, sizeof to, "%s other 1 1 %s %s %s", to_type, in, out, params);
    put(&bin, exported->bin, from_start);
    for (int i = 0; i < numbers; i++)
        put_le(&bin, 0, 4);
    put(&bin, exported->bin + from_start, before_end);
    struct pair p = { exported->param, (char *)bin.data, exported->param_bytes,
                      bin.count };
    refused(&p, after, from, to, word);
    free(bin.data);
}

/* Layers with numbers; only the graph shows that they do not belong to 4.6. */
static void other_layers(const struct pair *p)
{
    size_t last_deconv = 4 * (1 + 64 * 24 * 16 + 24);
    refused_with(p, 1, last_deconv, "block3.convblock.7", "ReLU ", "PReLU", "0=1",
                 "leaky");
    refused_with(p, 1 + 9 + 1, 0, "block3.lastconv", "Sigmoid ", "Convolution",
                 "0=1 1=3 4=1 5=1 6=9", "after the last block");
}

/* --- other versions -------------------------------------------------------- */

/* A graph that has the layers of a version in their order, and two channels. */
struct sketch {
    struct bytes param, bin;
    int layers, blob; /* the last result */
};

/* A layer that reads the last result, with this many numbers, and biases. */
static void sketch_layer(struct sketch *s, const char *type, const char *params,
                         int numbers)
{
    char line[200];
    bool is_input = !strcmp(type, "Input");
    snprintf(line, sizeof line, "%s l%d %d 1", type, s->layers, !is_input);
    put_text(&s->param, line);
    if (!is_input) {
        snprintf(line, sizeof line, " b%d", s->blob);
        put_text(&s->param, line);
    }
    s->blob = s->layers++;
    snprintf(line, sizeof line, " b%d %s\n", s->blob, params);
    put_text(&s->param, line);
    for (int i = 0; i < numbers; i++)
        put_le(&s->bin, 0, 4);
}

/* Convolutions, each with the layers after it, and a deconvolution. */
static void sketch_group(struct sketch *s, int convs, bool prelu, bool shuffle)
{
    for (int i = 0; i < convs; i++) {
        sketch_layer(s, "Convolution", "0=2 1=3 4=1 5=1 6=36", 1 + 36 + 2);
        if (prelu)
            sketch_layer(s, "PReLU", "0=2", 2);
    }
    sketch_layer(s, "Deconvolution", "0=2 1=4 3=2 4=1 5=1 6=64", 1 + 64 + 2);
    if (shuffle)
        sketch_layer(s, "PixelShuffle", "0=2", 0);
}

static void other_version(const char *what, int inputs, int encoders, int encoder_convs,
                          int blocks, int convs, bool prelu, bool shuffle)
{
    struct sketch s = { 0 };
    struct bytes text = { 0 };
    struct weights w;
    char line[40];
    for (int i = 0; i < inputs; i++)
        sketch_layer(&s, "Input", "", 0);
    for (int i = 0; i < encoders; i++)
        sketch_group(&s, encoder_convs, false, false);
    for (int i = 0; i < blocks; i++)
        sketch_group(&s, convs, prelu, shuffle);
    snprintf(line, sizeof line, "7767517\n%d %d\n", s.layers, s.layers);
    put_text(&text, line);
    put(&text, s.param.data, s.param.count);
    struct pair p = { (char *)text.data, (char *)s.bin.data, text.count, s.bin.count };
    CHECK_INT(load(&w, &p, p.param_bytes, p.bin_bytes), RIFEC_ERR_MODEL);
    if (!CHECK(strstr(message, "net.param") && strstr(message, what)))
        fprintf(stderr, "    %s\n", message);
    free(s.param.data);
    free(s.bin.data);
    free(text.data);
}

static void other_versions(void)
{
    other_version("4.0 or 4.1", 3, 0, 0, 4, 10, true, false);
    other_version("a relative of RIFE 4.2,", 3, 0, 0, 4, 10, false, false);
    other_version("a relative of RIFE 4.2,", 3, 2, 1, 4, 10, false, true);
    other_version("a relative of RIFE 4.2,", 3, 2, 3, 4, 10, false, true);
    other_version("a relative of RIFE 4.2,", 3, 2, 3, 5, 10, false, true);
    other_version("RIFE 1, 2 or 3", 2, 0, 0, 3, 8, true, false);
    other_version("not the weights of a RIFE", 3, 0, 0, 4, 6, false, false);
}

/* --- damage ---------------------------------------------------------------- */

static void damage(const struct pair *exported)
{
    struct weights w;
    struct pair p = *exported;
    int refused_bits = 0;
    for (size_t n = 0; n < p.bin_bytes; n += n / 3 + 1)
        CHECK_INT(load(NULL, &p, p.param_bytes, n), RIFEC_ERR_MODEL);
    CHECK_INT(load(NULL, &p, p.param_bytes, p.bin_bytes - 1), RIFEC_ERR_MODEL);
    /* The last line is a sum that does not depend on numbers. */
    size_t last_line = (size_t)(strstr(p.param, " out0") - p.param) - 20;
    for (size_t n = 0; n < last_line; n += 7)
        CHECK_INT(load(NULL, &p, n, p.bin_bytes), RIFEC_ERR_MODEL);
    /* If a bit of the text changes only a name, for instance, the file may still be
     * read. */
    for (size_t bit = 0; bit < 8 * p.param_bytes; bit += 29) {
        p.param[bit / 8] ^= (char)(1 << bit % 8);
        int err = load(NULL, &p, p.param_bytes, p.bin_bytes);
        CHECK(err == 0 || (err == RIFEC_ERR_MODEL && message[0] != '\0'));
        p.param[bit / 8] ^= (char)(1 << bit % 8);
        refused_bits += err != 0;
    }
    CHECK(refused_bits > 1000);
    uint32_t tag = 0x000d4b38; /* 8 bits */
    memcpy(p.bin, &tag, sizeof tag);
    CHECK_INT(load(&w, &p, p.param_bytes, p.bin_bytes), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "quantized") != NULL);
}

int main(void)
{
    struct weights model;
    rifec_log_set(RIFEC_LOG_ERROR, keep_message, NULL);
    if (!CHECK_INT(weights_open(&model, NULL), 0))
        return check_result();
    round_trip(&model);
    struct pair p = export(&model, &(struct ncnn_options){ 0 });
    separate_beta(&model, &p);
    other_graphs(&p);
    late_beta(&p);
    other_layers(&p);
    other_versions();
    damage(&p);
    pair_free(&p);
    weights_close(&model);
    return check_result();
}
