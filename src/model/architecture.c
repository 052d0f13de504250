/*
 * The versions of RIFE, by their state dicts. A network that runs is recognised by the
 * names and shapes of its tensors; another one by a tensor that only it has.
 */
#include "model/architecture.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"

/* Other networks: the first row whose tensor exists decides. */
static const struct sign {
    const char *prefix;  /* of a tensor's name                  */
    const char *without; /* NULL, or: and no tensor begins like this */
    const char *name, *why;
} signs[] = {
    { "decoder4.", NULL, "IFRNet", "an encoder and four decoders" },
    { "block0.conv1.", NULL, "RIFE 2 or 3, or one of its HD models",
      "blocks that end in conv1, and no timestep" },
    { "unet.", "block3.", "the RIFE of the paper (ECCV 2022)",
      "three blocks and a network that refines" },
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

/*
 * How well the file fits: the number of its tensors that the network has by name decides;
 * where that is the same, the number of those that have its shape, and then how few are
 * missing. Zero if there are none at all.
 */
static int count_fitting(const struct tensors *t, const struct network *n)
{
    struct network_layer l;
    char name[64];
    int named = 0, fitting = 0, missing = 0;
    for (int i = 0; network_layer(n, i, &l); i++)
        for (int k = 0; k < LAYER_TENSORS; k++) {
            bool fits;
            if (!network_tensor(&l, (enum layer_tensor)k, name))
                continue;
            bool found = find(t, &l, (enum layer_tensor)k, &fits);
            named += found;
            missing += !found;
            fitting += fits;
        }
    enum { MANY = 1000 }; /* more than a network has tensors */
    return named ? (named * MANY + fitting) * MANY + MANY - 1 - missing : 0;
}

/* Returns the network that fits best, or NULL. */
static const struct network *find_nearest(const struct tensors *t)
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
    return best;
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
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const struct sign *s = &signs[i];
        const struct stored_tensor *found = tensors_find_prefix(t, s->prefix);
        if (found && (!s->without || !tensors_find_prefix(t, s->without)))
            return (struct architecture){ .name = s->name,
                                          .why = s->why,
                                          .tensor = found->name };
    }
    const struct network *nearest = find_nearest(t);
    if (!nearest)
        return (struct architecture){ .tensor = t->count ? t->list[0].name : NULL };
    const struct stored_tensor *stranger = find_stranger(t, nearest);
    if (stranger)
        return (struct architecture){ .name = nearest->name,
                                      .is_relative = true,
                                      .why = "a first layer of another shape",
                                      .tensor = stranger->name };
    return (struct architecture){ .name = nearest->name, .network = nearest };
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
             "%s: it looks like %s%s, with %s ('%s'): only RIFE 4.0 to 4.26 run here",
             t->name, out->is_relative ? "a relative of " : "", out->name, out->why,
             out->tensor);
    mention_extras(t, out->network);
fail:
    return err;
}
