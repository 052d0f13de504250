/* Writes the network's tensors as safetensors. */
#include <stdio.h>

#include "base/err.h"
#include "base/half.h"
#include "base/log.h"
#include "model/architecture.h"
#include "model/safetensors.h"

static void put_header(FILE *f, const struct tensors *t, const struct network *n,
                       int element_bytes)
{
    int64_t at = 0;
    fputs("{\"__metadata__\":{\"format\":\"pt\"}", f);
    for (int i = 0; i < t->count; i++) {
        const struct stored_tensor *s = &t->list[i];
        if (!architecture_uses(n, s->name))
            continue;
        char shape[96];
        int64_t end = at + tensor_elements(s) * element_bytes;
        tensor_format_shape(shape, s->dims, s->rank);
        fprintf(f, ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%lld,%lld]}",
                s->name, element_bytes == 2 ? "F16" : "F32", shape, (long long)at,
                (long long)end);
        at = end;
    }
    fputc('}', f);
}

/* The length is known only after the header is written, so it is filled in at the end. */
static int put_length(FILE *f)
{
    long end = ftell(f);
    while (end >= 0 && end % 8 && fputc(' ', f) != EOF)
        end++;
    if (end < 8 || fseek(f, 0, SEEK_SET))
        return RIFEC_ERR_OUTPUT;
    for (int i = 0; i < 8; i++)
        fputc((int)((uint64_t)(end - 8) >> 8 * i & 255), f);
    return fseek(f, end, SEEK_SET) ? RIFEC_ERR_OUTPUT : 0;
}

static void put_tensor(FILE *f, const struct stored_tensor *s, enum dtype dtype)
{
    int64_t count = tensor_elements(s);
    for (int64_t k = 0; k < count; k++) {
        float v = tensor_value(s, k);
        uint16_t h = float_to_half(v);
        if (dtype == DTYPE_FP16)
            fwrite(&h, sizeof h, 1, f);
        else
            fwrite(&v, sizeof v, 1, f);
    }
}

int safetensors_write(const struct tensors *t, const struct network *n, enum dtype dtype,
                      FILE *f)
{
    int err = 0;
    fwrite("\0\0\0\0\0\0\0", 8, 1, f);
    put_header(f, t, n, dtype_bytes(dtype));
    TRY(put_length(f));
    for (int i = 0; i < t->count; i++)
        if (architecture_uses(n, t->list[i].name))
            put_tensor(f, &t->list[i], dtype);
    if (fflush(f) || ferror(f))
        err = RIFEC_ERR_OUTPUT;
fail:
    return err;
}
