/*
 * conv_s2 on tensor cores with mma.sync: see conv_tile.cuh and conv_mma.cuh.
 */
#include "conv_mma.cuh"

#define VARIANT(mt, nt, wm, wn, wk, per_sm, resident)                                    \
    CONV_VARIANT(2, false, mt, nt, wm, wn, wk, per_sm, 5, resident)

static const struct conv_variant variants[] = {
    VARIANT(2, 4, 4, 1, 1, 4, 1), /* 128 x 32, where all the weights fit */
    VARIANT(2, 6, 4, 1, 1, 3, 1), /* 128 x 48 */
    VARIANT(4, 4, 2, 2, 1, 2, 1), /* 128 x 64 */
    VARIANT(4, 4, 2, 2, 1, 2, 0), VARIANT(4, 6, 2, 2, 1, 2, 1), /* 128 x 96 */
    VARIANT(4, 6, 2, 2, 1, 2, 0), VARIANT(2, 8, 2, 1, 2, 2, 0), /* 64 x 64, in two sums */
};
#define VARIANTS (int)(sizeof variants / sizeof *variants)

const char *conv_s2_sm80_name(int variant)
{
    return variant < VARIANTS ? variants[variant].name : NULL;
}

/* variant: its index in the table; -1: the best. Returns 1 if it cannot run. */
int conv_s2_sm80_run(const struct conv_args *a, void *stream, int variant,
                     struct conv_params *p)
{
    const struct conv_pack *pack = (const struct conv_pack *)a->layer->plan;
    *p = {};
    p->in = (const __half *)a->in.half;
    p->out = (__half *)a->out.half;
    p->weight = (const uint4 *)pack->weight;
    p->bias = pack->bias;
    p->in_height = a->in.height;
    p->in_width = a->in.width;
    p->height = a->out.height;
    p->width = a->out.width;
    p->cout = a->layer->cout;
    int channels = (a->layer->cin + CONV_K - 1) / CONV_K * CONV_K;
    return conv_launch(variants, VARIANTS, variant, p, channels, "conv_s2_sm80", stream);
}

extern "C" int conv_s2_sm80(const struct conv_args *a, void *stream)
{
    struct conv_params p;
    return conv_fits(conv_s2_sm80_run(a, stream, -1, &p), "conv_s2_sm80");
}

extern "C" size_t conv_s2_sm80_pack_bytes(const struct conv_layer *l)
{
    return conv_mma_pack_bytes(l);
}

extern "C" void conv_s2_sm80_pack(const struct conv_layer *l, void *out)
{
    conv_mma_pack(l, out);
}
