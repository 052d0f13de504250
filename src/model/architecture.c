/*
 * The versions of RIFE as their state dicts show them. 4.6 and 4.5 are one graph:
 * the last layer of a block of 4.6 has four more outputs, which nobody reads.
 */
#include "model/architecture.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"

/* The first row whose tensor is there tells. */
static const struct sign {
    const char *prefix;  /* of a tensor's name                  */
    const char *without; /* NULL, or: and none begins like this */
    const char *name, *why;
} signs[] = {
    { "decoder4.", NULL, "IFRNet", "an encoder and four decoders" },
    { "encode.cnn0.", "block4.", "RIFE 4.13 to 4.24", "an encoder before the blocks" },
    { "encode.cnn0.", NULL, "RIFE 4.25 or 4.26",
      "five blocks and an encoder before them" },
    { "encode.6.", NULL, "RIFE 4.10 or later",
      "an encoder of four layers before the blocks" },
    { "encode.0.", NULL, "RIFE 4.7 to 4.9",
      "an encoder of two layers before the blocks" },
    { "encode.", NULL, "a RIFE later than 4.6", "an encoder before the blocks" },
    { "block4.", NULL, "a RIFE later than 4.6", "five blocks" },
    { "block0.conv1.", NULL, "RIFE 2 or 3, or one of its HD models",
      "blocks that end in conv1, and no timestep" },
    { "unet.", "block3.", "the RIFE of the paper (ECCV 2022)",
      "three blocks and a network that refines" },
    { "block0.conv0.0.1.weight", NULL, "RIFE 4.0 or 4.1, or older",
      "PReLUs in the blocks" },
    { "block0.convblock.0.0.", NULL, "RIFE 4.2 to 4.4",
      "blocks without residual convolutions" },
    { "block0.lastconv.weight", NULL, "a RIFE before 4.5",
      "blocks without pixel shuffle" },
};

bool architecture_uses(const char *tensor)
{
    struct network_layer l;
    char name[64];
    for (int n = 0; n < NETWORKS; n++)
        for (int i = 0; network_layer(&networks[n], i, &l); i++)
            for (int k = 0; k < LAYER_TENSORS; k++)
                /* Asked about every tensor when a model opens: few have the prefix. */
                if (!strncmp(tensor, l.name, strlen(l.name)) &&
                    network_tensor(&l, (enum layer_tensor)k, name) &&
                    !strcmp(name, tensor))
                    return true;
    return false;
}

static struct architecture runs(const struct network *n)
{
    return (struct architecture){ .name = n->name, .network = n };
}

struct architecture architecture_guess(const struct tensors *t)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const struct sign *s = &signs[i];
        const struct stored_tensor *found = tensors_find_prefix(t, s->prefix);
        if (found && !(s->without && tensors_find_prefix(t, s->without)))
            return (struct architecture){ .name = s->name,
                                          .why = s->why,
                                          .tensor = found->name };
    }
    const struct stored_tensor *first = tensors_find(t, "block0.conv0.0.0.weight");
    const struct stored_tensor *last = tensors_find(t, "block0.lastconv.0.bias");
    if (!tensors_find_prefix(t, "block0."))
        return (struct architecture){ .tensor = t->count ? t->list[0].name : NULL };
    if (first && first->rank == 4 &&
        first->dims[1] != networks[NETWORK_4_6].block[0].inputs)
        return (struct architecture){ .name = "another RIFE",
                                      .why = "a first layer of other inputs",
                                      .tensor = first->name };
    if (last && last->rank == 1 && last->dims[0] == networks[NETWORK_4_5].deconv_outputs)
        return runs(&networks[NETWORK_4_5]);
    return runs(&networks[NETWORK_4_6]);
}

static void mention_extras(const struct tensors *t)
{
    int extras = 0;
    const char *one = NULL;
    for (int i = 0; i < t->count; i++)
        if (!architecture_uses(t->list[i].name)) {
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
             "%s: it looks like %s, with %s ('%s'): only RIFE 4.6, and 4.5, run here",
             t->name, out->name, out->why, out->tensor);
    mention_extras(t);
fail:
    return err;
}
