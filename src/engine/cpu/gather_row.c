/*
 * gather, row by row: the flow of a full-resolution row is evaluated at once
 * for the columns wanted, at most two per output pixel, then four (or one)
 * samples are warped and averaged. Compiled for SSE2 or NEON, and for AVX2.
 */
#include "engine/cpu/cpu.h"
#include "engine/cpu/warp_row.h"

/* The values of one full-resolution pixel. */
struct sample {
    v4 rgb0, rgb1, flow; /* flow divided by the scale */
    float mask;
};

static inline struct sample sample_at(const struct gather_args *a, int x, int y,
                                      const float *flow)
{
    struct sample s;
    v4 f = v4_load(flow);
    warp_both(&a->image0, &a->image1, x, y, f, 1, &s.rgb0, &s.rgb1);
    s.flow = f * v4_all(1 / a->scale);
    s.mask = flow[4];
    return s;
}

static inline struct sample sample_lerp(struct sample lo, struct sample hi, float f)
{
    v4 share = v4_all(f);
    return (struct sample){ v4_lerp(lo.rgb0, hi.rgb0, share),
                            v4_lerp(lo.rgb1, hi.rgb1, share),
                            v4_lerp(lo.flow, hi.flow, share), lerp(lo.mask, hi.mask, f) };
}

/* Channels 0..7 to `low`, 8..15 to `high`. */
static inline void write_sample(const struct sample *s, float t, float *low, float *high)
{
    v4 r0 = s->rgb0, r1 = s->rgb1;
    v4_store(low, (v4){ r0[0], r0[1], r0[2], r1[0] });
    v4_store(low + 4, (v4){ r1[1], r1[2], t, s->mask });
    v4_store(high, s->flow);
    v4_store(high + 4, v4_all(0));
}

struct gather_scratch {
    struct columns columns;
    int *x;                   /* [columns.count] the columns themselves        */
    float *flow_lo, *flow_hi; /* [columns.count][8] of the two rows            */
    float *row;               /* for level_row()                               */
};

/* Sets the columns that are needed: all, or two per output pixel if the scale is 2 or
 * more. */
static struct gather_scratch make_scratch(const struct gather_args *a, float *scratch)
{
    struct gather_scratch g;
    int n = a->scale >= 2 ? 2 * a->out.width : a->image0.width_padded;
    g.x = (int *)(void *)scratch;
    scratch += n;
    for (int i = 0; i < n; i++) {
        struct tap t = linear_tap(i / 2, a->scale, a->image0.width_padded);
        g.x[i] = a->scale < 2 ? i : i % 2 ? t.hi : t.lo;
    }
    g.columns = make_columns(a->levels, a->level_count, g.x, n, &scratch);
    g.flow_lo = scratch;
    g.flow_hi = g.flow_lo + 8 * (size_t)n;
    g.row = g.flow_hi + 8 * (size_t)n;
    return g;
}

static void gather_one_row(const struct gather_args *a, const struct gather_scratch *g,
                           int y)
{
    const struct tensor *out = &a->out;
    struct tap ty = linear_tap(y + a->top, a->scale, a->image0.height_padded);
    float *low = out->data + (size_t)y * out->width * out->block;
    float *high = out->block == 8 ? low + 8 * (size_t)out->height * out->width : low + 8;
    flow_row(a->levels, a->level_count, &g->columns, ty.lo, g->flow_lo, g->row);
    if (a->scale == 1) {
        for (int x = 0; x < out->width; x++, low += out->block, high += out->block) {
            struct sample s = sample_at(a, x, y + a->top, g->flow_lo + 8 * x);
            write_sample(&s, *a->t, low, high);
        }
        return;
    }
    flow_row(a->levels, a->level_count, &g->columns, ty.hi, g->flow_hi, g->row);
    for (int x = 0; x < out->width; x++, low += out->block, high += out->block) {
        struct tap tx = linear_tap(x, a->scale, a->image0.width_padded);
        int i = a->scale >= 2 ? 2 * x : tx.lo, j = a->scale >= 2 ? 2 * x + 1 : tx.hi;
        struct sample v00 = sample_at(a, tx.lo, ty.lo, g->flow_lo + 8 * i);
        struct sample v01 = sample_at(a, tx.hi, ty.lo, g->flow_lo + 8 * j);
        struct sample v10 = sample_at(a, tx.lo, ty.hi, g->flow_hi + 8 * i);
        struct sample v11 = sample_at(a, tx.hi, ty.hi, g->flow_hi + 8 * j);
        struct sample s =
            sample_lerp(sample_lerp(v00, v10, ty.f), sample_lerp(v01, v11, ty.f), tx.f);
        write_sample(&s, *a->t, low, high);
    }
}

int ROW_NAME(gather)(const struct gather_args *a, void *stream)
{
    const struct cpu_stream *s = stream;
#pragma omp parallel num_threads(s->threads)
    {
        struct gather_scratch g = make_scratch(a, cpu_scratch(s));
#pragma omp for schedule(static)
        for (int y = 0; y < a->out.height; y++)
            gather_one_row(a, &g, y);
    }
    return 0;
}
