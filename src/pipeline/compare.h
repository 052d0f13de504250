/* Compares two films frame by frame. Interpolates nothing. */
#ifndef RIFEC_PIPELINE_COMPARE_H
#define RIFEC_PIPELINE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct compare_options {
    double min_psnr, min_ssim; /* of every frame; 0: any                              */
    int64_t max_abs;           /* largest difference of two samples, plus 1; 0: any */
    int64_t step;              /* every Nth frame; 0: every one                       */
};

/*
 * Compares a with b. Prints a line for each pair of frames, unless `brief`, and one for
 * all. Frames are paired by number; with `step` N, every Nth frame of b, and of a as well
 * unless b has N times as many. Other pixel formats than a's are converted to a's.
 * Returns 0; VERIFY if a bound does not hold or one film has more frames; INPUT (another
 * size, damage, nothing decodes), NOMEM, OUTPUT (`to` is full).
 */
int compare_films(const struct compare_options *o, const char *a, const char *b,
                  bool brief, FILE *to);

/* Writes both films next to each other to the file `out`: see beside.h. */
int compare_write_beside(const char *out, const char *left, const char *right,
                         bool overwrite);

#endif
