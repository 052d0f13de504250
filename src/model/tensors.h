/*
 * The tensors of a weights file, whatever its format: names, types, shapes, and
 * where in the file their numbers lie. tensor_files.c opens files; each
 * format is a function that fills a `struct tensors` by tensors_add().
 *
 * Everything in a file is distrusted: a wrong length, offset, type or shape is an
 * error with the name of the file and the tensor.
 */
#ifndef RIFEC_MODEL_TENSORS_H
#define RIFEC_MODEL_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/filebytes.h"

#define TENSOR_RANK_MAX 8
#define TENSOR_NAME_MAX 160

struct stored_tensor {
    char *name;        /* without prefixes such as "module." */
    const char *type;  /* "F32", "F16", "BF16"; others are listed, never read  */
    int element_bytes; /* 0: unknown                                           */
    int rank;
    int64_t dims[TENSOR_RANK_MAX], strides[TENSOR_RANK_MAX]; /* in elements    */
    bool is_plain;             /* rows follow each other                       */
    const unsigned char *data; /* of element 0: not aligned                    */
};

struct tensors {
    const char *name;         /* for messages: a path                  */
    char *owned_name;         /* of a file found in a folder           */
    const char *format;       /* "safetensors", "PyTorch (zip)", ...   */
    struct filebytes file[2]; /* the second is ncnn's .bin             */
    struct stored_tensor *list;
    int count, room;
    const char *sha256; /* of the built-in model, known since it was built; or NULL */
};

/*
 * Opens a file, or a folder that holds flownet.*; the format is known by what is
 * in it. RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged; *out is NULL then. `path`
 * must outlive it.
 */
int tensors_open(struct tensors **out, const char *path);

/* The same from memory, which must outlive it; `name` is used in messages. */
int tensors_open_memory(struct tensors **out, const void *data, size_t bytes,
                        const char *name);

/* Accepts NULL; sets *t to NULL. */
void tensors_close(struct tensors **t);

/* SHA-256 of the file, of ncnn's the .bin, hexadecimal. */
void tensors_sha256(const struct tensors *t, char out[65]);

/* Returns NULL if it is not found. */
const struct stored_tensor *tensors_find(const struct tensors *t, const char *name);

/* The first whose name begins so, or NULL. */
const struct stored_tensor *tensors_find_prefix(const struct tensors *t,
                                                const char *prefix);

int64_t tensor_elements(const struct stored_tensor *t);

/* "[2,3]" */
void tensor_format_shape(char out[96], const int64_t *dims, int rank);

/*
 * Copies a tensor, converted to FP32, to out, in the order of its dimensions. It
 * must be there, with exactly this shape (dims[rank]), of type F32, F16 or BF16,
 * and every value finite; else RIFEC_ERR_MODEL.
 */
int tensors_read(const struct tensors *t, const char *name, const int *dims, int rank,
                 float *out);

/* Returns element i in the order of the dimensions, unchanged. For types that can be
 * read. */
float tensor_value(const struct stored_tensor *t, int64_t i);

/* --- for the formats ------------------------------------------------------------ */

/* The place of a tensor's numbers. strides NULL: contiguous. */
struct tensor_place {
    const char *type;
    int element_bytes; /* 0: unknown, then nothing is checked */
    int rank;
    const int64_t *dims, *strides;
    int64_t offset; /* of element 0 in the storage, in elements */
    const unsigned char *storage;
    size_t storage_bytes;
};

/*
 * Adds a tensor of `length` bytes of name, after checking that all of it lies in
 * its storage. RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged.
 */
int tensors_add(struct tensors *t, const char *name, size_t length,
                const struct tensor_place *place);

#endif
