/*
 * Pixel format conversion for formats that the engine or the encoder does not support. It
 * is outside the engine's exact colour path, so a library does it: swscale, with matrix
 * and range set and accurate rounding.
 */
#ifndef RIFEC_MEDIA_CONVERT_H
#define RIFEC_MEDIA_CONVERT_H

#include <libavutil/frame.h>

struct convert;

/* Converts frames like `from` to pix_fmt. Matrix and range stay where both
 * are YUV; RGB to YUV uses BT.709 from 720 lines up and BT.601 below. */
int convert_open(struct convert **out, const AVFrame *from, enum AVPixelFormat pix_fmt);

/* Replaces *frame by its conversion, with the same times and tags. On failure *frame
 * is untouched. */
int convert_frame(struct convert *c, AVFrame **frame);

/* The tags that describe the result. */
void convert_tags(const struct convert *c, enum AVColorSpace *colorspace,
                  enum AVColorRange *range);

void convert_close(struct convert **c);

#endif
