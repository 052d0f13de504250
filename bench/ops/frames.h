/* A frame of 8-bit 4:2:0, the format of most video, for load and store. */
#ifndef RIFEC_BENCH_OPS_FRAMES_H
#define RIFEC_BENCH_OPS_FRAMES_H

#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "model/yuv.h"

struct bench_frame {
    struct rifec_frame frame; /* in memory that the device reads, like yuv's tables */
    struct yuv yuv;
    double bytes;       /* of the frame */
    struct yuv yuv_own; /* must be closed */
    uint8_t *memory;
};

static inline int bench_frame_open(struct bench_frame *f, const struct bench_net *net,
                                   int width, int height)
{
    const struct rifec_format yuv420p = {
        RIFEC_FAMILY_YUV, 8, 1, 1, { { 0, 1, 0, 0 }, { 1, 1, 0, 0 }, { 2, 1, 0, 0 } }
    };
    const struct rifec_color color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED,
                                       RIFEC_CHROMA_LEFT };
    f->frame = (struct rifec_frame){
        .width = width, .height = height, .format = yuv420p, .color = color
    };
    int err = yuv_open(&f->yuv_own, width, height, &yuv420p, &color);
    size_t luma = (size_t)width * (size_t)height;
    size_t chroma = (size_t)f->yuv_own.chroma_width * (size_t)f->yuv_own.chroma_height;
    f->bytes = (double)(luma + 2 * chroma);
    f->memory = malloc(luma + 2 * chroma);
    if (err < 0 || !f->memory)
        return -1;
    memset(f->memory, 128, luma + 2 * chroma);
    uint8_t *p = bench_place(net, f->memory, luma + 2 * chroma);
    f->yuv = yuv_moved(&f->yuv_own,
                       bench_place(net, f->yuv_own.tables, f->yuv_own.table_bytes));
    f->frame.data[0] = p;
    f->frame.data[1] = p + luma;
    f->frame.data[2] = p + luma + chroma;
    f->frame.stride[0] = width;
    f->frame.stride[1] = f->frame.stride[2] = f->yuv.chroma_width;
    return 0;
}

static inline void bench_frame_close(struct bench_frame *f)
{
    free(f->memory);
    yuv_close(&f->yuv_own);
}

#endif
