/* How far a frame may be from its golden one, in one word. */
#ifndef RIFEC_GOLDEN_TOLERANCE_H
#define RIFEC_GOLDEN_TOLERANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "media/metrics.h"

enum golden_tier {
    GOLDEN_EXACT = 0, /* the same samples: the hash alone decides                */
    GOLDEN_ONEOFF,    /* no sample differs by more than `bound`, in values of the
                       * format's own depth */
    GOLDEN_PSNR,      /* PSNR at least `bound` dB                                */
    GOLDEN_SSIM,      /* SSIM at least `bound`                                   */
    GOLDEN_MAXABS,    /* like oneoff, with a bound that must be given */
};

struct golden_tolerance {
    enum golden_tier tier;
    double bound;
};

#define GOLDEN_TOLERANCE_TEXT 32

/* Reads "exact", "oneoff", "oneoff=2", "psnr=50", "ssim=0.99" or "maxabs=4". False for
 * anything else, and for bounds out of range. */
bool golden_tolerance_parse(struct golden_tolerance *out, const char *text);

/* Writes the same word again. */
void golden_tolerance_print(const struct golden_tolerance *t,
                            char text[GOLDEN_TOLERANCE_TEXT]);

/* True if frames with this difference pass. */
bool golden_tolerance_holds(const struct golden_tolerance *t, const struct metrics *m);

#endif
