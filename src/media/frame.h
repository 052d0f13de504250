/*
 * Pictures across the border: an AVFrame seen as a rifec_frame and the other
 * way round. Pixels are never copied.
 */
#ifndef RIFEC_MEDIA_FRAME_H
#define RIFEC_MEDIA_FRAME_H

#include <stdbool.h>

#include <libavutil/frame.h>

#include "base/rational.h"
#include "rifec/frame.h"

/* Wraps a decoded picture. On success consumes *av and sets it to NULL. Its
 * pixel format must be one that color_format() takes. NULL: out of memory. */
struct rifec_frame *frame_wrap(AVFrame **av);

/* The presentation time of a decoded frame; AV_NOPTS_VALUE: unknown. */
int64_t frame_time(const AVFrame *av);

/* Another owner of the same pixels; only for frames made by frame_wrap(). */
struct rifec_frame *frame_clone(const struct rifec_frame *frame);

/* Numbers a frame of the decoder. Its copies, including those of a filter, have the
 * same number. */
void frame_number(AVFrame *decoded, int64_t number);

/* Removes side data that belongs to one moment, if `before` is the same frame and has
 * it as well, or is NULL. Closed captions must be read once, however often the frame
 * is shown. */
void frame_drop_moment(AVFrame *frame, const AVFrame *before);

/* True for a frame out of the decoder, false for one the engine made. */
bool frame_is_decoded(const struct rifec_frame *frame);

/* Copies colour tags, side data and other properties of a decoded frame, without pixels,
 * to *tags, which is emptied first. Errors: NOMEM. */
int frame_copy_tags(AVFrame *tags, const struct rifec_frame *decoded);
int frame_keep_tags(AVFrame *tags, const AVFrame *decoded);

/* A new decoded frame in host memory: a at t = 0, b at t = 1, mixed in between,
 * sample by sample. Both decoded, of one size and format. NULL: out of memory. */
struct rifec_frame *frame_mix(const struct rifec_frame *a, const struct rifec_frame *b,
                              struct rational t);

/*
 * The picture as an AVFrame of the given pixel format, which must be the one
 * its rifec_format describes; a decoded one in device memory stays there, see
 * hwaccel_download(). On success consumes *frame and sets it to NULL.
 * pts and duration follow. NULL: out of memory.
 */
AVFrame *frame_unwrap(struct rifec_frame **frame, enum AVPixelFormat pix_fmt);

#endif
