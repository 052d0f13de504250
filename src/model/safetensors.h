/*
 * Reads the safetensors container: eight bytes of header length, a JSON header
 * that names tensors, their type, shape and place, then their data.
 *
 * Everything in the file is distrusted: a wrong length, offset, type or shape
 * is an error with the name of the file and the tensor.
 */
#ifndef RIFEC_MODEL_SAFETENSORS_H
#define RIFEC_MODEL_SAFETENSORS_H

#include <stddef.h>

struct safetensors;

/* Maps the file. RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged; *out is NULL then. */
int safetensors_open(struct safetensors **out, const char *path);

/* The same over memory, which must outlive it; `name` is used in messages. */
int safetensors_open_memory(struct safetensors **out, const void *data, size_t bytes,
                            const char *name);

/* Accepts NULL; sets *s to NULL. */
void safetensors_close(struct safetensors **s);

/* SHA-256 of the whole file, hexadecimal. */
void safetensors_sha256(const struct safetensors *s, char out[65]);

/* What the file is called in messages. */
const char *safetensors_name(const struct safetensors *s);

/*
 * Copies a tensor, converted to FP32, to out. It must be there, with exactly
 * this shape (dims[rank], 1 <= rank <= 4), of type F32, F16 or BF16, and every
 * value finite; else RIFEC_ERR_MODEL.
 */
int safetensors_read(const struct safetensors *s, const char *tensor, const int *dims,
                     int rank, float *out);

#endif
