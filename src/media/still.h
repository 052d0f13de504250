/*
 * Single pictures for people: a frame, or how two differ, as a small PNG or JPEG in
 * memory. Colours are for viewing; nothing is measured on them.
 */
#ifndef RIFEC_MEDIA_STILL_H
#define RIFEC_MEDIA_STILL_H

#include <stdint.h>

#include <libavutil/frame.h>

#define STILL_GAIN 8 /* what still_difference() multiplies by */

/* The frame as RGB of 8 bits, of its own size, by swscale. Errors: NOMEM. */
int still_rgb(AVFrame **out, const AVFrame *frame);

/* |a - b| * STILL_GAIN, clipped, of two pictures of still_rgb(). Errors: NOMEM. */
int still_difference(AVFrame **out, const AVFrame *a, const AVFrame *b);

/* The part of an RGB picture around (x, y), `side` square, or less if the picture is
 * smaller; refers to the picture's samples. Errors: NOMEM. */
int still_crop(AVFrame **out, const AVFrame *rgb, int x, int y, int side);

struct still {
    uint8_t *data; /* av_free() */
    int size;
    const char *type; /* "image/png", "image/jpeg" */
};

/* JPEG of at most `width` pixels across, smaller by an area filter. Errors: NOMEM. */
int still_jpeg(struct still *out, const AVFrame *rgb, int width);

/* PNG as it is. Errors: NOMEM. */
int still_png(struct still *out, const AVFrame *rgb);

#endif
