/* Compares two frames on the device; each thread compares one sample. */
#include "common.cuh"

struct pair {
    struct component a[4], b[4];
    int width[4], height[4]; /* of each component */
};

__global__ void equal_kernel(const __grid_constant__ struct pair p, int *differ)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    bool differs = false;
#pragma unroll
    for (int c = 0; c < 4; c++)
        if (p.a[c].first && x < p.width[c] && y < p.height[c])
            differs |= code_at(p.a[c], x, y) != code_at(p.b[c], x, y);
    if (differs)
        *differ = 1; /* every writer writes the same */
}

extern "C" int equal_cuda(const struct rifec_frame *a, const struct rifec_frame *b,
                          int *differ, void *stream)
{
    struct pair p;
    for (int c = 0; c < 4; c++) {
        bool chroma = (c == 1 || c == 2) && a->format.family == RIFEC_FAMILY_YUV;
        int w = chroma ? a->format.chroma_w_log2 : 0,
            h = chroma ? a->format.chroma_h_log2 : 0;
        p.a[c] = make_component(a, c);
        p.b[c] = make_component(b, c);
        p.width[c] = (a->width + (1 << w) - 1) >> w;
        p.height[c] = (a->height + (1 << h) - 1) >> h;
    }
    dim3 block(128), grid(div_up(a->width, 128), (unsigned)a->height);
    equal_kernel<<<grid, block, 0, stream_of(stream)>>>(p, differ);
    return cuda_launched("equal");
}
