/*
 * blend, row by row: flow and mask of the row at once, the sigmoid over the
 * row, then warps and merge. Compiled for SSE2 or NEON, and for AVX2.
 */
#include "engine/cpu/cpu.h"
#include "engine/cpu/warp_row.h"
#include "model/sigmoid.h"

struct blend_scratch {
    struct columns columns; /* all of the picture's */
    float *flow, *share;    /* [width][8], [width]  */
    float *row;
};

static struct blend_scratch make_scratch(const struct blend_args *a, float *scratch)
{
    struct blend_scratch b;
    int n = a->out.width, *x = (int *)(void *)scratch;
    for (int i = 0; i < n; i++)
        x[i] = i;
    scratch += n;
    b.columns = make_columns(a->levels, a->level_count, x, n, &scratch);
    b.flow = scratch;
    b.share = b.flow + 8 * (size_t)n;
    b.row = b.share + n;
    return b;
}

static void blend_one_row(const struct blend_args *a, const struct blend_scratch *b,
                          int y)
{
    float *restrict out = a->out.data + 4 * (size_t)y * a->out.width_padded;
    float *restrict share = b->share;
    flow_row(a->levels, a->level_count, &b->columns, y, b->flow, b->row);
    for (int x = 0; x < a->out.width; x++)
        share[x] = sigmoid(b->flow[8 * x + 4]);
    for (int x = 0; x < a->out.width; x++) {
        v4 rgba0, rgba1;
        warp_both(&a->image0, &a->image1, x, y, v4_load(b->flow + 8 * x), 0, &rgba0,
                  &rgba1);
        v4_store(out + 4 * x, rgba0 * v4_all(share[x]) + rgba1 * v4_all(1 - share[x]));
    }
}

int ROW_NAME(blend)(const struct blend_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel num_threads(s->threads)
    {
        struct blend_scratch b = make_scratch(a, cpu_scratch(s));
#pragma omp for schedule(static)
        for (int y = 0; y < a->out.height; y++)
            blend_one_row(a, &b, y);
    }
    return 0;
}
