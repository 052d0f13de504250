/* The layout of rifec/frame.h, for code that walks a picture sample by sample. */
#ifndef RIFEC_BASE_FRAME_H
#define RIFEC_BASE_FRAME_H

#include "rifec/frame.h"

/* The number of samples of component c, which the format must have, in a row, and the
 * number of rows. */
void frame_component_size(const struct rifec_format *format, int width, int height, int c,
                          int *samples, int *rows);

#endif
