/*
 * Pixel format conversion for formats the engine or the encoder cannot take.
 * Outside the engine's exact colour path, so a library's: swscale, told the
 * matrix and range, with its accurate rounding on.
 */
#ifndef RIFEC_MEDIA_CONVERT_H
#define RIFEC_MEDIA_CONVERT_H

#include <libavutil/frame.h>

struct convert;

/* Converts frames like `from` to pix_fmt. Matrix and range stay where both
 * are YUV; RGB to YUV uses BT.709 from 720 lines up and BT.601 below. */
int convert_open(struct convert **out, const AVFrame *from, enum AVPixelFormat pix_fmt);

/* Replaces *frame by its conversion; times and tags follow. On failure *frame
 * is untouched. */
int convert_frame(struct convert *c, AVFrame **frame);

/* The tags that the result's numbers need. */
void convert_tags(const struct convert *c, enum AVColorSpace *colorspace,
                  enum AVColorRange *range);

void convert_close(struct convert **c);

#endif
