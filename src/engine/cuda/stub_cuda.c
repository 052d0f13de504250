/* Linked instead of the CUDA backend when the build has no CUDA. */
#include "engine/backend.h"

static const char *probe(const struct rifec_params *p)
{
    (void)p;
    return "built without CUDA";
}

const struct backend backend_cuda = { .name = "cuda", .probe = probe };
