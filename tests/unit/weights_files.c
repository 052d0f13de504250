/*
 * Weights as other programs write them: the files of PyTorch in tests/data, the whole
 * model in each format, and refusals. Small files are cut at every length and have every
 * bit flipped, in memory of exactly their size, so that a sanitizer notices a read beyond
 * it.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "message.h"
#include "model/architecture.h"
#include "model/tensors.h"
#include "model/weights.h"
#include "rifec/error.h"
#include "weightsfile.h"

static struct bytes read_file(const char *folder, const char *name)
{
    char path[1024], block[4096];
    struct bytes b = { 0 };
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!CHECK(f != NULL))
        exit(check_result());
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
        put(&b, block, n);
    fclose(f);
    return b;
}

/* --- real files of PyTorch ------------------------------------------------------ */

static void has(const struct tensors *t, const char *name, const int *dims, int rank,
                const float *values)
{
    float out[32];
    int count = 1, wrong = 0;
    for (int i = 0; i < rank; i++)
        count *= dims[i];
    if (!CHECK_INT(tensors_read(t, name, dims, rank, out), 0))
        fprintf(stderr, "    %s\n", message);
    else
        for (int i = 0; i < count; i++)
            wrong += out[i] != values[i];
    if (!CHECK_INT(wrong, 0))
        fprintf(stderr, "    in %s\n", name);
}

/* Checks the content that make_torch.py wrote. */
static void real_file(const char *folder, const char *name, const char *format)
{
    struct bytes b = read_file(folder, name);
    struct tensors *t;
    float count[24], turned[24], ones[10], out[2];
    for (int i = 0; i < 24; i++) {
        count[i] = (float)i;
        turned[i] = (float)(i % 4 * 6 + i / 4);
    }
    for (int i = 0; i < 10; i++)
        ones[i] = 1;
    if (!CHECK_INT(tensors_open_memory(&t, b.data, b.count, name), 0))
        return;
    CHECK_STR(t->format, format);
    CHECK_INT(t->count, 9);
    has(t, "plain", (int[]){ 2, 3, 4 }, 3, count);
    has(t, "shared", (int[]){ 2, 3 }, 2, count + 6);
    has(t, "turned", (int[]){ 6, 4 }, 2, turned);
    has(t, "spread", (int[]){ 2, 5 }, 2, ones);
    has(t, "half", (int[]){ 3 }, 1, (float[]){ 0.5f, -2, 65504 });
    has(t, "bfloat", (int[]){ 1, 2 }, 2, (float[]){ 1, -3 });
    has(t, "parameter", (int[]){ 2 }, 1, (float[]){ 7, 8 });
    has(t, "scalar", NULL, 0, (float[]){ -1.25f });
    CHECK_INT(tensors_read(t, "count", (int[]){ 2 }, 1, out), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "I64") != NULL);
    tensors_close(&t);
    free(b.data);
}

/* --- damage --------------------------------------------------------------------- */

/* A destination for what was read, so that the compiler does not remove the reading. */
static volatile float last_read;

/* Opens a copy of exactly this size and reads all tensors in it. */
static int survive(const unsigned char *data, size_t n)
{
    unsigned char *copy = malloc(n ? n : 1);
    struct tensors *t;
    memcpy(copy, data, n);
    message[0] = '\0';
    int err = tensors_open_memory(&t, copy, n, "damaged");
    CHECK(err == 0 || (err == RIFEC_ERR_MODEL && strstr(message, "damaged") && !t));
    for (int i = 0; t && i < t->count; i++) {
        const struct stored_tensor *s = &t->list[i];
        bool is_float = strchr(s->type, 'F') != NULL && s->element_bytes <= 4;
        for (int64_t k = 0; is_float && k < tensor_elements(s) && k < 1000; k++)
            last_read = tensor_value(s, k);
    }
    tensors_close(&t);
    free(copy);
    return err;
}

static void damage(struct bytes b, const char *name)
{
    int refused = 0;
    for (size_t n = 0; n < b.count; n++)
        if (!CHECK(survive(b.data, n) != 0))
            fprintf(stderr, "    %s of %zu bytes\n", name, n);
    for (size_t bit = 0; bit < 8 * b.count; bit++) {
        b.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        refused += survive(b.data, b.count) != 0;
        b.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    /* Some bits are in numbers, or in bytes that are not read; changes of the others
     * are noticed. */
    CHECK(refused > 500);
    CHECK_INT(survive(b.data, b.count), 0);
}

/* --- pickles without tensors ---------------------------------------------------------
 */

static void pickle_refused(const char *pickle, size_t n, const char *word)
{
    struct bytes b = { 0 }, directory = { 0 };
    struct tensors *t;
    put_zip_file(&b, &directory, "x/data.pkl", pickle, n);
    put_zip_end(&b, &directory);
    message[0] = '\0';
    CHECK_INT(tensors_open_memory(&t, b.data, b.count, "some.pkl"), RIFEC_ERR_MODEL);
    if (!CHECK(strstr(message, "some.pkl") && strstr(message, word)))
        fprintf(stderr, "    for '%s': %s\n", word, message);
    free(b.data);
}

static void strange_pickles(void)
{
#define PICKLE(text, word) pickle_refused("" text, sizeof text - 1, word)
    PICKLE("\x80\x02"
           "cposix\nsystem\nX\x04\0\0\0true\x85R.",
           "posix.system");
    PICKLE("\x80\x02"
           "c__builtin__\neval\n)R.",
           "__builtin__.eval");
    PICKLE("\x80\x02"
           "ctorch\nload\n)R.",
           "torch.load");
    PICKLE("\x80\x02"
           "ccollections\nOrderedDict\n}\x85R.",
           "arguments");
    PICKLE("\x80\x04\x95\0\0\0\0\0\0\0\0}.", "protocol 4");
    PICKLE("\x80\x02}\x81.", "opcode 0x81"); /* NEWOBJ */
    PICKLE("\x80\x02}.", "dictionary of tensors");
    PICKLE("\x80\x02](h\0e.", "never made");
    PICKLE("\x80\x02}r\xff\xff\xff\xff.", "memo");
    PICKLE("\x80\x02(((.", "one value");
    PICKLE("\x80\x02t.", "mark");
    PICKLE("\x80\x02", "no end");
    PICKLE("\x80\x02X\xff\xff\xff\xffx.", "string");
    PICKLE("\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\1.", "64 bits");
    PICKLE("\x80\x02}(K\1u.", "items");
#undef PICKLE
}

/* --- ZIP64 ------------------------------------------------------------------------ */

/* A pickle whose offset in the archive is given in 64 bits. */
static void placed_at(uint64_t at, const char *word)
{
    struct bytes b = { 0 }, directory = { 0 };
    struct tensors *t;
    put_zip_file(&b, &directory, "x/data.pkl", "\x80\x02}.", 4);
    directory.data[30] = 12; /* bytes of extra field */
    memset(directory.data + 42, 0xff, 4);
    put_le(&directory, 1, 2);
    put_le(&directory, 8, 2);
    put_le(&directory, at, 8);
    put_zip_end(&b, &directory);
    CHECK_INT(tensors_open_memory(&t, b.data, b.count, "zip64"), RIFEC_ERR_MODEL);
    if (!CHECK(strstr(message, word) != NULL))
        fprintf(stderr, "    at %llx: %s\n", (unsigned long long)at, message);
    free(b.data);
}

static void zip64_places(void)
{
    placed_at(0, "dictionary of tensors");
    placed_at(1, "directory");
    placed_at(1000, "directory");
    placed_at(UINT64_MAX, "directory");
    placed_at(UINT64_MAX - 29, "directory");
    placed_at((uint64_t)1 << 63, "directory");
}

/* --- the names of the network ------------------------------------------------------- */

/* rifec-weights writes all tensors of these names, and only those were checked. */
static void used_names(void)
{
    const struct network *n = &networks[NETWORK_4_6];
    struct tensors *t;
    int used = 0;
    if (!CHECK_INT(weights_open_tensors(&t, NULL), 0))
        return;
    for (int i = 0; i < t->count; i++)
        used += architecture_uses(n, t->list[i].name);
    CHECK_INT(used, network_tensors(n));
    CHECK_INT(used, 120);
    tensors_close(&t);
    CHECK(!architecture_uses(n, "block 0.lastconv.0.weight"));
    CHECK(!architecture_uses(n, "block0.conv0. 1.0.weight"));
    CHECK(!architecture_uses(n, "block0.convblock. 7.beta"));
    CHECK(!architecture_uses(n, "block0.convblock.8.beta"));
    CHECK(!architecture_uses(n, "block4.lastconv.0.bias"));
    CHECK(!architecture_uses(n, "block0.conv0.0.0.weights"));
}

/* --- the model in each format ------------------------------------------------------ */

static void same_as_built_in(struct bytes b, const char *name)
{
    struct weights w, built_in;
    CHECK_INT(weights_open(&built_in, NULL), 0);
    if (!CHECK_INT(weights_open_memory(&w, b.data, b.count, name), 0)) {
        fprintf(stderr, "    %s\n", message);
    } else {
        CHECK(!memcmp(w.data, built_in.data, weights_bytes(&w)));
        CHECK(strcmp(w.sha256, built_in.sha256) != 0);
        weights_close(&w);
    }
    weights_close(&built_in);
    free(b.data);
}

static void whole_model(void)
{
    struct tensors *t;
    struct weights w;
    struct bytes zip = { 0 }, legacy = { 0 }, cut = { 0 };
    if (!CHECK_INT(weights_open_tensors(&t, NULL), 0))
        return;
    put_zip(&zip, t, "");
    put_legacy(&legacy, t, "module._orig_mod.");
    put(&cut, legacy.data, legacy.count - 1);
    same_as_built_in(zip, "zip");
    same_as_built_in(legacy, "legacy");
    CHECK_INT(weights_open_memory(&w, cut.data, cut.count, "cut"), RIFEC_ERR_MODEL);
    CHECK(strstr(message, "storage 120 of 120") != NULL);
    free(cut.data);
    tensors_close(&t);
}

/* 4.5: the same numbers without the four unused outputs per block. */
static void model_of_45(void)
{
    struct tensors *t;
    struct bytes b = { 0 };
    if (!CHECK_INT(weights_open_tensors(&t, NULL), 0))
        return;
    unsigned char *shorter[NETWORK_BLOCKS_MAX] = { 0 };
    for (int i = 0, k = 0; i < t->count; i++) {
        struct stored_tensor *s = &t->list[i];
        if (!strstr(s->name, "lastconv"))
            continue;
        bool is_bias = strstr(s->name, "bias") != NULL;
        s->dims[is_bias ? 0 : 1] = DECONV_LIVE;
        if (is_bias)
            continue;
        /* [cin][24][4][4] to [cin][20][4][4] */
        size_t from = 24 * 16 * 2, to = DECONV_LIVE * 16 * 2;
        unsigned char *data = malloc((size_t)s->dims[0] * to);
        for (int64_t c = 0; c < s->dims[0]; c++)
            memcpy(data + (size_t)c * to, s->data + (size_t)c * from, to);
        s->data = shorter[k++] = data;
        s->strides[0] = DECONV_LIVE * 16;
    }
    put_zip(&b, t, "module.");
    same_as_built_in(b, "4.5");
    for (int k = 0; k < NETWORK_BLOCKS_MAX; k++)
        free(shorter[k]);
    tensors_close(&t);
}

/* --- other networks ---------------------------------------------------------------- */

/* A file with tensors of these names, up to NULL; the name of its network, and the
 * reason. */
static void looks_like(const char *what, const char *const *names)
{
    struct bytes b = { 0 }, header = { 0 };
    struct weights w;
    char text[200];
    for (int i = 0; names[i]; i++) {
        snprintf(text, sizeof text,
                 "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
                 i ? "," : "{", names[i]);
        put_text(&header, text);
    }
    put_text(&header, "}");
    put_le(&b, header.count, 8);
    put(&b, header.data, header.count);
    put_le(&b, 0, 4);
    CHECK_INT(weights_open_memory(&w, b.data, b.count, "other"), RIFEC_ERR_MODEL);
    if (!CHECK(strstr(message, "other: ") && strstr(message, what)))
        fprintf(stderr, "    %s\n", message);
    free(header.data);
    free(b.data);
}

static void other_networks(void)
{
#define LOOKS(what, ...) looks_like(what, (const char *const[]){ __VA_ARGS__, NULL })
    LOOKS("a relative of RIFE 4.7,", "block0.conv0.0.0.weight", "module.encode.0.weight",
          "encode.1.weight");
    LOOKS("a relative of RIFE 4.10,", "encode.0.weight", "encode.6.weight");
    LOOKS("a relative of RIFE 4.13,", "block3.conv0.0.0.weight", "encode.cnn0.weight");
    LOOKS("a relative of RIFE 4.25", "block4.conv0.0.0.weight", "encode.cnn0.weight");
    LOOKS("a relative of RIFE 4.2,", "block0.conv0.0.0.weight",
          "block0.convblock.0.0.weight", "block0.lastconv.weight");
    LOOKS("a relative of RIFE 4.0 ", "block0.conv0.0.0.weight", "block0.conv0.0.1.weight",
          "block0.lastconv.weight", "block3.conv0.0.0.weight");
    LOOKS("RIFE 2 or 3", "block0.conv0.0.0.weight", "block0.conv1.weight");
    LOOKS("of the paper", "block0.conv0.0.1.weight", "unet.down0.conv1.0.weight");
    LOOKS("IFRNet", "encoder.pyramid1.0.0.weight", "decoder4.convblock.0.0.weight");
    LOOKS("not the weights of a RIFE", "conv_first.weight");
    LOOKS("block0.conv0.0.0.weight", "block0.conv0.1.0.weight"); /* is missing */
#undef LOOKS
}

static void other_files(void)
{
    struct weights w;
    static const struct {
        const char begin[48], *word;
    } files[] = { { "<!DOCTYPE html><html>", "web page" },
                  { "version https://git-lfs.github.com/spec/v1", "git lfs pull" },
                  { "\x80\x04\x95 a pickle", "torch.save()" },
                  { "\0\0\0\1\0\0\0\0{", "larger network" },
                  { "PK\5\6, a ZIP that is empty", "neither" },
                  { "PK\3\4, a ZIP that is cut, and more", "directory" } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        CHECK_INT(weights_open_memory(&w, files[i].begin, sizeof files[i].begin, "file"),
                  RIFEC_ERR_MODEL);
        if (!CHECK(strstr(message, files[i].word) != NULL))
            fprintf(stderr, "    %s\n", message);
    }
}

/* The file is cut off while it is read: what was opened stays complete, and a file
 * that is shorter than its size is reported. */
static void truncated_while_read(struct bytes b)
{
    char path[] = "/tmp/rifec-cut-XXXXXX";
    struct tensors *t;
    int fd = mkstemp(path);
    if (!CHECK(fd >= 0 && write(fd, b.data, b.count) == (ssize_t)b.count))
        return;
    if (CHECK_INT(tensors_open(&t, path), 0)) {
        CHECK_INT(ftruncate(fd, 0), 0);
        has(t, "half", (int[]){ 3 }, 1, (float[]){ 0.5f, -2, 65504 });
    }
    tensors_close(&t);
    close(fd);
    unlink(path);
    const char *shorter = "/sys/kernel/mm/transparent_hugepage/enabled";
    if (access(shorter, R_OK) == 0) { /* claims a page, has a line */
        CHECK_INT(tensors_open(&t, shorter), RIFEC_ERR_MODEL);
        CHECK(strstr(message, "truncated") != NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    rifec_log_set(RIFEC_LOG_ERROR, keep_message, NULL);
    real_file(argv[1], "torch-zip.pth", "PyTorch (zip)");
    real_file(argv[1], "torch-legacy.pth", "PyTorch (legacy)");
    struct bytes zip = read_file(argv[1], "torch-zip.pth");
    struct bytes legacy = read_file(argv[1], "torch-legacy.pth");
    damage(zip, "torch-zip.pth");
    damage(legacy, "torch-legacy.pth");
    truncated_while_read(zip);
    free(zip.data);
    free(legacy.data);
    strange_pickles();
    zip64_places();
    used_names();
    whole_model();
    model_of_45();
    other_networks();
    other_files();
    return check_result();
}
