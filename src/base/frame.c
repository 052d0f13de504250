/* The two functions every holder of a frame needs. */
#include "rifec/frame.h"

void rifec_frame_free(struct rifec_frame **frame)
{
    struct rifec_frame *f = *frame;
    *frame = NULL;
    if (f && f->release)
        f->release(f);
}

size_t rifec_frame_bytes(const struct rifec_frame *frame)
{
    const struct rifec_format *fmt = &frame->format;
    int components = fmt->family == RIFEC_FAMILY_GRAY ? 1 : 3;
    size_t bytes = 0;
    unsigned seen = 0;
    for (int c = 0; c < components; c++) {
        unsigned plane = fmt->comp[c].plane;
        if (seen & 1u << plane)
            continue;
        seen |= 1u << plane;
        int rows = frame->height;
        if (c > 0 && fmt->family == RIFEC_FAMILY_YUV)
            rows = (rows + (1 << fmt->chroma_h_log2) - 1) >> fmt->chroma_h_log2;
        ptrdiff_t stride = frame->stride[plane];
        bytes += (size_t)rows * (size_t)(stride < 0 ? -stride : stride);
    }
    return bytes;
}
