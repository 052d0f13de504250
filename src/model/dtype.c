/* The table of dtype.h. */
#include "model/dtype.h"

#include <assert.h>

static const struct {
    const char *name, *key;
    size_t bytes;
} dtypes[DTYPES] = {
    [DTYPE_FP32] = { "FP32", "fp32", 4 },
    [DTYPE_TF32] = { "TF32", "tf32", 4 },
    [DTYPE_FP16] = { "FP16", "fp16", 2 },
};

size_t dtype_bytes(enum dtype t)
{
    assert((unsigned)t < DTYPES);
    return dtypes[t].bytes;
}

const char *dtype_name(enum dtype t)
{
    assert((unsigned)t < DTYPES);
    return dtypes[t].name;
}

const char *dtype_key(enum dtype t)
{
    assert((unsigned)t < DTYPES);
    return dtypes[t].key;
}
