/* The table of conv_versions.h. */
#include "engine/cuda/conv_versions.h"

const struct conv_version conv_versions[CONV_VERSIONS] = {
    [CONV_S2_SM90] = { conv_s2_sm90_pack_bytes, conv_s2_sm90_pack, NULL, NULL },
    [FRONT_SM90] = { front_sm90_pack_bytes, front_sm90_pack, NULL, NULL },
    [RESCONV_SM90] = { resconv_sm90_pack_bytes, resconv_sm90_pack, resconv_sm90, NULL },
    [DECONV_SM90] = { deconv_sm90_pack_bytes, deconv_sm90_pack, NULL, deconv_sm90 },
    [CONV_S2_SM80] = { conv_s2_sm80_pack_bytes, conv_s2_sm80_pack, conv_s2_sm80, NULL },
    [RESCONV_SM80] = { resconv_sm80_pack_bytes, resconv_sm80_pack, resconv_sm80, NULL },
    [DECONV_SM80] = { deconv_sm80_pack_bytes, deconv_sm80_pack, NULL, deconv_sm80 },
    [CONV_S2_FP32] = { conv_fp32_pack_bytes, conv_fp32_pack, conv_s2_fp32, NULL },
    [RESCONV_FP32] = { conv_fp32_pack_bytes, conv_fp32_pack, resconv_fp32, NULL },
    [DECONV_FP32] = { deconv_fp32_pack_bytes, deconv_fp32_pack, NULL, deconv_fp32 },
    [CONV_S2_REF] = { conv_ref_pack_bytes, conv_ref_pack, conv_s2_ref, NULL },
    [RESCONV_REF] = { conv_ref_pack_bytes, conv_ref_pack, resconv_ref, NULL },
    [DECONV_REF] = { conv_ref_pack_bytes, conv_ref_pack, NULL, deconv_ref },
};
