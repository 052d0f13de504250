/* AVFrame <-> rifec_frame, by reference. */
#include "media/frame.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/imgutils.h>

#include "base/mem.h"
#include "media/avcompat.h"
#include "media/color.h"
#include "media/hwaccel.h"
#include "rifec/error.h"

static void release_wrapped(struct rifec_frame *frame)
{
    AVFrame *av = frame->opaque;
    av_frame_free(&av);
    free(frame);
}

/* Only a frame of our own making has an AVFrame. */
static AVFrame *held_av(const struct rifec_frame *frame)
{
    return frame_is_decoded(frame) ? frame->opaque : NULL;
}

/* FFmpeg's best effort takes decoding times for all that follows once a few times do
 * not rise; where these lie close together, so do the frames. */
int64_t frame_time(const AVFrame *av)
{
    return av->pts != AV_NOPTS_VALUE ? av->pts : av->best_effort_timestamp;
}

struct rifec_frame *frame_wrap(AVFrame **av)
{
    struct rifec_frame *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    AVFrame *a = *av;
    f->width = a->width;
    f->height = a->height;
    color_format(hwaccel_pix_fmt(a), &f->format);
    f->color = color_of(a);
    for (int i = 0; i < 4; i++) {
        f->data[i] = a->data[i];
        f->stride[i] = a->linesize[i];
    }
    f->pts = frame_time(a);
    f->duration = AVFRAME_DURATION(a);
    if (hwaccel_is_device(a)) {
        f->memory = RIFEC_MEMORY_CUDA;
        f->stream = hwaccel_stream(a);
    }
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

static void mix_row(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n,
                    struct rational t)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((a[i] * (t.den - t.num) + b[i] * t.num + t.den / 2) / t.den);
}

/* Samples with unused low bits remain without them. */
static void mix_row_wide(uint16_t *out, const uint16_t *a, const uint16_t *b, size_t n,
                         struct rational t, int shift)
{
    for (size_t i = 0; i < n; i++) {
        int64_t x = a[i] >> shift, y = b[i] >> shift;
        out[i] =
            (uint16_t)((x * (t.den - t.num) + y * t.num + t.den / 2) / t.den << shift);
    }
}

static struct rifec_frame *mix(const struct rifec_frame *a, const struct rifec_frame *b,
                               struct rational t)
{
    AVFrame *av = av_frame_alloc();
    const AVFrame *from = held_av(a);
    if (!av)
        return NULL;
    av->width = from->width;
    av->height = from->height;
    av->format = from->format;
    if (av_frame_get_buffer(av, 0) < 0 || av_frame_copy_props(av, from) < 0) {
        av_frame_free(&av);
        return NULL;
    }
    int shift = a->format.comp[0].shift;
    bool wide = a->format.depth + shift > 8;
    for (int p = 0; p < 4; p++) {
        /* Whole pixels: no byte of padding between samples is left unset. */
        int bytes = av_image_get_linesize(av->format, av->width, p), rows;
        size_t needed;
        if (rifec_plane_size(&a->format, a->width, a->height, p, &needed, &rows) < 0)
            break;
        for (int y = 0; y < rows; y++) {
            void *out = av->data[p] + (ptrdiff_t)y * av->linesize[p];
            const void *ra = a->data[p] + y * a->stride[p],
                       *rb = b->data[p] + y * b->stride[p];
            if (wide)
                mix_row_wide(out, ra, rb, (size_t)bytes / 2, t, shift);
            else
                mix_row(out, ra, rb, (size_t)bytes, t);
        }
    }
    struct rifec_frame *f = frame_wrap(&av);
    av_frame_free(&av);
    return f;
}

/* Makes another owner of the same pixels, or of a copy in host memory. */
static struct rifec_frame *clone_on_host(const struct rifec_frame *frame)
{
    AVFrame *av = av_frame_clone(held_av(frame));
    struct rifec_frame *f = av && hwaccel_download(av) >= 0 ? frame_wrap(&av) : NULL;
    av_frame_free(&av);
    return f;
}

struct rifec_frame *frame_mix(const struct rifec_frame *a, const struct rifec_frame *b,
                              struct rational t)
{
    struct rifec_frame *x = clone_on_host(a), *y = clone_on_host(b);
    struct rifec_frame *mixed = x && y ? mix(x, y, t) : NULL;
    rifec_frame_free(&x);
    rifec_frame_free(&y);
    return mixed;
}

bool frame_is_decoded(const struct rifec_frame *frame)
{
    return frame->release == release_wrapped;
}

/* Copied, and not read between decoder and encoder. */
void frame_number(AVFrame *decoded, int64_t number)
{
    decoded->opaque = (void *)(intptr_t)number;
}

/* Other side data describes the picture, and holds as long as it is shown: HDR, the
 * aspect, stereo, regions of interest, film grain. */
static const enum AVFrameSideDataType of_a_moment[] = {
    AV_FRAME_DATA_A53_CC,
    AV_FRAME_DATA_S12M_TIMECODE,
    AV_FRAME_DATA_GOP_TIMECODE,
    AV_FRAME_DATA_SEI_UNREGISTERED,
};

/* A filter that knows captions may have shared them out among a frame's two fields. */
static bool is_shown(const AVFrame *before, const AVFrameSideData *now)
{
    const AVFrameSideData *was = av_frame_get_side_data(before, now->type);
    return was && was->size == now->size && !memcmp(was->data, now->data, now->size);
}

void frame_drop_moment(AVFrame *frame, const AVFrame *before)
{
    if (before && before->opaque != frame->opaque)
        return;
    for (size_t i = 0; i < sizeof of_a_moment / sizeof *of_a_moment; i++) {
        const AVFrameSideData *now = av_frame_get_side_data(frame, of_a_moment[i]);
        if (now && (!before || is_shown(before, now)))
            av_frame_remove_side_data(frame, of_a_moment[i]);
    }
}

int frame_keep_tags(AVFrame *tags, const AVFrame *decoded)
{
    av_frame_unref(tags);
    return av_frame_copy_props(tags, decoded) < 0 ? mem_fail("a frame's side data") : 0;
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
