/* Whether two frames on the device show the same samples: one thread a sample. */
#include "common.cuh"

__global__ void equal_kernel(const __grid_constant__ struct rifec_frame a,
                             const __grid_constant__ struct rifec_frame b, int *differ)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    bool differs = false;
    for (int c = 0; c < 4; c++) {
        bool chroma = (c == 1 || c == 2) && a.format.family == RIFEC_FAMILY_YUV;
        int w = chroma ? a.format.chroma_w_log2 : 0,
            h = chroma ? a.format.chroma_h_log2 : 0;
        if (!format_has(a.format, c) || x >= (a.width + (1 << w) - 1) >> w ||
            y >= (a.height + (1 << h) - 1) >> h)
            continue;
        differs |= code_at(a, c, x, y) != code_at(b, c, x, y);
    }
    if (differs)
        *differ = 1; /* every writer writes the same */
}

extern "C" int equal_cuda(const struct rifec_frame *a, const struct rifec_frame *b,
                          int *differ, void *stream)
{
    dim3 block(128), grid(div_up(a->width, 128), (unsigned)a->height);
    equal_kernel<<<grid, block, 0, stream_of(stream)>>>(*a, *b, differ);
    return cuda_launched("equal");
}
