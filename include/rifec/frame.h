/*
 * A picture in memory: its planes, the layout of the samples in them, and the colour
 * that a sample value means. One descriptor per component, as in FFmpeg's pixdesc,
 * describes every format that the engine supports.
 */
#ifndef RIFEC_FRAME_H
#define RIFEC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rifec/api.h"

enum rifec_family {
    RIFEC_FAMILY_GRAY = 1, /* component 0 is Y                */
    RIFEC_FAMILY_YUV,      /* components 0..2 are Y, Cb, Cr   */
    RIFEC_FAMILY_RGB,      /* components 0..2 are R, G, B     */
};

/* The layout of one component's samples. */
struct rifec_component {
    uint8_t plane;  /* index into data[] and stride[]                        */
    uint8_t step;   /* bytes between horizontally neighbouring samples       */
    uint8_t offset; /* bytes before the first sample of a row                */
    uint8_t shift;  /* unused low bits (6 in P010, 0 elsewhere)              */
};

/*
 * A pixel format. Samples are bytes, or native-endian 16-bit words if depth + shift > 8.
 * Component 3 is alpha, in full resolution and full range, where 0 is transparent. A
 * format without alpha has comp[3].step = 0.
 */
struct rifec_format {
    uint8_t family;        /* enum rifec_family                              */
    uint8_t depth;         /* significant bits of a sample, 8 to 16          */
    uint8_t chroma_w_log2; /* 0 to 2: 1 if chroma has half the width (4:2:x)  */
    uint8_t chroma_h_log2; /* 0 to 2: 1 if chroma has half the height (4:2:0) */
    struct rifec_component comp[4];
};

/* Matrix coefficients; the numbers are those of ITU-T H.273, table 4. */
enum rifec_matrix {
    RIFEC_MATRIX_BT709 = 1,
    RIFEC_MATRIX_FCC = 4,
    RIFEC_MATRIX_BT601 = 6, /* number 5 has the same coefficients            */
    RIFEC_MATRIX_SMPTE240M = 7,
    RIFEC_MATRIX_BT2020_NCL = 9,
};

enum rifec_range {
    RIFEC_RANGE_LIMITED = 1, /* Y 16..235, C 16..240, scaled to the depth    */
    RIFEC_RANGE_FULL,        /* 0 .. 2^depth - 1                             */
};

/* Position of a subsampled chroma sample within its group of luma samples. */
enum rifec_chroma_loc {
    RIFEC_CHROMA_LEFT = 1, /* MPEG-2, H.264, H.265: on the left column, between rows */
    RIFEC_CHROMA_CENTER,   /* MPEG-1, JPEG: in the middle                            */
    RIFEC_CHROMA_TOPLEFT,  /* BT.2020, UHD: on the first sample                      */
    RIFEC_CHROMA_TOP,
    RIFEC_CHROMA_BOTTOMLEFT,
    RIFEC_CHROMA_BOTTOM,
};

/* The colour that a sample value means. All fields must be set, although RGB and gray
 * do not use all of them. */
struct rifec_color {
    enum rifec_matrix matrix;
    enum rifec_range range;
    enum rifec_chroma_loc chroma_loc;
};

/* The memory that holds a picture. */
enum rifec_memory {
    RIFEC_MEMORY_HOST = 0,
    RIFEC_MEMORY_CUDA, /* data[] are device pointers, see struct rifec_frame  */
};

/*
 * One picture. Whoever holds the pointer owns the frame and frees it with
 * rifec_frame_free(), which calls `release`. The callback, set by whoever made the frame,
 * frees the frame and its planes, or returns them to a pool.
 */
struct rifec_frame {
    int width, height; /* pixels */
    struct rifec_format format;
    struct rifec_color color;
    uint8_t *data[4];
    ptrdiff_t stride[4];   /* bytes from one row to the next: at least a row's bytes;
                              negative if rows are stored bottom up. data[] points
                              to the top row */
    int64_t pts, duration; /* for the caller; the engine does not read them */
    void (*release)(struct rifec_frame *frame);
    void *opaque; /* for the release callback */
    enum rifec_memory memory;
    void *stream;         /* CUDA: the stream on which the picture is made             */
    uint64_t reserved[8]; /* zero: room for later versions                    */
};

/*
 * A picture in CUDA memory has the same planes and strides, in the primary context of
 * the engine's device. The host must not access its bytes. `stream` is a cudaStream_t
 * (that is, a CUstream); NULL is the default stream.
 *
 * All work that produces the picture is already queued on `stream` when a function gets
 * the frame, and all work that reuses its memory is queued there after the frame is
 * freed. To read it on another stream: record an event on `stream` and wait for it;
 * record an event after the read, and make `stream` wait for that one before freeing the
 * frame. The host never waits.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* Frees *frame and sets it to NULL. Accepts NULL and a pointer to NULL. */
RIFEC_API void rifec_frame_free(struct rifec_frame **frame);

/* Returns true if the format has component c, 0 to 3, where 3 is alpha; false for any
 * other c. If `format` is NULL, it logs an error and returns false. */
RIFEC_API bool rifec_format_has(const struct rifec_format *format, int c);

/*
 * Returns a format with each component in its own plane, in the order Y, Cb, Cr or
 * R, G, B, without alpha. Samples of more than 8 bits are 16-bit words that use the low
 * bits. yuv420p10 is rifec_format_planar(RIFEC_FAMILY_YUV, 10, 1, 1). For an impossible
 * family, depth or subsampling it logs an error and returns a format of zeros, which
 * rifec_open() refuses.
 */
RIFEC_API struct rifec_format rifec_format_planar(enum rifec_family family, int depth,
                                                  int chroma_w_log2, int chroma_h_log2);

/*
 * Computes the size of plane 0 to 3 of a picture, for allocating frames: the minimum
 * bytes of a row and the number of rows. Both are 0 for a plane that the format does not
 * have. Width and height are in pixels, at least 1. Errors: USAGE.
 */
RIFEC_API int rifec_plane_size(const struct rifec_format *format, int width, int height,
                               int plane, size_t *row_bytes, int *rows);

/* Returns true if two frames in host memory have the same size, format and samples.
 * If one is NULL or not in host memory, it logs an error and returns false; see
 * rifec_equal() for frames in any memory. */
RIFEC_API bool rifec_frame_equal(const struct rifec_frame *a,
                                 const struct rifec_frame *b);

/* Returns the bytes of a frame's planes, with the padding of rows. If `frame` is NULL,
 * it logs an error and returns 0. */
RIFEC_API size_t rifec_frame_bytes(const struct rifec_frame *frame);

#ifdef __cplusplus
}
#endif
#endif
