/* gather, the reference: each output value from the definition in ops.h. */
#include <string.h>

#include "engine/cpu/cpu.h"
#include "engine/cpu/sample.h"

/* The inputs at full-resolution pixel (x, y), zeros where there are none. */
static void full_resolution(const struct gather_args *a, int x, int y,
                            float v[GATHER_CHANNELS])
{
    float flow[LEVEL_CHANNELS];
    memset(v, 0, GATHER_CHANNELS * sizeof *v);
    lazy_flow(a->levels, a->level_count, x, y, flow);
    warp(&a->image0, x, y, flow, 1, 3, v);
    warp(&a->image1, x, y, flow + 2, 1, 3, v + 3);
    v += 6;
    for (int i = 0; i < a->features0.count; i += 4, v += 4) {
        struct image im = features_image(&a->features0, i);
        warp(&im, x, y, flow, 0, 4, v);
    }
    for (int i = 0; i < a->features1.count; i += 4, v += 4) {
        struct image im = features_image(&a->features1, i);
        warp(&im, x, y, flow + 2, 0, 4, v);
    }
    *v++ = *a->t;
    *v++ = flow[4];
    if (a->level_count && a->levels[a->level_count - 1].features) {
        lazy_features(&a->levels[a->level_count - 1], x, y, v);
        v += LEVEL_FEATURES;
    }
    for (int c = 0; c < 4; c++)
        v[c] = flow[c] * (1 / a->scale);
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
            float v00[GATHER_CHANNELS], v01[GATHER_CHANNELS];
            float v10[GATHER_CHANNELS], v11[GATHER_CHANNELS];
            full_resolution(a, tx.lo, ty.lo, v00);
            full_resolution(a, tx.hi, ty.lo, v01);
            full_resolution(a, tx.lo, ty.hi, v10);
            full_resolution(a, tx.hi, ty.hi, v11);
            for (int c = 0; c < out->channels; c++) {
                float v = c < GATHER_CHANNELS ? lerp(lerp(v00[c], v10[c], ty.f),
                                                     lerp(v01[c], v11[c], ty.f), tx.f)
                                              : 0;
                size_t row = (size_t)(c / out->block) * out->height + y;
                out->data[(row * out->width + x) * out->block + c % out->block] = v;
            }
        }
    }
    return 0;
}
