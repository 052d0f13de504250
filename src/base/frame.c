/* Functions for every user of a frame. */
#include "base/frame.h"

#include <string.h>

#include "base/argument.h"
#include "base/err.h"
#include "base/log.h"

void rifec_frame_free(struct rifec_frame **frame)
{
    struct rifec_frame *f = frame ? *frame : NULL;
    if (frame)
        *frame = NULL;
    if (f && f->release)
        f->release(f);
}

bool rifec_format_has(const struct rifec_format *format, int c)
{
    if (NOT_NULL(format) < 0 || c < 0 || c > 3)
        return false;
    if (c == 3)
        return format->comp[3].step != 0;
    return c == 0 || format->family != RIFEC_FAMILY_GRAY;
}

static int subsampled(int size, int log2)
{
    return (size + (1 << log2) - 1) >> log2;
}

void frame_component_size(const struct rifec_format *format, int width, int height, int c,
                          int *samples, int *rows)
{
    bool chroma = format->family == RIFEC_FAMILY_YUV && (c == 1 || c == 2);
    *samples = subsampled(width, chroma ? format->chroma_w_log2 : 0);
    *rows = subsampled(height, chroma ? format->chroma_h_log2 : 0);
}

/* From the first sample of a row to the end of the last, with other components between
 * them. */
static size_t component_bytes(const struct rifec_format *format, int c, int samples)
{
    const struct rifec_component *k = &format->comp[c];
    size_t sample = format->depth + k->shift > 8 ? 2 : 1;
    return (size_t)(samples - 1) * k->step + sample;
}

/* The bytes of all components that are in the plane. */
static void plane_size(const struct rifec_format *format, int width, int height,
                       int plane, size_t *row_bytes, int *rows)
{
    *row_bytes = 0;
    *rows = 0;
    for (int c = 0; c < 4; c++) {
        int samples, n;
        if (!rifec_format_has(format, c) || format->comp[c].plane != plane)
            continue;
        frame_component_size(format, width, height, c, &samples, &n);
        size_t bytes = format->comp[c].offset + component_bytes(format, c, samples);
        *row_bytes = bytes > *row_bytes ? bytes : *row_bytes;
        *rows = n > *rows ? n : *rows;
    }
}

bool rifec_frame_equal(const struct rifec_frame *a, const struct rifec_frame *b)
{
    if (NOT_NULL(a) < 0 || NOT_NULL(b) < 0)
        return false;
    if (a->memory != RIFEC_MEMORY_HOST || b->memory != RIFEC_MEMORY_HOST) {
        log_error("rifec_frame_equal: a and b must both be in host memory");
        return false;
    }
    if (a->width != b->width || a->height != b->height ||
        memcmp(&a->format, &b->format, sizeof a->format) != 0)
        return false;
    for (int c = 0; c < 4; c++) {
        if (!rifec_format_has(&a->format, c))
            continue;
        const struct rifec_component *k = &a->format.comp[c];
        const uint8_t *x = a->data[k->plane] + k->offset,
                      *y = b->data[k->plane] + k->offset;
        int samples, rows;
        frame_component_size(&a->format, a->width, a->height, c, &samples, &rows);
        size_t bytes = component_bytes(&a->format, c, samples);
        for (int row = 0; row < rows; row++) {
            if (memcmp(x, y, bytes) != 0)
                return false;
            x += a->stride[k->plane];
            y += b->stride[k->plane];
        }
    }
    return true;
}

size_t rifec_frame_bytes(const struct rifec_frame *frame)
{
    size_t bytes = 0;
    if (NOT_NULL(frame) < 0)
        return 0;
    for (int plane = 0; plane < 4; plane++) {
        size_t row_bytes;
        int rows;
        plane_size(&frame->format, frame->width, frame->height, plane, &row_bytes, &rows);
        ptrdiff_t stride = frame->stride[plane];
        bytes += (size_t)rows * (size_t)(stride < 0 ? -stride : stride);
    }
    return bytes;
}

struct rifec_format rifec_format_planar(enum rifec_family family, int depth,
                                        int chroma_w_log2, int chroma_h_log2)
{
    struct rifec_format f = { 0 };
    const char *wrong = NULL;
    if (family < RIFEC_FAMILY_GRAY || family > RIFEC_FAMILY_RGB)
        wrong = "family must be RIFEC_FAMILY_GRAY, _YUV or _RGB";
    else if (depth < 8 || depth > 16)
        wrong = "depth must be 8 to 16";
    else if (chroma_w_log2 < 0 || chroma_w_log2 > 2 || chroma_h_log2 < 0 ||
             chroma_h_log2 > 2)
        wrong = "chroma_w_log2 and chroma_h_log2 must be 0 to 2";
    else if (family != RIFEC_FAMILY_YUV && (chroma_w_log2 || chroma_h_log2))
        wrong = "chroma_w_log2 and chroma_h_log2 must be 0, except with RIFEC_FAMILY_YUV";
    if (wrong) {
        log_error("rifec_format_planar: %s", wrong);
        return f;
    }
    f.family = (uint8_t)family;
    f.depth = (uint8_t)depth;
    f.chroma_w_log2 = (uint8_t)chroma_w_log2;
    f.chroma_h_log2 = (uint8_t)chroma_h_log2;
    for (int c = 0; c < (family == RIFEC_FAMILY_GRAY ? 1 : 3); c++) {
        f.comp[c].plane = (uint8_t)c;
        f.comp[c].step = depth > 8 ? 2 : 1;
    }
    return f;
}

int rifec_plane_size(const struct rifec_format *format, int width, int height, int plane,
                     size_t *row_bytes, int *rows)
{
    int err = 0;
    TRY(NOT_NULL(format));
    TRY(NOT_NULL(row_bytes));
    TRY(NOT_NULL(rows));
    *row_bytes = 0;
    *rows = 0;
    if (width < 1 || height < 1)
        FAIL(RIFEC_ERR_USAGE,
             "rifec_plane_size: width and height are %dx%d, but must be "
             "at least 1",
             width, height);
    if (plane < 0 || plane > 3)
        FAIL(RIFEC_ERR_USAGE, "rifec_plane_size: plane is %d, but must be 0 to 3", plane);
    plane_size(format, width, height, plane, row_bytes, rows);
fail:
    return err;
}
