/*
 * How far apart two frames are: PSNR, SSIM, the largest difference and its place.
 *
 * Samples are compared as they are stored, every component of the pixel format, in values
 * of its own depth: 8 to 16 bits, planar or packed, YUV, RGB or gray, with or without
 * alpha. PSNR and SSIM follow FFmpeg's filters of these names (SSIM: Wang et al., 2004,
 * over 8x8 windows in steps of 4), so that the figures agree with `ffmpeg -lavfi psnr`
 * and `-lavfi ssim`.
 *
 */
#ifndef RIFEC_MEDIA_METRICS_H
#define RIFEC_MEDIA_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include <libavutil/frame.h>

/* PSNR of equal frames: finite, so that means and JSON stay numbers. */
#define METRICS_PSNR_EQUAL 100.0

struct metrics {
    double psnr_db; /* over all components, weighted by their size; at most
                       METRICS_PSNR_EQUAL                                       */
    double ssim;    /* the same weights; 1: equal                               */
    double mse;     /* of samples scaled to [0,1]; can be summed over frames */
    int max_abs;    /* largest difference of two sample values */
    int x, y;       /* its first place, in pixels of the frame                  */
    char component; /* 'y' 'u' 'v', 'r' 'g' 'b', 'a': where it is; 0 when equal */
    int64_t differ; /* samples that differ                                      */
};

/* True for formats that metrics_compare() supports: no palette, no floats, no
 * hardware. */
bool metrics_takes(enum AVPixelFormat format);

/* Both frames have the same size and a format that metrics_takes(). Errors: NOMEM. */
int metrics_compare(struct metrics *out, const AVFrame *a, const AVFrame *b);

#define METRICS_TEXT 96 /* room for metrics_describe() */

/* "PSNR 41.20 dB, SSIM 0.9871, largest difference 12 (y) at 4,9"; returns `text`. */
const char *metrics_describe(const struct metrics *m, char text[METRICS_TEXT]);

/* PSNR of a mean squared error of samples in [0,1]. */
double metrics_psnr(double mse);

#endif
