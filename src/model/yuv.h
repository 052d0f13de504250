/*
 * Colour arithmetic of one frame format: the meaning of a sample value, and the matrix
 * and the chroma filters in both directions. Made once at open, read by the load and
 * store ops of every backend.
 *
 * Chroma positions. Sample k of a subsampled axis lies at luma position
 * factor * k + offset, where offset follows from the siting. Up: linear
 * interpolation there, constant beyond the outermost samples. Down: for each
 * chroma sample the filter of least norm, within `factor` luma samples either
 * side, that returns exactly c from the interpolation of c. For 4:2:0 that is
 * (-1 3 3 -1)/4 between samples and (-1 2 5 2 -1)/7 on a sample; at borders
 * and odd sizes the same rule gives whatever it must be.
 */
#ifndef RIFEC_MODEL_YUV_H
#define RIFEC_MODEL_YUV_H

#include "rifec/frame.h"

#define CHROMA_TAPS_MAX 9

struct chroma_axis {
    int luma, chroma; /* samples along the axis */
    int *up_lo;       /* [luma] the chroma sample at or before ...              */
    int *up_hi;       /* [luma] ... and after, */
    float *up_f;      /* [luma] weight of the latter                            */
    int taps;         /* of the way down, at most CHROMA_TAPS_MAX               */
    int *down_first;  /* [chroma] first luma sample read                        */
    float *down_w;    /* [chroma][taps]                                         */
};

struct yuv {
    struct rifec_format format;
    int width, height;
    int chroma_width, chroma_height;
    float luma_offset, luma_scale;     /* value = (code - offset) * scale       */
    float chroma_offset, chroma_scale; /* for RGB: unused, all are "luma"       */
    float code_max;                    /* 2^depth - 1                           */
    float kr, kg, kb;                  /* Y = kr R + kg G + kb B                */
    float cr_to_r, cb_to_g, cr_to_g, cb_to_b;
    float to_cb, to_cr; /* Cb = (B - Y) * to_cb, Cr = (R - Y) * to_cr           */
    struct chroma_axis x, y;
    void *tables; /* one block that all of the above point into */
    size_t table_bytes;
};

/*
 * Checks that a format and a colour are supported. Returns NULL, or the problem as a
 * phrase.
 */
const char *yuv_refuses(const struct rifec_format *format,
                        const struct rifec_color *color);

/* Fills *out for frames of that size. Only RIFEC_ERR_NOMEM can happen. */
int yuv_open(struct yuv *out, int width, int height, const struct rifec_format *format,
             const struct rifec_color *color);
void yuv_close(struct yuv *y);

/* The same with its tables at `tables`, to which the caller has copied them. */
struct yuv yuv_moved(const struct yuv *y, void *tables);

#endif
