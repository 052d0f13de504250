/*
 * resconv on tensor cores with mma.sync: see conv_tile.cuh and conv_mma.cuh.
 */
#include "conv_mma.cuh"

#define VARIANT(mt, nt, wm, wn, wk, per_sm, resident)                                    \
    CONV_VARIANT(1, true, mt, nt, wm, wn, wk, per_sm, 4, resident)

static const struct conv_variant variants[] = {
    VARIANT(4, 8, 4, 1, 1, 2, 0), /* 256 x 64, four warps */
    VARIANT(4, 6, 4, 2, 1, 1, 1), /* 256 x 96, where all the weights fit */
    VARIANT(4, 6, 4, 2, 1, 1, 0),
    VARIANT(4, 4, 2, 2, 2, 1, 0), /* 128 x 64, in two sums */
    VARIANT(4, 4, 2, 1, 4, 1, 0), /* 128 x 32, in four sums */
};
#define VARIANTS (int)(sizeof variants / sizeof *variants)

const char *resconv_sm80_name(int variant)
{
    return variant < VARIANTS ? variants[variant].name : NULL;
}

/* variant: its index in the table; -1: the best. Returns 1 if it cannot run. */
int resconv_sm80_run(const struct conv_args *a, void *stream, int variant,
                     struct conv_params *p)
{
    const struct conv_pack *pack = (const struct conv_pack *)a->layer->plan;
    *p = {};
    p->in = (const __half *)a->in.half;
    p->out = (__half *)a->out.half;
    p->weight = (const uint4 *)pack->weight;
    p->bias = pack->bias;
    p->in_height = p->height = a->out.height;
    p->in_width = p->width = a->out.width;
    p->cout = a->layer->cout;
    return conv_launch(variants, VARIANTS, variant, p, a->layer->cin, "resconv_sm80",
                       stream);
}

extern "C" int resconv_sm80(const struct conv_args *a, void *stream)
{
    struct conv_params p;
    return conv_fits(resconv_sm80_run(a, stream, -1, &p), "resconv_sm80");
}

extern "C" size_t resconv_sm80_pack_bytes(const struct conv_layer *l)
{
    return conv_mma_pack_bytes(l);
}

extern "C" void resconv_sm80_pack(const struct conv_layer *l, void *out)
{
    conv_mma_pack(l, out);
}
