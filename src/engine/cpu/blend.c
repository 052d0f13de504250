/* blend, the reference: each output pixel from the definition in ops.h. */
#include "engine/cpu/cpu.h"
#include "engine/cpu/sample.h"
#include "model/sigmoid.h"

int blend_c(const struct blend_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int y = 0; y < a->out.height; y++) {
        float *row = a->out.data + (size_t)y * a->out.width_padded * 4;
        for (int x = 0; x < a->out.width; x++) {
            float flow[LEVEL_CHANNELS], rgba0[4], rgba1[4];
            lazy_flow(a->levels, a->level_count, x, y, flow);
            warp(&a->image0, x, y, flow, 0, 4, rgba0);
            warp(&a->image1, x, y, flow + 2, 0, 4, rgba1);
            float m = sigmoid(flow[4]);
            for (int c = 0; c < 4; c++)
                row[4 * x + c] = rgba0[c] * m + rgba1[c] * (1 - m);
        }
    }
    return 0;
}
