/* Something like a film, for benchmarks: arithmetic on zeros or noise runs at another
 * speed than on pictures. */
#ifndef RIFEC_BENCH_PAINT_H
#define RIFEC_BENCH_PAINT_H

#include "rifec/frame.h"

/*
 * Frame number `step` of a scene, 8-bit 4:2:0: a background of fractal noise that pans
 * by 2.3 pixels a frame, a disc of another texture that crosses it by 9 a frame.
 */
void bench_paint(const struct rifec_frame *f, int step);

#endif
