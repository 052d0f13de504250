/* The abilities of every version, and the choice among them. */
#include "engine/cuda/conv_choice.h"

#include <string.h>

#include "model/ops.h"

#define ANY_CC 75, 999
#define HOPPER 90, 90

#define FP16 (1u << DTYPE_FP16)
#define FP32 (1u << DTYPE_FP32)

/* Tensors are in blocks of eight channels; the network's input has IFNET_INPUTS. */
static bool in_chunks_of_16(int cin)
{
    return cin <= IFNET_INPUTS || cin % 16 == 0;
}

/* --- what the kernels' tables have ------------------------------------------------- */

static bool is_width_of_sm90(int channels)
{
    return channels == 64 || channels == 96 || channels == 128 || channels == 192;
}

static bool resconv_sm90_takes(const struct conv_layer *l)
{
    return l->kernel == 3 && l->cin == l->cout && is_width_of_sm90(l->cin);
}

static bool deconv_sm90_takes(const struct conv_layer *l)
{
    return l->kernel == 4 && l->cout == DECONV_LIVE && is_width_of_sm90(l->cin);
}

static bool deconv_sm90_writes_half(const struct conv_layer *l)
{
    return l->cin == 64;
}

/* The layers of RIFE 4.6's blocks 0 and 1. */
static bool conv_s2_sm90_takes(const struct conv_layer *l)
{
    return l->kernel == 3 &&
           ((l->cin <= IFNET_INPUTS && (l->cout == 64 || l->cout == 96)) ||
            (l->cin == 64 && l->cout == 128) || (l->cin == 96 && l->cout == 192));
}

/* The layers of RIFE 4.6's blocks 2 and 3. */
static bool front_sm90_takes(const struct conv_layer *l)
{
    return l->kernel == 3 &&
           ((l->cin <= IFNET_INPUTS && (l->cout == 32 || l->cout == 48)) ||
            (l->cin == 32 && l->cout == 64) || (l->cin == 48 && l->cout == 96));
}

/* Variants make 32, 48, 64 or 96 channels at a time. */
static bool conv_s2_sm80_takes(const struct conv_layer *l)
{
    return l->kernel == 3 && in_chunks_of_16(l->cin) &&
           (l->cout % 32 == 0 || l->cout % 48 == 0);
}

/* 64 or 96 at a time; 32 only of inputs in chunks of 64. */
static bool resconv_sm80_takes(const struct conv_layer *l)
{
    return l->kernel == 3 && l->cin == l->cout &&
           (l->cout % 64 == 0 || l->cout % 96 == 0);
}

static bool deconv_sm80_takes(const struct conv_layer *l)
{
    return l->kernel == 4 && l->cout == DECONV_LIVE && l->cin % 16 == 0;
}

static bool conv_fp32_takes(const struct conv_layer *l)
{
    return l->kernel == 3 && in_chunks_of_16(l->cin) && l->cout % 16 == 0;
}

static bool conv_ref_takes(const struct conv_layer *l)
{
    return l->kernel == 3 && (l->cin <= IFNET_INPUTS || l->cin % 8 == 0) &&
           l->cout % 8 == 0;
}

static bool deconv_ref_takes(const struct conv_layer *l)
{
    return l->kernel == 4 && l->cout == DECONV_LIVE && l->cin % 8 == 0;
}

const struct conv_ability conv_abilities[CONV_VERSIONS] = {
    [CONV_S2_SM90] = { "sm90", CONV_S2, FP16, HOPPER, true, conv_s2_sm90_takes, NULL },
    [FRONT_SM90] = { "sm90", CONV_S2, FP16, HOPPER, true, front_sm90_takes, NULL },
    [RESCONV_SM90] = { "sm90", RESCONV, FP16, HOPPER, false, resconv_sm90_takes, NULL },
    [DECONV_SM90] = { "sm90", DECONV, FP16, HOPPER, false, deconv_sm90_takes,
                      deconv_sm90_writes_half },
    [CONV_S2_SM80] = { "sm80", CONV_S2, FP16, ANY_CC, false, conv_s2_sm80_takes, NULL },
    [RESCONV_SM80] = { "sm80", RESCONV, FP16, ANY_CC, false, resconv_sm80_takes, NULL },
    [DECONV_SM80] = { "sm80", DECONV, FP16, ANY_CC, false, deconv_sm80_takes, NULL },
    [CONV_S2_FP32] = { "fp32", CONV_S2, FP32, ANY_CC, false, conv_fp32_takes, NULL },
    [RESCONV_FP32] = { "fp32", RESCONV, FP32, ANY_CC, false, conv_fp32_takes, NULL },
    [DECONV_FP32] = { "fp32", DECONV, FP32, ANY_CC, false, deconv_ref_takes, NULL },
    [CONV_S2_REF] = { "ref", CONV_S2, FP16 | FP32, ANY_CC, false, conv_ref_takes, NULL },
    [RESCONV_REF] = { "ref", RESCONV, FP16 | FP32, ANY_CC, false, conv_ref_takes, NULL },
    [DECONV_REF] = { "ref", DECONV, FP16 | FP32, ANY_CC, false, deconv_ref_takes, NULL },
};

/* --- the choice -------------------------------------------------------------------- */

static bool runs_on(const struct conv_ability *v, enum dtype dtype, int cc)
{
    const enum dtype stored = dtype == DTYPE_TF32 ? DTYPE_FP32 : dtype;
    return (v->dtypes & 1u << stored) && cc >= v->cc_min && cc <= v->cc_max;
}

bool conv_can(enum conv_version_id id, const struct conv_request *r)
{
    const struct conv_ability *v = &conv_abilities[id];
    return v->op == r->op && v->in_front == r->in_front && runs_on(v, r->dtype, r->cc) &&
           v->takes(r->layer);
}

enum conv_version_id conv_choose(const struct conv_request *r)
{
    enum conv_version_id best = CONV_NONE;
    for (int i = 0; i < CONV_VERSIONS; i++) {
        const enum conv_version_id id = (enum conv_version_id)i;
        const bool is_pinned = r->pinned && !strcmp(r->pinned, conv_abilities[i].name);
        if (!conv_can(id, r))
            continue;
        if (is_pinned)
            return id;
        if (best == CONV_NONE && !(r->in_front && r->pinned))
            best = id;
    }
    return best;
}

bool conv_pin_exists(const char *name, enum dtype dtype, int cc)
{
    for (int i = 0; i < CONV_VERSIONS; i++)
        if (!strcmp(conv_abilities[i].name, name) &&
            runs_on(&conv_abilities[i], dtype, cc))
            return true;
    return false;
}

bool conv_writes_half(enum conv_version_id id, const struct conv_layer *l)
{
    const struct conv_ability *v = &conv_abilities[id];
    return v->writes_half && v->writes_half(l);
}

bool conv_wants_cudnn(const struct network *n, const struct conv_layer *layers,
                      enum dtype dtype, int cc)
{
    struct network_layer l;
    if (dtype == DTYPE_TF32)
        return true;
    for (int i = 0; network_layer(n, i, &l); i++) {
        const struct conv_request r = {
            .op = l.op, .layer = &layers[i], .dtype = dtype, .cc = cc
        };
        enum conv_version_id id = conv_choose(&r);
        if (l.op == RESCONV && (id == CONV_NONE || id == RESCONV_REF))
            return true;
    }
    return false;
}
