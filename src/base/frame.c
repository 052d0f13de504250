/* What every holder of a frame needs. */
#include "rifec/frame.h"

#include <assert.h>
#include <string.h>

void rifec_frame_free(struct rifec_frame **frame)
{
    struct rifec_frame *f = *frame;
    *frame = NULL;
    if (f && f->release)
        f->release(f);
}

bool rifec_format_has(const struct rifec_format *format, int c)
{
    if (c == 3)
        return format->comp[3].step != 0;
    return c == 0 || format->family != RIFEC_FAMILY_GRAY;
}

static bool is_chroma(const struct rifec_format *fmt, int c)
{
    return fmt->family == RIFEC_FAMILY_YUV && (c == 1 || c == 2);
}

static int rows_of(const struct rifec_frame *f, int c)
{
    int log2 = is_chroma(&f->format, c) ? f->format.chroma_h_log2 : 0;
    return (f->height + (1 << log2) - 1) >> log2;
}

/* From the first sample of a row to behind the last, other components between
 * them included. */
static size_t row_bytes(const struct rifec_frame *f, int c)
{
    int log2 = is_chroma(&f->format, c) ? f->format.chroma_w_log2 : 0;
    size_t samples = (size_t)((f->width + (1 << log2) - 1) >> log2);
    const struct rifec_component *k = &f->format.comp[c];
    size_t sample = f->format.depth + k->shift > 8 ? 2 : 1;
    return (samples - 1) * k->step + sample;
}

bool rifec_frame_equal(const struct rifec_frame *a, const struct rifec_frame *b)
{
    assert(a->memory == RIFEC_MEMORY_HOST && b->memory == RIFEC_MEMORY_HOST);
    for (int c = 0; c < 4; c++) {
        if (!rifec_format_has(&a->format, c))
            continue;
        const struct rifec_component *k = &a->format.comp[c];
        const uint8_t *x = a->data[k->plane] + k->offset,
                      *y = b->data[k->plane] + k->offset;
        size_t bytes = row_bytes(a, c);
        for (int row = 0; row < rows_of(a, c); row++) {
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
    unsigned seen = 0;
    for (int c = 0; c < 4; c++) {
        if (!rifec_format_has(&frame->format, c))
            continue;
        unsigned plane = frame->format.comp[c].plane;
        if (seen & 1u << plane)
            continue;
        seen |= 1u << plane;
        ptrdiff_t stride = frame->stride[plane];
        bytes += (size_t)rows_of(frame, c) * (size_t)(stride < 0 ? -stride : stride);
    }
    return bytes;
}
