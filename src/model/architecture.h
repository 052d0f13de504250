/* Which network a file of weights is for, by the names and shapes of its tensors. */
#ifndef RIFEC_MODEL_ARCHITECTURE_H
#define RIFEC_MODEL_ARCHITECTURE_H

#include "model/tensors.h"

struct architecture {
    const char *name;   /* "RIFE 4.6"; NULL: no RIFE at all              */
    bool runs;          /* here                                          */
    int outputs;        /* of each block's last layer: 24, or 20 in 4.5  */
    const char *why;    /* if not: "an encoder before its blocks", and   */
    const char *tensor; /* the tensor that shows it                      */
};

/* What it is; logs nothing. */
struct architecture architecture_guess(const struct tensors *t);

/*
 * The same, and RIFEC_ERR_MODEL, logged with what it looks like, if it is none that
 * runs. Tensors that the network does not use are mentioned when verbose.
 */
int architecture_check(const struct tensors *t, struct architecture *out);

/* How many tensors the network reads. */
int architecture_tensors(void);

/* Is it one of these? */
bool architecture_uses(const char *tensor);

#endif
