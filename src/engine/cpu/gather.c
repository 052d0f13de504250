/* gather, the reference: each output value from the definition in ops.h. */
#include "engine/cpu/cpu.h"
#include "engine/cpu/sample.h"

/* The twelve inputs at full-resolution pixel (x, y). */
static void full_resolution(const struct gather_args *a, int x, int y, float v[12])
{
    float flow[LEVEL_CHANNELS];
    lazy_flow(a->levels, a->level_count, x, y, flow);
    warp(&a->image0, x, y, flow, 1, 3, v);
    warp(&a->image1, x, y, flow + 2, 1, 3, v + 3);
    v[6] = *a->t;
    v[7] = flow[4];
    for (int c = 0; c < 4; c++)
        v[8 + c] = flow[c] * (1 / a->scale);
}

int gather_c(const struct gather_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
    const struct tensor *out = &a->out;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int y = 0; y < out->height; y++) {
        struct tap ty = linear_tap(y + a->top, a->scale, a->image0.height_padded);
        for (int x = 0; x < out->width; x++) {
            struct tap tx = linear_tap(x, a->scale, a->image0.width_padded);
            float v00[12], v01[12], v10[12], v11[12];
            full_resolution(a, tx.lo, ty.lo, v00);
            full_resolution(a, tx.hi, ty.lo, v01);
            full_resolution(a, tx.lo, ty.hi, v10);
            full_resolution(a, tx.hi, ty.hi, v11);
            for (int c = 0; c < out->channels; c++) {
                float v = c < 12 ? lerp(lerp(v00[c], v10[c], ty.f),
                                        lerp(v01[c], v11[c], ty.f), tx.f)
                                 : 0;
                size_t row = (size_t)(c / out->block) * out->height + y;
                out->data[(row * out->width + x) * out->block + c % out->block] = v;
            }
        }
    }
    return 0;
}
