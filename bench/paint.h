/* Frames like those of a film, for benchmarks, because arithmetic on zeros or noise
 * has another speed than on pictures. */
#ifndef RIFEC_BENCH_PAINT_H
#define RIFEC_BENCH_PAINT_H

#include "rifec/frame.h"

/*
 * Draws frame number `step` of a scene, 8-bit 4:2:0: a background of fractal noise that
 * pans by 2.3 pixels per frame, and a disc of another texture that crosses it by 9 per
 * frame.
 */
void bench_paint(const struct rifec_frame *f, int step);

#endif
