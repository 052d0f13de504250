/*
 * Writes a video that shows two videos side by side, synchronised by their times and
 * labelled. It needs libavfilter, and fails with a message without it.
 */
#ifndef RIFEC_PIPELINE_BESIDE_H
#define RIFEC_PIPELINE_BESIDE_H

#include <stdbool.h>

/*
 * Writes `out`, a file, with `left` on the left and `right` on the right, at the
 * times of the right one's frames; the frame of the left one that is shown then stands
 * beside each. Sizes may differ: the left one is scaled to the right one's height.
 * Errors: INPUT, OUTPUT, CODEC, NOMEM.
 */
int beside_write(const char *out, const char *left, const char *right, bool overwrite);

#endif
