/* rifec-weights verify: checks weights as the engine would load them, also against
 * others. */
#include <math.h>
#include <stdio.h>

#include "base/err.h"
#include "base/half.h"
#include "base/log.h"
#include "model/architecture.h"
#include "model/tensors.h"
#include "model/weights.h"
#include "tool/tool.h"

#define FP16_MAX 65504.0f

static float difference(const float *a, const float *b, int count)
{
    float worst = 0;
    for (int i = 0; i < count; i++)
        worst = fmaxf(worst, fabsf(a[i] - b[i]));
    return worst;
}

/* Prints a table of the largest differences; returns the largest of all. */
static float compare(const struct weights *a, const struct weights *b)
{
    float worst = 0;
    struct network_layer layer;
    printf("%-22s %12s %12s\n", "largest difference in", "weights", "biases");
    for (int i = 0; network_layer(a->network, i, &layer); i++) {
        const struct conv_layer *l = &a->layers[i], *other = &b->layers[i];
        float weight = difference(l->weight, other->weight,
                                  l->kernel * l->kernel * l->cin * l->cout);
        float bias = difference(l->bias, other->bias, l->cout);
        printf("%-22s %12g %12g\n", layer.name, weight, bias);
        worst = fmaxf(worst, fmaxf(weight, bias));
    }
    printf("%-22s %12g\n", "all", worst);
    return worst;
}

/* Finds the largest number, and how many FP16 turns into zero. */
static float measure(const struct weights *w, long long *vanish)
{
    float largest = 0;
    *vanish = 0;
    for (size_t i = 0; i < w->count; i++) {
        largest = fmaxf(largest, fabsf(w->data[i]));
        *vanish += w->data[i] != 0 && !(float_to_half(w->data[i]) & 0x7fff);
    }
    return largest;
}

static int load(struct weights *w, const char *name, struct architecture *arch)
{
    struct tensors *t;
    int err = tool_open(&t, name);
    if (!err) {
        *arch = architecture_guess(t);
        err = weights_load(w, t);
    }
    tensors_close(&t);
    return err;
}

int tool_verify(const struct tool_options *opt)
{
    int err = 0;
    long long vanish;
    struct weights w = { 0 }, reference = { 0 };
    struct architecture arch;
    TRY(load(&w, opt->names[0], &arch));
    float largest = measure(&w, &vanish);
    printf("%s: %s, complete and finite; the largest number is %g; FP16 rounds %lld to "
           "zero\n",
           opt->names[0], arch.name, largest, vanish);
    TRY(tool_flush());
    if (largest > FP16_MAX)
        FAIL(RIFEC_ERR_VERIFY,
             "%s: FP16 holds numbers only up to %g; run this model with --fp32",
             opt->names[0], FP16_MAX);
    if (opt->names[1]) {
        TRY(load(&reference, opt->names[1], &arch));
        if (w.count != reference.count)
            FAIL(RIFEC_ERR_VERIFY, "%s is %s and %s is %s: their layers do not compare",
                 opt->names[0], w.network->name, opt->names[1], reference.network->name);
        float worst = compare(&w, &reference);
        TRY(tool_flush());
        if (worst > opt->tolerance)
            FAIL(RIFEC_ERR_VERIFY, "%s differs from %s by up to %g", opt->names[0],
                 opt->names[1], worst);
    }
fail:
    weights_close(&w);
    weights_close(&reference);
    return err;
}
