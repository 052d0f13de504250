/* rifec-weights info: the contents of a file, even if rifec cannot run the network. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "model/architecture.h"
#include "model/tensors.h"
#include "tool/tool.h"

/* Statistics of the numbers of our network, or of all numbers of another network. */
struct survey {
    int tensors, ignored;
    const char *one_ignored;
    long long parameters, not_finite;
    int f32, f16, bf16, other; /* tensors of these types */
    float lowest, highest;
};

static void look_at(struct survey *s, const struct stored_tensor *t)
{
    int64_t count = tensor_elements(t);
    bool is_float = true;
    s->tensors++;
    s->parameters += count;
    if (!strcmp(t->type, "F32"))
        s->f32++;
    else if (!strcmp(t->type, "F16"))
        s->f16++;
    else if (!strcmp(t->type, "BF16"))
        s->bf16++;
    else
        is_float = false;
    s->other += !is_float;
    for (int64_t i = 0; is_float && i < count; i++) {
        float v = tensor_value(t, i);
        if (!isfinite(v)) {
            s->not_finite++;
            continue;
        }
        s->lowest = fminf(s->lowest, v);
        s->highest = fmaxf(s->highest, v);
    }
}

/* n: NULL of a network that does not run. */
static struct survey examine(const struct tensors *t, const struct network *n)
{
    struct survey s = { .lowest = INFINITY, .highest = -INFINITY };
    for (int i = 0; i < t->count; i++) {
        if (!n || architecture_uses(n, t->list[i].name)) {
            look_at(&s, &t->list[i]);
        } else {
            s.ignored++;
            s.one_ignored = s.one_ignored ? s.one_ignored : t->list[i].name;
        }
    }
    return s;
}

static void print_types(const struct survey *s)
{
    const struct {
        const char *name;
        int count;
    } types[] = {
        { "F32", s->f32 }, { "F16", s->f16 }, { "BF16", s->bf16 }, { "others", s->other }
    };
    printf("types         ");
    for (size_t i = 0, shown = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].count) {
            printf("%s%s", shown++ ? ", " : "", types[i].name);
            if (types[i].count < s->tensors)
                printf(" (%d tensors)", types[i].count);
        }
    putchar('\n');
}

int tool_info(const struct tool_options *opt)
{
    int err = 0;
    char sum[65];
    struct tensors *t = NULL;
    TRY(tool_open(&t, opt->names[0]));
    struct architecture arch = architecture_guess(t);
    struct survey s = examine(t, arch.network);
    tensors_sha256(t, sum);
    char shown[3][256]; /* file names may control a terminal */
    snprintf(shown[0], sizeof shown[0], "%s", t->name);
    snprintf(shown[1], sizeof shown[1], "%s", arch.tensor ? arch.tensor : "");
    snprintf(shown[2], sizeof shown[2], "%s", s.one_ignored ? s.one_ignored : "");
    for (int i = 0; i < 3; i++)
        text_clean(shown[i]);
    printf("file          %s\nformat        %s\n", shown[0], t->format);
    if (arch.network)
        printf("network       %s\n", arch.name);
    else if (arch.name)
        printf("network       %s%s, which rifec cannot run: it has %s ('%s')\n",
               arch.is_relative ? "a relative of " : "", arch.name, arch.why, shown[1]);
    else
        printf("network       not RIFE\n");
    printf("parameters    %lld in %d tensors\n", s.parameters, s.tensors);
    if (arch.network && s.tensors != network_tensors(arch.network))
        printf("missing       %d tensors\n", network_tensors(arch.network) - s.tensors);
    if (s.ignored)
        printf("ignored       %d tensors, such as '%s'\n", s.ignored, shown[2]);
    print_types(&s);
    if (s.lowest <= s.highest)
        printf("range         %g to %g\n", s.lowest, s.highest);
    printf("not finite    %lld\nsha256        %s\n", s.not_finite, sum);
    TRY(tool_flush());
fail:
    tensors_close(&t);
    return err;
}
