/*
 * FFmpeg's pixel formats and colour tags, in rifec's words. The defaulting
 * rules for what a stream leaves unsaid are here and nowhere else.
 */
#ifndef RIFEC_MEDIA_COLOR_H
#define RIFEC_MEDIA_COLOR_H

#include <stdbool.h>

#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>

#include "rifec/frame.h"

/* Describes pix_fmt; false when the engine cannot take it as it is (palettes,
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

/* True when pix_fmt can be transparent; palettes count. */
bool color_has_alpha(enum AVPixelFormat pix_fmt);

/* The nearest pixel format the engine takes: no bits lost, alpha included. */
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
