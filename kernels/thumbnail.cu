/* thumbnail: box means of the brightness; one warp a box. */
#include "common.cuh"

/* The pixels of one axis (of `size` in total) that box i of n reads. */
struct box {
    int first, end, step;
};

__device__ static box box_of(int i, int n, int size)
{
    int first = (int)((long long)i * size / n),
        end = (int)((long long)(i + 1) * size / n);
    end = max(end, first + 1);
    return box{ first, end, max((end - first) / 8, 1) };
}

/* The mean sample value of a component over a box, in every lane. */
__device__ static float mean_code(const struct component &c, box bx, box by)
{
    int columns = (bx.end - bx.first + bx.step - 1) / bx.step;
    int rows = (by.end - by.first + by.step - 1) / by.step;
    int n = columns * rows, lane = threadIdx.x;
    unsigned sum = 0; /* at most 15 * 15 samples */
    for (int i = lane; i < n; i += 32)
        sum += (unsigned)code_at(c, bx.first + i % columns * bx.step,
                                 by.first + i / columns * by.step);
    for (int d = 16; d; d /= 2)
        sum += __shfl_xor_sync(0xffffffff, sum, d);
    return (float)sum / (float)n;
}

__global__ void thumbnail_kernel(const __grid_constant__ struct picture p, uint16_t *out)
{
    const struct yuv &k = p.yuv;
    int x = blockIdx.x * blockDim.y + threadIdx.y, y = blockIdx.y;
    if (x >= THUMB_WIDTH)
        return;
    box bx = box_of(x, THUMB_WIDTH, k.width), by = box_of(y, THUMB_HEIGHT, k.height);
    float v = mean_code(p.c[0], bx, by);
    if (p.is_rgb)
        v = (0.2126f * v + 0.7152f * mean_code(p.c[1], bx, by) +
             0.0722f * mean_code(p.c[2], bx, by)) /
            k.code_max;
    else
        v = (v - k.luma_offset) * k.luma_scale;
    if (threadIdx.x == 0)
        out[y * THUMB_WIDTH + x] =
            (uint16_t)(int)(fminf(fmaxf(v * 65535, 0), 65535) + 0.5f);
}

extern "C" int thumbnail_cuda(const struct thumbnail_args *a, void *stream)
{
    dim3 block(32, 8), grid(THUMB_WIDTH / 8, THUMB_HEIGHT);
    thumbnail_kernel<<<grid, block, 0, stream_of(stream)>>>(
        make_picture(a->frame, a->yuv), a->out);
    return cuda_launched("thumbnail");
}
