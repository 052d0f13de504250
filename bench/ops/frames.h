/* A frame of 8-bit 4:2:0, the format of most video, for load and store. */
#ifndef RIFEC_BENCH_OPS_FRAMES_H
#define RIFEC_BENCH_OPS_FRAMES_H

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "model/yuv.h"

struct bench_frame {
    struct rifec_frame frame;
    struct yuv yuv;
    double bytes; /* of the frame */
};

static inline int bench_frame_open(struct bench_frame *f, int width, int height)
{
    const struct rifec_format yuv420p = {
        RIFEC_FAMILY_YUV, 8, 1, 1, { { 0, 1, 0, 0 }, { 1, 1, 0, 0 }, { 2, 1, 0, 0 } }
    };
    const struct rifec_color color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED,
                                       RIFEC_CHROMA_LEFT };
    f->frame = (struct rifec_frame){
        .width = width, .height = height, .format = yuv420p, .color = color
    };
    int err = yuv_open(&f->yuv, width, height, &yuv420p, &color);
    size_t luma = (size_t)width * (size_t)height;
    size_t chroma = (size_t)f->yuv.chroma_width * (size_t)f->yuv.chroma_height;
    f->bytes = (double)(luma + 2 * chroma);
    uint8_t *p = malloc(luma + 2 * chroma);
    if (err < 0 || !p)
        return -1;
    memset(p, 128, luma + 2 * chroma);
    f->frame.data[0] = p;
    f->frame.data[1] = p + luma;
    f->frame.data[2] = p + luma + chroma;
    f->frame.stride[0] = width;
    f->frame.stride[1] = f->frame.stride[2] = f->yuv.chroma_width;
    return 0;
}

static inline void bench_frame_close(struct bench_frame *f)
{
    free(f->frame.data[0]);
    yuv_close(&f->yuv);
}

#endif
