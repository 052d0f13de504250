/*
 * A picture in memory: planes, how samples lie in them, and what the numbers
 * mean. Describes every format the engine takes without naming any library's
 * enumeration: one descriptor per component, as in FFmpeg's pixdesc.
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

/* Where the samples of one component lie. */
struct rifec_component {
    uint8_t plane;  /* index into data[] and stride[]                        */
    uint8_t step;   /* bytes between horizontally neighbouring samples       */
    uint8_t offset; /* bytes before the first sample of a row                */
    uint8_t shift;  /* low bits that do not count (6 in P010, 0 elsewhere)   */
};

/*
 * Samples are 8-bit, or native-endian 16-bit words when depth + shift > 8.
 * Component 3 is alpha, of full resolution and full range, 0 transparent; there
 * is none where comp[3].step is 0.
 */
struct rifec_format {
    uint8_t family;        /* enum rifec_family                              */
    uint8_t depth;         /* significant bits of a sample, 8..16            */
    uint8_t chroma_w_log2; /* 1 when chroma has half the width  (4:2:x)      */
    uint8_t chroma_h_log2; /* 1 when chroma has half the height (4:2:0)      */
    struct rifec_component comp[4];
};

/* Matrix coefficients; the numbers are those of ITU-T H.273, table 4. */
enum rifec_matrix {
    RIFEC_MATRIX_BT709 = 1,
    RIFEC_MATRIX_FCC = 4,
    RIFEC_MATRIX_BT601 = 6, /* also 5: the same coefficients                 */
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

/* What the numbers mean. All fields must be set; RGB and gray ignore what
 * they do not need. */
struct rifec_color {
    enum rifec_matrix matrix;
    enum rifec_range range;
    enum rifec_chroma_loc chroma_loc;
};

/* Where the bytes of a picture lie. */
enum rifec_memory {
    RIFEC_MEMORY_HOST = 0,
    RIFEC_MEMORY_CUDA, /* data[] are device pointers, see struct rifec_frame  */
};

/*
 * One picture. Whoever holds the pointer owns it and gives it back with
 * rifec_frame_free(); the maker's release callback says what that means.
 */
struct rifec_frame {
    int width, height; /* pixels */
    struct rifec_format format;
    struct rifec_color color;
    uint8_t *data[4];
    ptrdiff_t stride[4];   /* bytes from one row to the next: at least a row; negative
                              if the rows lie bottom up, data[] is the top one */
    int64_t pts, duration; /* the caller's; the engine does not read them    */
    void (*release)(struct rifec_frame *frame);
    void *opaque; /* the maker's */
    enum rifec_memory memory;
    void *stream;         /* CUDA: the stream the picture is made on                  */
    uint64_t reserved[8]; /* zero: room for later versions                    */
};

/*
 * A picture in CUDA memory (decoded there): rows of planes as above, in the
 * primary context of the engine's device. No code of the host may touch the
 * bytes. `stream` is a cudaStream_t (the same as a CUstream), NULL the default
 * stream. The work that makes the picture was queued there before anybody saw the
 * frame, and what comes into its memory after it is given back is queued there,
 * too. So a reader on another stream makes that one wait for `stream` before it
 * reads, and `stream` for the reading before the frame may be given back: two
 * events, and nobody on the host waits.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* Gives *frame back and sets it to NULL; accepts NULL, and a pointer to NULL. */
RIFEC_API void rifec_frame_free(struct rifec_frame **frame);

/* True when a format has component c: those of its family, and alpha (3). False for
 * any other c, and with a message if `format` is NULL. */
RIFEC_API bool rifec_format_has(const struct rifec_format *format, int c);

/*
 * A format with each component in a plane of its own, in the order of the family: Y, Cb,
 * Cr or R, G, B. Samples of more than 8 bits are 16-bit words, in their low bits. There
 * is no alpha. yuv420p10 is rifec_format_planar(RIFEC_FAMILY_YUV, 10, 1, 1). For a
 * family, depth or subsampling that does not exist: all zero, which rifec_open() refuses,
 * and a message.
 */
RIFEC_API struct rifec_format rifec_format_planar(enum rifec_family family, int depth,
                                                  int chroma_w_log2, int chroma_h_log2);

/*
 * The size of one plane, 0 .. 3, of a picture: the bytes that a row takes at least, and
 * the number of rows. Both are 0 for a plane that the format does not have. Errors:
 * USAGE. For whoever allocates frames of their own.
 */
RIFEC_API int rifec_plane_size(const struct rifec_format *format, int width, int height,
                               int plane, size_t *row_bytes, int *rows);

/* True when two frames of one size and format, in host memory, show the same
 * samples. False with a message if one is NULL or in other memory; false if size or
 * format differ. For frames in any memory: rifec_equal(). */
RIFEC_API bool rifec_frame_equal(const struct rifec_frame *a,
                                 const struct rifec_frame *b);

/* Bytes of picture in a frame, padding of rows included; 0 with a message for NULL. */
RIFEC_API size_t rifec_frame_bytes(const struct rifec_frame *frame);

#ifdef __cplusplus
}
#endif
#endif
