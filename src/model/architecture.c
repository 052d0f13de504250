/*
 * The versions of RIFE as their state dicts show them. A network that runs is known by
 * its tensors, names and shapes; one that does not, by a tensor that only it has.
 */
#include "model/architecture.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"

/* The first row whose tensor exists decides. */
static const struct sign {
    const char *prefix;  /* of a tensor's name                  */
    const char *without; /* NULL, or: and none begins like this */
    const char *name, *why;
    const struct network *network; /* it is this one, or if a first layer has another
                                    * shape, a relative; NULL: it does not run */
} signs[] = {
    { "decoder4.", NULL, "IFRNet", "an encoder and four decoders", NULL },
    { "encode.cnn0.", "block4.", "RIFE 4.13 to 4.24", "an encoder before the blocks",
      NULL },
    { "encode.cnn0.", NULL, "a relative of RIFE 4.25", "a first layer of another shape",
      &networks[NETWORK_4_25] },
    { "encode.6.", NULL, "RIFE 4.10 or later",
      "an encoder of four layers before the blocks", NULL },
    { "encode.0.", NULL, "RIFE 4.7 to 4.9", "an encoder of two layers before the blocks",
      NULL },
    { "encode.", NULL, "a RIFE later than 4.6", "an encoder before the blocks", NULL },
    { "block4.", NULL, "a RIFE later than 4.6", "five blocks", NULL },
    { "block0.conv1.", NULL, "RIFE 2 or 3, or one of its HD models",
      "blocks that end in conv1, and no timestep", NULL },
    { "unet.", "block3.", "the RIFE of the paper (ECCV 2022)",
      "three blocks and a network that refines", NULL },
    { "block0.conv0.0.1.weight", NULL, "RIFE 4.0 or 4.1, or older",
      "PReLUs in the blocks", NULL },
    { "block0.convblock.0.0.", NULL, "RIFE 4.2 to 4.4",
      "blocks without residual convolutions", NULL },
    { "block0.lastconv.weight", NULL, "a RIFE before 4.5", "blocks without pixel shuffle",
      NULL },
    { "block0.", NULL, "another RIFE", "a first layer of another shape",
      &networks[NETWORK_4_6] },
};

bool architecture_uses(const struct network *n, const char *tensor)
{
    struct network_layer l;
    char name[64];
    for (int i = 0; network_layer(n, i, &l); i++)
        for (int k = 0; k < LAYER_TENSORS; k++)
            /* Asked about every tensor when a model opens: few have the prefix. */
            if (!strncmp(tensor, l.name, strlen(l.name)) &&
                network_tensor(&l, (enum layer_tensor)k, name) && !strcmp(name, tensor))
                return true;
    return false;
}

/* The layer's tensor in the file, or NULL; *fits is true if it has the network's shape.
 */
static const struct stored_tensor *find(const struct tensors *t,
                                        const struct network_layer *l,
                                        enum layer_tensor which, bool *fits)
{
    char name[64];
    int dims[4], rank = network_shape(l, which, dims);
    *fits = false;
    if (!network_tensor(l, which, name))
        return NULL;
    const struct stored_tensor *found = tensors_find(t, name);
    *fits = found && found->rank == rank;
    for (int d = 0; *fits && d < rank; d++)
        *fits = found->dims[d] == dims[d];
    return found;
}

/* The number of the network's tensors that the file has, in the right shapes. */
static int count_fitting(const struct tensors *t, const struct network *n)
{
    struct network_layer l;
    int count = 0;
    for (int i = 0; network_layer(n, i, &l); i++)
        for (int k = 0; k < LAYER_TENSORS; k++) {
            bool fits;
            find(t, &l, (enum layer_tensor)k, &fits);
            count += fits;
        }
    return count;
}

/* The first layer of a block or of the encoder that has another shape in the file, or
 * NULL. It distinguishes a relative of the network from a damaged file. */
static const struct stored_tensor *find_stranger(const struct tensors *t,
                                                 const struct network *n)
{
    struct network_layer l;
    for (int i = 0; network_layer(n, i, &l); i++) {
        bool fits;
        const struct stored_tensor *found = find(t, &l, TENSOR_WEIGHT, &fits);
        if (found && !fits && l.index == 0 && (l.op == CONV_S2 || l.op == ENCODE))
            return found;
    }
    return NULL;
}

struct architecture architecture_guess(const struct tensors *t)
{
    const struct network *best = NULL;
    int most = 0;
    for (int i = 0; i < NETWORKS; i++) {
        int count = count_fitting(t, &networks[i]);
        if (count > most) {
            best = &networks[i];
            most = count;
        }
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const struct sign *s = &signs[i];
        const struct stored_tensor *found = tensors_find_prefix(t, s->prefix);
        if (!found || (s->without && tensors_find_prefix(t, s->without)))
            continue;
        const struct stored_tensor *stranger =
            s->network ? find_stranger(t, s->network) : found;
        if (stranger)
            return (struct architecture){ .name = s->name,
                                          .why = s->why,
                                          .tensor = stranger->name };
        best = best ? best : s->network;
        break;
    }
    if (!best)
        return (struct architecture){ .tensor = t->count ? t->list[0].name : NULL };
    return (struct architecture){ .name = best->name, .network = best };
}

static void mention_extras(const struct tensors *t, const struct network *n)
{
    int extras = 0;
    const char *one = NULL;
    for (int i = 0; i < t->count; i++)
        if (!architecture_uses(n, t->list[i].name)) {
            extras++;
            one = one ? one : t->list[i].name;
        }
    if (extras)
        log_verbose(
            "%s: %d tensors that the network does not use are ignored, such as '%s'",
            t->name, extras, one);
}

int architecture_check(const struct tensors *t, struct architecture *out)
{
    int err = 0;
    *out = architecture_guess(t);
    if (!out->name)
        FAIL(RIFEC_ERR_MODEL,
             "%s: these are not the weights of a RIFE: 'block0.conv0.0.0.weight' is "
             "missing%s%s%s",
             t->name, out->tensor ? ", and there is '" : ": it is empty",
             out->tensor ? out->tensor : "", out->tensor ? "'" : "");
    if (!out->network)
        FAIL(RIFEC_ERR_MODEL,
             "%s: it looks like %s, with %s ('%s'): only RIFE 4.25, 4.6 and 4.5 run here",
             t->name, out->name, out->why, out->tensor);
    mention_extras(t, out->network);
fail:
    return err;
}
