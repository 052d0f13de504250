/* The inside of rifec/frame.h, for those who walk a picture sample by sample. */
#ifndef RIFEC_BASE_FRAME_H
#define RIFEC_BASE_FRAME_H

#include "rifec/frame.h"

/* How many samples of component c, which the format has, are in a row, and how many rows
 * of them there are. */
void frame_component_size(const struct rifec_format *format, int width, int height, int c,
                          int *samples, int *rows);

#endif
