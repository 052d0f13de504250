/*
 * Frames that are reused. A frame taken from the pool returns to it by
 * rifec_frame_free(), from any thread; the pool itself exists until its owner has closed
 * it and the last frame is back.
 */
#ifndef RIFEC_ENGINE_FRAMEPOOL_H
#define RIFEC_ENGINE_FRAMEPOOL_H

#include "rifec/frame.h"

struct framepool;

/* A source of memory for frames. */
struct framepool_memory {
    void *(*alloc)(size_t bytes); /* NULL when there is none */
    void (*free)(void *p);
};

/* Frames of one size, format and colour, in ordinary memory. */
int framepool_open(struct framepool **out, int width, int height,
                   const struct rifec_format *format, const struct rifec_color *color);

/* Sets another source of memory, before the first frame is taken. */
void framepool_set_memory(struct framepool *p, struct framepool_memory memory);

/*
 * Every frame lies in one block of this many bytes, with its planes at offset[] (plane 0
 * at 0) and the strides of *model.
 */
size_t framepool_layout(const struct framepool *p, struct rifec_frame *model,
                        size_t offset[4]);

/* Returns a frame that is not in use, and makes one if there is none. Only for the
 * owner's thread. */
int framepool_take(struct framepool *p, struct rifec_frame **out);

/* Accepts NULL; sets *p to NULL. Frames still out stay valid. */
void framepool_close(struct framepool **p);

#endif
