/* Which network a file of weights is for, by the names and shapes of its tensors. */
#ifndef RIFEC_MODEL_ARCHITECTURE_H
#define RIFEC_MODEL_ARCHITECTURE_H

#include "model/network.h"
#include "model/tensors.h"

struct architecture {
    const char *name;              /* "RIFE 4.6"; NULL: not RIFE at all */
    const struct network *network; /* NULL: rifec cannot run it */
    bool is_relative;              /* similar to that of this name, not the same */
    const char *why;               /* if not: "an encoder before its blocks", and */
    const char *tensor;            /* the tensor that shows it                    */
};

/* Guesses the architecture; logs nothing. */
struct architecture architecture_guess(const struct tensors *t);

/*
 * The same, but logs the probable network and returns RIFEC_ERR_MODEL if rifec cannot run
 * it. Tensors that the network does not use are mentioned when verbose.
 */
int architecture_check(const struct tensors *t, struct architecture *out);

/* True if the network reads a tensor of this name. */
bool architecture_uses(const struct network *n, const char *tensor);

#endif
