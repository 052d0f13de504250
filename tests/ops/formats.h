/* Every format family that the engine accepts, and frames of them, for tests of load
 * and store. */
#ifndef RIFEC_TESTS_OPS_FORMATS_H
#define RIFEC_TESTS_OPS_FORMATS_H

#include <string.h>

#include "checkop.h"
#include "model/yuv.h"

struct named_format {
    const char *name;
    struct rifec_format format;
};

#define PLANAR(bytes, shift)                                                             \
    {                                                                                    \
        { 0, bytes, 0, shift }, { 1, bytes, 0, shift },                                  \
        {                                                                                \
            2, bytes, 0, shift                                                           \
        }                                                                                \
    }
#define PLANAR_ALPHA(bytes)                                                              \
    {                                                                                    \
        { 0, bytes, 0, 0 }, { 1, bytes, 0, 0 }, { 2, bytes, 0, 0 },                      \
        {                                                                                \
            3, bytes, 0, 0                                                               \
        }                                                                                \
    }
#define YUV(depth, w, h, ...)                                                            \
    {                                                                                    \
        RIFEC_FAMILY_YUV, depth, w, h, __VA_ARGS__                                       \
    }
#define RGB(depth, ...)                                                                  \
    {                                                                                    \
        RIFEC_FAMILY_RGB, depth, 0, 0, __VA_ARGS__                                       \
    }
#define GRAY(depth, ...)                                                                 \
    {                                                                                    \
        RIFEC_FAMILY_GRAY, depth, 0, 0, __VA_ARGS__                                      \
    }

static const struct named_format formats[] = {
    { "yuv420p", YUV(8, 1, 1, PLANAR(1, 0)) },
    { "yuv422p", YUV(8, 1, 0, PLANAR(1, 0)) },
    { "yuv444p", YUV(8, 0, 0, PLANAR(1, 0)) },
    { "yuv440p", YUV(8, 0, 1, PLANAR(1, 0)) },
    { "yuv411p", YUV(8, 2, 0, PLANAR(1, 0)) },
    { "yuv410p", YUV(8, 2, 2, PLANAR(1, 0)) },
    { "nv12", YUV(8, 1, 1, { { 0, 1, 0, 0 }, { 1, 2, 0, 0 }, { 1, 2, 1, 0 } }) },
    { "nv21", YUV(8, 1, 1, { { 0, 1, 0, 0 }, { 1, 2, 1, 0 }, { 1, 2, 0, 0 } }) },
    { "yuyv422", YUV(8, 1, 0, { { 0, 2, 0, 0 }, { 0, 4, 1, 0 }, { 0, 4, 3, 0 } }) },
    { "yuv420p9", YUV(9, 1, 1, PLANAR(2, 0)) },
    { "yuv420p10", YUV(10, 1, 1, PLANAR(2, 0)) },
    { "yuv422p10", YUV(10, 1, 0, PLANAR(2, 0)) },
    { "yuv444p12", YUV(12, 0, 0, PLANAR(2, 0)) },
    { "p010", YUV(10, 1, 1, { { 0, 2, 0, 6 }, { 1, 4, 0, 6 }, { 1, 4, 2, 6 } }) },
    { "yuv420p16", YUV(16, 1, 1, PLANAR(2, 0)) },
    { "rgb24", RGB(8, { { 0, 3, 0, 0 }, { 0, 3, 1, 0 }, { 0, 3, 2, 0 } }) },
    { "bgr0", RGB(8, { { 0, 4, 2, 0 }, { 0, 4, 1, 0 }, { 0, 4, 0, 0 } }) },
    { "gbrp", RGB(8, { { 2, 1, 0, 0 }, { 0, 1, 0, 0 }, { 1, 1, 0, 0 } }) },
    { "gbrp10", RGB(10, { { 2, 2, 0, 0 }, { 0, 2, 0, 0 }, { 1, 2, 0, 0 } }) },
    { "rgb48", RGB(16, { { 0, 6, 0, 0 }, { 0, 6, 2, 0 }, { 0, 6, 4, 0 } }) },
    { "yuva420p", YUV(8, 1, 1, PLANAR_ALPHA(1)) },
    { "yuva422p12", YUV(12, 1, 0, PLANAR_ALPHA(2)) },
    { "yuva444p16", YUV(16, 0, 0, PLANAR_ALPHA(2)) },
    { "argb",
      RGB(8, { { 0, 4, 1, 0 }, { 0, 4, 2, 0 }, { 0, 4, 3, 0 }, { 0, 4, 0, 0 } }) },
    { "rgba64",
      RGB(16, { { 0, 8, 0, 0 }, { 0, 8, 2, 0 }, { 0, 8, 4, 0 }, { 0, 8, 6, 0 } }) },
    { "gbrap10",
      RGB(10, { { 2, 2, 0, 0 }, { 0, 2, 0, 0 }, { 1, 2, 0, 0 }, { 3, 2, 0, 0 } }) },
    { "ya8", GRAY(8, { { 0, 2, 0, 0 }, { 0 }, { 0 }, { 0, 2, 1, 0 } }) },
    { "ya16", GRAY(16, { { 0, 4, 0, 0 }, { 0 }, { 0 }, { 0, 4, 2, 0 } }) },
    { "gray", GRAY(8, { { 0, 1, 0, 0 } }) },
    { "gray10", GRAY(10, { { 0, 2, 0, 0 } }) },
    { "gray16", GRAY(16, { { 0, 2, 0, 0 } }) },
};

#define FORMATS ((int)(sizeof formats / sizeof *formats))

static const enum rifec_matrix matrices[] = { RIFEC_MATRIX_BT709, RIFEC_MATRIX_FCC,
                                              RIFEC_MATRIX_BT601, RIFEC_MATRIX_SMPTE240M,
                                              RIFEC_MATRIX_BT2020_NCL };

static inline struct rifec_color random_color(void)
{
    return (struct rifec_color){ matrices[checkop_int(0, 4)],
                                 (enum rifec_range)checkop_int(1, 2),
                                 (enum rifec_chroma_loc)checkop_int(1, 6) };
}

/* The size of component c in samples; zero if the format lacks it. */
static inline int component_width(const struct rifec_frame *f, int c)
{
    int log2 = c == 1 || c == 2 ? f->format.chroma_w_log2 : 0;
    return rifec_format_has(&f->format, c) ? ((f->width - 1) >> log2) + 1 : 0;
}

static inline int component_height(const struct rifec_frame *f, int c)
{
    int log2 = c == 1 || c == 2 ? f->format.chroma_h_log2 : 0;
    return rifec_format_has(&f->format, c) ? ((f->height - 1) >> log2) + 1 : 0;
}

/* A frame in guarded memory, with rows a little longer than necessary. */
static inline struct rifec_frame make_frame(const struct rifec_format *f, int width,
                                            int height)
{
    struct rifec_frame frame = { .width = width, .height = height, .format = *f };
    for (int c = 3; c >= 0; c--) {
        int plane = f->comp[c].plane;
        int w = component_width(&frame, c), h = component_height(&frame, c);
        ptrdiff_t stride = (ptrdiff_t)w * f->comp[c].step + 6;
        if (!w || frame.stride[plane] >= stride)
            continue;
        frame.stride[plane] = stride;
        frame.data[plane] = checkop_bytes((size_t)stride * (size_t)h);
    }
    return frame;
}

/* Returns the address of sample (x, y) of component c; below, its value is read and
 * set. */
static inline uint8_t *sample_at(const struct rifec_frame *f, int c, int x, int y)
{
    const struct rifec_component *k = &f->format.comp[c];
    return f->data[k->plane] + y * f->stride[k->plane] + x * k->step + k->offset;
}

static inline int get_code(const struct rifec_frame *f, int c, int x, int y)
{
    const uint8_t *p = sample_at(f, c, x, y);
    uint16_t wide;
    if (f->format.depth + f->format.comp[c].shift <= 8)
        return *p;
    memcpy(&wide, p, sizeof wide);
    return wide >> f->format.comp[c].shift;
}

static inline void set_code(const struct rifec_frame *f, int c, int x, int y, int code)
{
    uint8_t *p = sample_at(f, c, x, y);
    uint16_t wide = (uint16_t)(code << f->format.comp[c].shift);
    if (f->format.depth + f->format.comp[c].shift <= 8)
        *p = (uint8_t)code;
    else
        memcpy(p, &wide, sizeof wide);
}

/* Fills the frame with random sample values of the depth, legal or not. */
static inline void fill_frame(const struct rifec_frame *f)
{
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < component_height(f, c); y++)
            for (int x = 0; x < component_width(f, c); x++)
                set_code(f, c, x, y, checkop_int(0, (1 << f->format.depth) - 1));
}

static inline const char *color_name(const struct rifec_color *c, char *out, size_t bytes)
{
    snprintf(out, bytes, "matrix %d, range %d, chroma at %d", (int)c->matrix,
             (int)c->range, (int)c->chroma_loc);
    return out;
}

#endif
