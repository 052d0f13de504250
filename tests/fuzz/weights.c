/*
 * Weights of every format, which is found by what is in the file. Two parts follow each
 * other in an input of ncnn: the text of .param, a NUL, the numbers of .bin. A graph
 * without numbers gets zeros, as many as it wants.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "fuzz.h"
#include "model/architecture.h"
#include "model/ncnn.h"
#include "model/safetensors.h"
#include "model/tensors.h"
#include "model/weights.h"
#include "rifec/error.h"

#define ELEMENTS_MAX 65536 /* of a tensor that is read whole */

static unsigned char zeros[24 << 20]; /* IFNet has 5.3 million numbers */

static void read_tensor(const struct tensors *t, const struct stored_tensor *s)
{
    int dims[TENSOR_RANK_MAX];
    int64_t n = tensor_elements(s);
    for (int i = 0; i < s->rank; i++)
        dims[i] = (int)s->dims[i];
    float *values = n <= ELEMENTS_MAX ? malloc((size_t)n * sizeof *values + 1) : NULL;
    if (values)
        tensors_read(t, s->name, dims, s->rank, values);
    else if (!strcmp(s->type, "F32") || !strcmp(s->type, "F16"))
        tensor_value(s, n - 1);
    free(values);
}

/* Does the same as `rifec-weights convert`. */
static void write_both(const struct weights *w, const struct tensors *t)
{
    for (int i = 0; i < 2; i++) {
        FILE *a = tmpfile(), *b = tmpfile();
        MUST(a && b);
        const enum dtype dtype = i ? DTYPE_FP16 : DTYPE_FP32;
        int err = safetensors_write(t, w->network, dtype, a);
        MUST(err == 0);
        rewind(a);
        if (ncnn_can_write(w->network)) { /* convert refuses it before */
            err =
                ncnn_write(w, &(struct ncnn_options){ .dtype = dtype, .stock = i }, a, b);
            MUST(err == 0);
        }
        fclose(a);
        fclose(b);
    }
}

static void examine(const struct tensors *t)
{
    char sum[65];
    struct weights w;
    tensors_sha256(t, sum);
    for (int i = 0; i < t->count; i++)
        read_tensor(t, &t->list[i]);
    int err = weights_load(&w, t);
    fuzz_judge(err);
    if (!err) {
        write_both(&w, t);
        weights_close(&w);
    }
}

static void try_ncnn(const uint8_t *data, size_t size)
{
    const uint8_t *nul = memchr(data, 0, size);
    size_t text = nul ? (size_t)(nul - data) : size;
    size_t numbers = nul ? size - text - 1 : 0;
    uint8_t *param = fuzz_copy(data, text);
    uint8_t *bin = fuzz_copy(nul ? nul + 1 : data, numbers);
    struct tensors *t = calloc(1, sizeof *t);
    MUST(t);
    t->name = "net.param";
    t->file[0] = filebytes_lend(param, text);
    t->file[1] = nul ? filebytes_lend(bin, numbers) : filebytes_lend(zeros, sizeof zeros);
    int err = ncnn_probe(&t->file[0]) ? ncnn_list(t) : RIFEC_ERR_ABORT;
    fuzz_judge(err);
    if (!err)
        examine(t);
    tensors_close(&t);
    free(param);
    free(bin);
}

static void try_others(const uint8_t *data, size_t size)
{
    uint8_t *copy = fuzz_copy(data, size);
    struct tensors *t;
    int err = tensors_open_memory(&t, copy, size, "net");
    fuzz_judge(err);
    if (!err)
        examine(t);
    tensors_close(&t);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin();
    if (size > 7 && !memcmp(data, "7767517", 7))
        try_ncnn(data, size);
    else if (size)
        try_others(data, size);
    return 0;
}
