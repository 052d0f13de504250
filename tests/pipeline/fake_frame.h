/* Frames of one gray pixel; they count how many of them exist. */
#ifndef FAKE_FRAME_H
#define FAKE_FRAME_H

#include <stdlib.h>

#include "rifec/frame.h"

static int frames_alive;

static inline void fake_frame_release(struct rifec_frame *f)
{
    frames_alive--;
    free(f->data[0]);
    free(f);
}

static inline struct rifec_frame *fake_frame(int64_t pts, int64_t duration)
{
    struct rifec_frame *f = calloc(1, sizeof *f);
    f->width = f->height = 1;
    f->format = rifec_format_planar(RIFEC_FAMILY_GRAY, 8, 0, 0);
    f->data[0] = calloc(1, 1);
    f->stride[0] = 1;
    f->pts = pts;
    f->duration = duration;
    f->release = fake_frame_release;
    frames_alive++;
    return f;
}

#endif
