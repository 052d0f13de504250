/* The list of conv_versions.h. */
#include "engine/cuda/conv_versions.h"

#define ANY_CC 75, 999
#define REF_VERSION(op, conv, deconv)                                                    \
    { "ref", op, false, ANY_CC, conv_ref_pack_bytes, conv_ref_pack, conv, deconv },      \
    {                                                                                    \
        "ref", op, true, ANY_CC, conv_ref_pack_bytes, conv_ref_pack, conv, deconv        \
    }

const struct conv_version conv_versions[] = {
    { "sm90", RESCONV, true, 90, 90, resconv_sm90_pack_bytes, resconv_sm90_pack,
      resconv_sm90, NULL },
    REF_VERSION(CONV_S2, conv_s2_ref, NULL),
    REF_VERSION(RESCONV, resconv_ref, NULL),
    REF_VERSION(DECONV, NULL, deconv_ref),
};
const int conv_version_count = sizeof conv_versions / sizeof *conv_versions;
