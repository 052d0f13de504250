/* Tiers of tolerance. */
#include "golden/tolerance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tier {
    const char *name;
    bool needs_bound;
    double usual, least, most;
} tiers[] = {
    [GOLDEN_EXACT] = { "exact", false, 0, 0, 0 },
    [GOLDEN_ONEOFF] = { "oneoff", false, 1, 1, 65535 },
    [GOLDEN_PSNR] = { "psnr", true, 0, 1, METRICS_PSNR_EQUAL },
    [GOLDEN_SSIM] = { "ssim", true, 0, 0, 1 },
    [GOLDEN_MAXABS] = { "maxabs", true, 0, 0, 65535 },
};

bool golden_tolerance_parse(struct golden_tolerance *out, const char *text)
{
    size_t length = strcspn(text, "=");
    for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++) {
        const struct tier *t = &tiers[i];
        if (strlen(t->name) != length || strncmp(t->name, text, length) != 0)
            continue;
        *out = (struct golden_tolerance){ (enum golden_tier)i, t->usual };
        if (!text[length])
            return !t->needs_bound;
        const char *number = text + length + 1;
        char *end;
        out->bound = strtod(number, &end);
        bool whole = i != GOLDEN_ONEOFF && i != GOLDEN_MAXABS;
        return i != GOLDEN_EXACT && end != number && !*end &&
               strspn(number, "0123456789.") == strlen(number) &&
               out->bound >= t->least && out->bound <= t->most &&
               (whole || out->bound == floor(out->bound));
    }
    return false;
}

void golden_tolerance_print(const struct golden_tolerance *t,
                            char text[GOLDEN_TOLERANCE_TEXT])
{
    if (t->tier == GOLDEN_EXACT)
        snprintf(text, GOLDEN_TOLERANCE_TEXT, "exact");
    else
        snprintf(text, GOLDEN_TOLERANCE_TEXT, "%s=%.10g", tiers[t->tier].name, t->bound);
}

bool golden_tolerance_holds(const struct golden_tolerance *t, const struct metrics *m)
{
    switch (t->tier) {
    case GOLDEN_PSNR:
        return m->psnr_db >= t->bound;
    case GOLDEN_SSIM:
        return m->ssim >= t->bound;
    case GOLDEN_ONEOFF:
    case GOLDEN_MAXABS:
        return m->max_abs <= t->bound;
    default:
        return m->max_abs == 0;
    }
}
