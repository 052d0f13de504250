/* The public precisions as types of numbers. rifec_precision_name() is beside it. */
#ifndef RIFEC_ENGINE_PRECISION_H
#define RIFEC_ENGINE_PRECISION_H

#include "model/dtype.h"
#include "rifec/rifec.h"

/* The type of the convolutions' tensors. Not for AUTO, which a backend replaces first. */
enum dtype precision_dtype(enum rifec_precision p);

#endif
