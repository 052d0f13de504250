/*
 * Frames that are used again. A frame taken from the pool returns to it by
 * rifec_frame_free(), from any thread; the pool itself lives until its owner
 * has closed it and the last frame is back.
 */
#ifndef RIFEC_ENGINE_FRAMEPOOL_H
#define RIFEC_ENGINE_FRAMEPOOL_H

#include "rifec/frame.h"

struct framepool;

/* Frames of one size, format and colour. */
int framepool_open(struct framepool **out, int width, int height,
                   const struct rifec_format *format, const struct rifec_color *color);

/* A frame nobody uses, made if there is none. By the owner's thread only. */
int framepool_take(struct framepool *p, struct rifec_frame **out);

/* Accepts NULL; sets *p to NULL. Frames still out stay valid. */
void framepool_close(struct framepool **p);

#endif
