/* The types of the numbers in tensors, images and levels, and how they are spelled. */
#ifndef RIFEC_MODEL_DTYPE_H
#define RIFEC_MODEL_DTYPE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero is the default of every struct that has one. Sums are FP32 whatever the type. */
enum dtype {
    DTYPE_FP32,
    DTYPE_TF32, /* stored as FP32; a convolution may round its factors to TF32 */
    DTYPE_FP16,
};
#define DTYPES 3

/* Bytes of one number in memory. */
size_t dtype_bytes(enum dtype t);

const char *dtype_name(enum dtype t); /* "FP32": in messages                     */
const char *dtype_key(enum dtype t);  /* "fp32": in reports, files and options   */

#ifdef __cplusplus
}
#endif
#endif
