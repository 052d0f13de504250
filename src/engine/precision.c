/* The type of numbers that each precision stands for. */
#include "engine/precision.h"

#include <assert.h>

enum dtype precision_dtype(enum rifec_precision p)
{
    assert(p != RIFEC_PRECISION_AUTO);
    switch (p) {
    case RIFEC_PRECISION_FP16:
        return DTYPE_FP16;
    case RIFEC_PRECISION_TF32:
        return DTYPE_TF32;
    default:
        return DTYPE_FP32;
    }
}

const char *rifec_precision_name(enum rifec_precision p)
{
    if ((unsigned)p > RIFEC_PRECISION_TF32)
        return "unknown";
    return p == RIFEC_PRECISION_AUTO ? "auto" : dtype_name(precision_dtype(p));
}
