/* conv_s2, the reference. */
#include "engine/cpu/conv.h"

int C_NAME(conv_s2)(const struct conv_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel for num_threads(s->threads) schedule(static)
    for (int y = 0; y < a->out.height; y++)
        conv_row(a, y, 2, 0);
    return 0;
}
