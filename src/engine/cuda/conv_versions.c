/* The list of conv_versions.h. */
#include "engine/cuda/conv_versions.h"

#define ANY_CC 75, 999
#define REF_VERSION(op, conv, deconv)                                                    \
    { "ref",         op,   DTYPE_FP32, false, ANY_CC, conv_ref_pack_bytes,               \
      conv_ref_pack, conv, deconv },                                                     \
    {                                                                                    \
        "ref", op, DTYPE_FP16, false, ANY_CC, conv_ref_pack_bytes, conv_ref_pack, conv,  \
            deconv                                                                       \
    }

const struct conv_version conv_versions[] = {
    { "sm90", RESCONV, DTYPE_FP16, false, 90, 90, resconv_sm90_pack_bytes,
      resconv_sm90_pack, resconv_sm90, NULL },
    { "sm90", DECONV, DTYPE_FP16, true, 90, 90, deconv_sm90_pack_bytes, deconv_sm90_pack,
      NULL, deconv_sm90 },
    { "sm80", CONV_S2, DTYPE_FP16, false, ANY_CC, conv_s2_sm80_pack_bytes,
      conv_s2_sm80_pack, conv_s2_sm80, NULL },
    { "sm80", RESCONV, DTYPE_FP16, false, ANY_CC, resconv_sm80_pack_bytes,
      resconv_sm80_pack, resconv_sm80, NULL },
    { "sm80", DECONV, DTYPE_FP16, false, ANY_CC, deconv_sm80_pack_bytes, deconv_sm80_pack,
      NULL, deconv_sm80 },
    { "fp32", CONV_S2, DTYPE_FP32, false, ANY_CC, conv_fp32_pack_bytes, conv_fp32_pack,
      conv_s2_fp32, NULL },
    { "fp32", RESCONV, DTYPE_FP32, false, ANY_CC, conv_fp32_pack_bytes, conv_fp32_pack,
      resconv_fp32, NULL },
    { "fp32", DECONV, DTYPE_FP32, false, ANY_CC, deconv_fp32_pack_bytes, deconv_fp32_pack,
      NULL, deconv_fp32 },
    REF_VERSION(CONV_S2, conv_s2_ref, NULL),
    REF_VERSION(RESCONV, resconv_ref, NULL),
    REF_VERSION(DECONV, NULL, deconv_ref),
};
const int conv_version_count = sizeof conv_versions / sizeof *conv_versions;
