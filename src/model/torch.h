/*
 * The files of torch.save(): a ZIP archive of a pickle and one file per storage (since
 * PyTorch 1.6), or, in older ones, pickles and then the storages. The saved object must
 * be a dictionary of tensors, or one that contains such a dictionary.
 */
#ifndef RIFEC_MODEL_TORCH_H
#define RIFEC_MODEL_TORCH_H

#include "model/tensors.h"

bool torch_probe_zip(const struct filebytes *file);
bool torch_probe_legacy(const struct filebytes *file);

/* List the tensors of t->file[0]. RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged. */
int torch_list_zip(struct tensors *t);
int torch_list_legacy(struct tensors *t);

#endif
