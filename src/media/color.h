/*
 * FFmpeg's pixel formats and colour tags, as rifec's. Only this file has the default
 * rules for properties that a stream does not give.
 */
#ifndef RIFEC_MEDIA_COLOR_H
#define RIFEC_MEDIA_COLOR_H

#include <stdbool.h>

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>

#include "rifec/frame.h"

/* Describes pix_fmt. Returns false if the engine cannot use it directly (palettes,
 * floats, bit-packed and foreign-endian samples). */
bool color_format(enum AVPixelFormat pix_fmt, struct rifec_format *out);

/* Colour tags that the user sets instead of the stream's; FFmpeg's names, or NULL. */
struct color_names {
    const char *matrix, *range, *primaries, *transfer;
};

/* The same in FFmpeg's numbers; -1: nothing. */
struct color_override {
    int matrix, range, primaries, transfer;
};

/* Errors: USAGE. */
int color_read_names(struct color_override *out, const struct color_names *names);

/* Writes them to the frame's tags; RGB has neither matrix nor range. */
void color_override(AVFrame *frame, const struct color_override *tags);

/* True if pix_fmt can be transparent; palettes count. */
bool color_has_alpha(enum AVPixelFormat pix_fmt);

/* The nearest pixel format that the engine supports: no bits are lost, alpha included. */
enum AVPixelFormat color_nearest(enum AVPixelFormat pix_fmt);

/* yuvj420p and its kin are names for full-range yuv420p: the plain name. */
enum AVPixelFormat color_plain(enum AVPixelFormat pix_fmt);

/*
 * The colour description of a decoded frame. Unspecified matrix: BT.709 from 720 lines
 * up, BT.601 below. Unspecified range: limited for YUV, full for RGB. Unspecified siting:
 * left, as MPEG-2 and its successors have it.
 */
struct rifec_color color_of(const AVFrame *frame);

#endif
