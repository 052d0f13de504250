/*
 * The safetensors container: eight bytes of header length, a JSON header that
 * names tensors, their type, shape and place, then their data.
 */
#ifndef RIFEC_MODEL_SAFETENSORS_H
#define RIFEC_MODEL_SAFETENSORS_H

#include <stdio.h>

#include "model/dtype.h"
#include "model/network.h"
#include "model/tensors.h"

/* True if it could be one, by the length of the header and its first byte. */
bool safetensors_probe(const struct filebytes *file);

/* Lists the tensors of t->file[0], which could be one. RIFEC_ERR_MODEL or
 * RIFEC_ERR_NOMEM, logged. */
int safetensors_list(struct tensors *t);

/*
 * Writes the tensors that the network uses, which weights_load() has accepted, into a
 * file that can seek. RIFEC_ERR_OUTPUT without a message; the caller knows the name and
 * logs it.
 */
int safetensors_write(const struct tensors *t, const struct network *n, enum dtype dtype,
                      FILE *f);

#endif
