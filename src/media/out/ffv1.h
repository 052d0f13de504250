/*
 * How FFV1 divides a picture. Slices are coded side by side, so that all cores work; how
 * many there are depends on the size alone, so that a file does not depend on the machine
 * that made it, and can be continued on another.
 */
#ifndef RIFEC_MEDIA_OUT_FFV1_H
#define RIFEC_MEDIA_OUT_FFV1_H

#include <libavutil/pixfmt.h>

/* The number of slices; 0: the picture is too small for FFV1's version 3, and version 1,
 * which has no slices, is to be used. */
int ffv1_slices(int width, int height, enum AVPixelFormat pix_fmt);

#endif
