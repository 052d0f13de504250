/* AVFrame <-> rifec_frame, by reference. */
#include "media/frame.h"

#include <stdlib.h>
#include <string.h>

#include "media/avcompat.h"
#include "media/color.h"
#include "rifec/error.h"

static void release_wrapped(struct rifec_frame *frame)
{
    AVFrame *av = frame->opaque;
    av_frame_free(&av);
    free(frame);
}

/* Only a frame of our own making holds an AVFrame. */
static AVFrame *held_av(const struct rifec_frame *frame)
{
    return frame_is_decoded(frame) ? frame->opaque : NULL;
}

struct rifec_frame *frame_wrap(AVFrame **av)
{
    struct rifec_frame *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    AVFrame *a = *av;
    f->width = a->width;
    f->height = a->height;
    color_format(a->format, &f->format);
    f->color = color_of(a);
    for (int i = 0; i < 4; i++) {
        f->data[i] = a->data[i];
        f->stride[i] = a->linesize[i];
    }
    f->pts = a->best_effort_timestamp;
    f->duration = AVFRAME_DURATION(a);
    f->release = release_wrapped;
    f->opaque = a;
    *av = NULL;
    return f;
}

struct rifec_frame *frame_clone(const struct rifec_frame *frame)
{
    AVFrame *av = av_frame_clone(held_av(frame));
    struct rifec_frame *copy = av ? malloc(sizeof *copy) : NULL;
    if (!copy) {
        av_frame_free(&av);
        return NULL;
    }
    *copy = *frame;
    copy->opaque = av;
    return copy;
}

bool frame_is_decoded(const struct rifec_frame *frame)
{
    return frame->release == release_wrapped;
}

int frame_keep_tags(AVFrame *tags, const AVFrame *decoded)
{
    av_frame_unref(tags);
    return av_frame_copy_props(tags, decoded) < 0 ? RIFEC_ERR_NOMEM : 0;
}

int frame_copy_tags(AVFrame *tags, const struct rifec_frame *decoded)
{
    return frame_keep_tags(tags, held_av(decoded));
}

static void release_buffer(void *opaque, uint8_t *data)
{
    (void)data;
    struct rifec_frame *frame = opaque;
    rifec_frame_free(&frame);
}

AVFrame *frame_unwrap(struct rifec_frame **frame, enum AVPixelFormat pix_fmt)
{
    struct rifec_frame *f = *frame;
    AVFrame *av = held_av(f);
    if (av) {
        av->pts = f->pts;
        AVFRAME_DURATION(av) = f->duration;
        free(f);
        *frame = NULL;
        return av;
    }
    av = av_frame_alloc();
    if (!av)
        return NULL;
    /* One buffer stands for all planes: the last reference gives the frame
     * back to its maker. */
    av->buf[0] = av_buffer_create(f->data[0], rifec_frame_bytes(f), release_buffer, f, 0);
    if (!av->buf[0]) {
        av_frame_free(&av);
        return NULL;
    }
    av->width = f->width;
    av->height = f->height;
    av->format = pix_fmt;
    for (int i = 0; i < 4; i++) {
        av->data[i] = f->data[i];
        av->linesize[i] = (int)f->stride[i];
    }
    av->pts = f->pts;
    AVFRAME_DURATION(av) = f->duration;
    *frame = NULL;
    return av;
}
