/*
 * Weights files: good ones are read, and each kind of damage is refused with the file,
 * the tensor and the reason in the message.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "message.h"
#include "model/architecture.h"
#include "model/tensor.h"
#include "model/tensors.h"
#include "model/sha256.h"
#include "model/weights.h"
#include "model/random_model.h"
#include "rifec/error.h"

/* A file in memory: header text, then data. The caller frees it. */
static unsigned char *make_file(const char *header, const void *data, size_t data_bytes,
                                size_t *bytes)
{
    size_t n = strlen(header);
    unsigned char *file = calloc(1, 8 + n + data_bytes);
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)((unsigned long long)n >> 8 * i);
    memcpy(file + 8, header, n);
    if (data_bytes)
        memcpy(file + 8 + n, data, data_bytes);
    *bytes = 8 + n + data_bytes;
    return file;
}

/* Reads tensor "x" as [2][3] from such a file; returns the code. */
static int read_x(const char *header, const void *data, size_t data_bytes, float out[6])
{
    size_t bytes;
    unsigned char *file = make_file(header, data, data_bytes, &bytes);
    struct tensors *s;
    message[0] = 0;
    int err = tensors_open_memory(&s, file, bytes, "some.safetensors");
    if (!err)
        err = tensors_read(s, "x", (int[]){ 2, 3 }, 2, out);
    else
        CHECK(s == NULL);
    tensors_close(&s);
    free(file);
    return err;
}

static void good_types(void)
{
    float out[6];
    float f32[6] = { 0, -1, 2.5f, 1e-20f, 3e38f, -0.0f };
    CHECK_INT(
        read_x("{\"x\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", f32,
               24, out),
        0);
    CHECK(memcmp(out, f32, sizeof out) == 0);
    uint16_t f16[7] = { 0x7c00, 0x0000, 0xbc00, 0x4100, 0x0001, 0x7bff, 0x8400 };
    float want16[6] = { 0, -1, 2.5f, 0x1p-24f, 65504, -0x1p-14f };
    CHECK_INT(
        read_x("{\"__metadata__\":{\"a\":\"b\"},\"x\":{\"dtype\":\"F16\",\"shape\":[2,3],"
               "\"data_offsets\":[2,14]}}   ",
               f16, 14, out),
        0);
    CHECK(memcmp(out, want16, sizeof out) == 0);
    uint16_t bf16[6] = { 0x0000, 0xbf80, 0x4020, 0x0080, 0x7f7f, 0xc2f7 };
    float want_b[6] = { 0, -1, 2.5f, 0x1p-126f, 0x1.fep127f, -123.5f };
    CHECK_INT(
        read_x("{\"x\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,12]}}",
               bf16, 12, out),
        0);
    CHECK(memcmp(out, want_b, sizeof out) == 0);
}

/* The file is refused, and the message names it and contains this word. */
static void refused(const char *header, const void *data, size_t data_bytes,
                    const char *word)
{
    float out[6];
    CHECK_INT(read_x(header, data, data_bytes, out), RIFEC_ERR_MODEL);
    if (!CHECK(strstr(message, "some.safetensors") && strstr(message, word)))
        fprintf(stderr, "    for %s\n    message: %s\n", header, message);
}

static void damaged_tensors(void)
{
    float data[6] = { 0 };
    refused("", NULL, 0, "not a file of weights");
    refused("[]", NULL, 0, "not a file of weights");
    refused("{\"x\":", NULL, 0, "JSON");
    refused("{}", NULL, 0, "missing");
    refused("{\"x\":3}", NULL, 0, "type");
    refused("{\"X\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", data,
            24, "missing");
    refused("{\"x\":{}}", data, 24, "type");
#define X(dtype, shape, offsets)                                                         \
    "{\"x\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
    refused(X("\"I8\"", "[2,3]", "[0,6]"), data, 24, "I8");
    refused(X("7", "[2,3]", "[0,24]"), data, 24, "type");
    refused(X("\"F32\"", "[3,2]", "[0,24]"), data, 24, "[3,2]");
    refused(X("\"F32\"", "[6]", "[0,24]"), data, 24, "shape");
    refused(X("\"F32\"", "[2,3,1]", "[0,24]"), data, 24, "shape");
    refused(X("\"F32\"", "\"2,3\"", "[0,24]"), data, 24, "shape");
    refused(X("\"F32\"", "[2,3.5]", "[0,24]"), data, 24, "shape");
    refused(X("\"F32\"", "[2,3]", "[0,23]"), data, 24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "[24,0]"), data, 24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "[-24,0]"), data, 24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "[0.5,24.5]"), data, 24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "[0]"), data, 24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "24"), data, 24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "[1e300,1e300]"), data, 24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "[18446744073709551608,18446744073709551632]"), data,
            24, "data_offsets");
    refused(X("\"F32\"", "[2,3]", "[4,28]"), data, 24, "truncated");
    refused(X("\"F16\"", "[2,3]", "[1000000,1000012]"), data, 24, "truncated");
    data[4] = NAN;
    refused(X("\"F32\"", "[2,3]", "[0,24]"), data, 24, "element 4");
    data[4] = -INFINITY;
    refused(X("\"F32\"", "[2,3]", "[0,24]"), data, 24, "element 4");
}

static void damaged_files(void)
{
    struct tensors *s;
    unsigned char file[64] = { 0 };
    CHECK_INT(tensors_open_memory(&s, file, 0, "f"), RIFEC_ERR_MODEL);
    CHECK_INT(tensors_open_memory(&s, file, 7, "f"), RIFEC_ERR_MODEL);
    file[0] = 57; /* one more than follows */
    file[8] = '{';
    CHECK_INT(tensors_open_memory(&s, file, 64, "f"), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "truncated") != NULL);
    memset(file, 0xff, 8);
    CHECK_INT(tensors_open_memory(&s, file, 64, "f"), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "not a file of weights") != NULL);
    CHECK_INT(tensors_open(&s, "/no/such/file"), RIFEC_ERR_MODEL);
    CHECK(s == NULL && strstr(message, "/no/such/file") != NULL);
    CHECK_INT(tensors_open(&s, "/"), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "folder") != NULL);
    CHECK_INT(tensors_open(&s, "/dev/null"), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "regular file") != NULL);
}

/* The model unchanged, then cut at many lengths, then with bytes flipped. */
static void model_file(const char *path)
{
    struct weights w, embedded;
    if (!CHECK_INT(weights_open(&w, path), 0) ||
        !CHECK_INT(weights_open(&embedded, NULL), 0))
        return;
    CHECK_STR(w.sha256, embedded.sha256);
    CHECK_INT((long long)weights_bytes(&w), (long long)weights_bytes(&embedded));
    CHECK(memcmp(w.data, embedded.data, weights_bytes(&w)) == 0);
    CHECK_INT(weights_block(&w, 0).conv0->cin, 7);
    CHECK_INT(weights_block(&w, 3).res[7].cout, 64);
    CHECK_INT(weights_block(&w, 2).deconv->cout, DECONV_LIVE);
    weights_close(&embedded);

    /* Beta is folded: layer = file's weight * beta, reordered. */
    struct tensors *s;
    static float weight[96 * 96 * 9], bias[96], beta[96];
    CHECK_INT(tensors_open(&s, path), 0);
    CHECK_INT(tensors_read(s, "block2.convblock.5.conv.weight", (int[]){ 96, 96, 3, 3 },
                           4, weight),
              0);
    CHECK_INT(tensors_read(s, "block2.convblock.5.conv.bias", (int[]){ 96 }, 1, bias), 0);
    CHECK_INT(tensors_read(s, "block2.convblock.5.beta", (int[]){ 1, 96, 1, 1 }, 4, beta),
              0);
    const struct conv_layer *l = &weights_block(&w, 2).res[5];
    int wrong = 0;
    for (int o = 0; o < 96; o++) {
        wrong += l->bias[o] != bias[o] * beta[o];
        for (int i = 0; i < 96; i++)
            for (int k = 0; k < 9; k++)
                wrong += l->weight[(k * 96 + i) * 96 + o] !=
                         weight[(o * 96 + i) * 9 + k] * beta[o];
    }
    CHECK_INT(wrong, 0);
    tensors_close(&s);
    weights_close(&w);

    FILE *f = fopen(path, "rb");
    fseek(f, 0, SEEK_END);
    size_t bytes = (size_t)ftell(f);
    unsigned char *file = malloc(bytes);
    rewind(f);
    CHECK(fread(file, 1, bytes, f) == bytes);
    fclose(f);
    for (size_t cut = 1; cut < bytes; cut = cut * 3 + 1)
        CHECK_INT(weights_open_memory(&w, file, bytes - cut, "cut"), RIFEC_ERR_MODEL);

    /* Any byte of the header may be wrong: an error or not, but no crash. */
    size_t header = file[0] + ((size_t)file[1] << 8);
    int refusals = 0;
    for (size_t i = 0; i < header + 8; i += 97) {
        unsigned char before = file[i];
        file[i] ^= 0x15;
        int err = weights_open_memory(&w, file, bytes, "flipped");
        CHECK(err == 0 || err == RIFEC_ERR_MODEL);
        refusals += err != 0;
        weights_close(&w);
        file[i] = before;
    }
    CHECK(refusals > 50);

    /* An infinity in the data of a named tensor. */
    char *at = strstr((char *)file + 8, "\"block1.conv0.1.0.bias\"");
    size_t offset = (size_t)strtoul(strstr(at, "data_offsets\":[") + 15, NULL, 10);
    file[8 + header + offset] = 0x00;
    file[8 + header + offset + 1] = 0x7c;
    CHECK_INT(weights_open_memory(&w, file, bytes, "inf"), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "block1.conv0.1.0.bias") != NULL);
    free(file);
}

static void sha256(void)
{
    char hex[65];
    sha256_hex("", 0, hex);
    CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abc", 3, hex);
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char million[1000];
    memset(million, 'a', sizeof million);
    sha256_hex(million, 1000, hex);
    CHECK_STR(hex, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
    sha256_hex(million, 119, hex); /* the padding needs a block of its own */
    CHECK_STR(hex, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb");
}

/* The walk meets every layer once, block after block, in weights_block()'s order, and
 * then ends. */
static void walk_meets_every_layer(void)
{
    struct weights w;
    struct network_layer l;
    char name[64];
    int i = 0;
    size_t numbers = 0;
    if (!CHECK_INT(weights_open(&w, NULL), 0))
        return;
    CHECK_STR(w.network->name, "RIFE 4.6");
    for (; network_layer(w.network, i, &l); i++) {
        const struct block_layers b = weights_block(&w, l.block);
        const struct conv_layer *layer = l.op == RESCONV  ? b.res + l.index
                                         : l.op == DECONV ? b.deconv
                                         : l.index == 0   ? b.conv0
                                                          : b.conv1;
        CHECK(layer == &w.layers[i]);
        CHECK_INT(layer->cin, l.cin);
        CHECK_INT(layer->cout, l.cout);
        CHECK_INT(layer->kernel, l.kernel);
        CHECK(layer->weight == w.data + numbers);
        numbers += (size_t)(l.kernel * l.kernel * l.cin * l.cout + l.cout);
        CHECK(network_tensor(&l, TENSOR_BETA, name) == (l.op == RESCONV));
    }
    CHECK_INT(i, 44);
    CHECK_INT((long long)weights_bytes(&w), (long long)(numbers * sizeof(float)));
    network_layer(w.network, 43, &l);
    CHECK_STR(l.name, "block3.lastconv");
    network_tensor(&l, TENSOR_BIAS, name);
    CHECK_STR(name, "block3.lastconv.0.bias");
    network_layer(w.network, 9, &l);
    network_tensor(&l, TENSOR_WEIGHT, name);
    CHECK_STR(name, "block0.convblock.7.conv.weight");
    weights_close(&w);
}

/* A model of 4.25 in memory, without one tensor if that is not NULL. */
static int load_425(struct weights *w, const char *without)
{
    char *data = NULL;
    size_t bytes = 0;
    FILE *f = open_memstream(&data, &bytes);
    CHECK(f && !random_model_write(f, &networks[NETWORK_4_25], without));
    fclose(f);
    message[0] = 0;
    int err = weights_open_memory(w, data, bytes, "rife425");
    free(data);
    return err;
}

/* A network is recognised by the shapes of its tensors, even an incomplete one. */
static void second_network(void)
{
    struct weights w;
    if (!CHECK_INT(load_425(&w, NULL), 0))
        return;
    CHECK_STR(w.network->name, "RIFE 4.25 or 4.26");
    CHECK_INT(network_layers(w.network), 59);
    CHECK_INT(weights_block(&w, 1).conv0->cin, 28);
    CHECK_INT(weights_block(&w, 3).deconv->cout, 52);
    CHECK_INT(weights_block(&w, 4).deconv->cout, DECONV_LIVE); /* no features */
    const struct conv_layer *encoder = weights_encoder(&w);
    CHECK_INT(encoder[0].cin, 3);
    CHECK_INT(encoder[3].cout, 4);
    CHECK(encoder[3].bias + 4 == w.data + w.count);
    weights_close(&w);
    static const char *const missing[] = { "encode.cnn2.bias", "block0.conv0.0.0.weight",
                                           "block4.lastconv.0.weight" };
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        CHECK_INT(load_425(&w, missing[i]), RIFEC_ERR_MODEL);
        if (!CHECK(strstr(message, missing[i]) && strstr(message, "missing")))
            fprintf(stderr, "    %s\n", message);
    }
}

/* The number of the network's parameters in a file. */
static long long parameters(const struct network *n)
{
    struct network_layer l;
    char name[64];
    int dims[4];
    long long sum = 0;
    for (int i = 0; network_layer(n, i, &l); i++)
        for (int k = 0; k < LAYER_TENSORS; k++)
            if (network_tensor(&l, (enum layer_tensor)k, name)) {
                int rank = network_shape(&l, (enum layer_tensor)k, dims);
                sum += random_model_count(dims, rank);
            }
    return sum;
}

/* Every layout has as many parameters as were counted in vs-rife's modules, and no
 * other layout is mistaken for it. */
static void all_layouts(void)
{
    static const long long counted[NETWORKS] = {
        [NETWORK_4_0] = 5160980,       [NETWORK_4_2] = 5156420,
        [NETWORK_4_5] = 5275520,       [NETWORK_4_6] = 5306256,
        [NETWORK_4_7] = 5325012,       [NETWORK_4_10] = 5364312,
        [NETWORK_4_13] = 5364312,      [NETWORK_4_12_LITE] = 2631804,
        [NETWORK_4_14_LITE] = 2968152, [NETWORK_4_15_LITE] = 2616476,
        [NETWORK_4_20] = 15376512,     [NETWORK_4_21] = 9322416,
        [NETWORK_4_22_LITE] = 4866052, [NETWORK_4_25] = 5664776,
        [NETWORK_4_25_LITE] = 5622700, [NETWORK_4_25_HEAVY] = 21663528,
        [NETWORK_4_26_HEAVY] = 5723156
    };
    static const char *const without[] = { NULL, "block1.conv0.1.0.bias" };
    for (int i = 0; i < NETWORKS; i++) {
        const struct network *n = &networks[i];
        CHECK_INT(parameters(n), counted[i]);
        char *data = NULL;
        size_t bytes = 0;
        struct tensors *t;
        FILE *f = open_memstream(&data, &bytes);
        CHECK(f && !random_model_write_empty(f, n, without[i % 2]));
        fclose(f);
        if (CHECK_INT(tensors_open_memory(&t, data, bytes, "layout"), 0)) {
            struct architecture arch = architecture_guess(t);
            CHECK_STR(arch.network ? arch.network->name : "none", n->name);
            tensors_close(&t);
        }
        free(data);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    rifec_log_set(RIFEC_LOG_ERROR, keep_message, NULL);
    sha256();
    good_types();
    damaged_tensors();
    damaged_files();
    model_file(argv[1]);
    walk_meets_every_layer();
    second_network();
    all_layouts();
    return check_result();
}
