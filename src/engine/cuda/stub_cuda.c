/* Linked instead of the CUDA backend when the build has no CUDA. */
#include <stdio.h>

#include "engine/backend.h"
#include "engine/devices.h"

static const char why_not[] = "built without CUDA";

static const char *probe(const struct rifec_params *p)
{
    (void)p;
    return why_not;
}

const struct backend backend_cuda = { .name = "cuda", .probe = probe };

int cuda_list_devices(struct rifec_device_info *out, int max, char *why, size_t why_size)
{
    (void)out;
    (void)max;
    snprintf(why, why_size, "%s", why_not);
    return 0;
}

void cuda_get_versions(struct rifec_cuda_versions *out)
{
    *out = (struct rifec_cuda_versions){ 0 };
}

int cuda_place_open(struct rifec_cuda *out, int device_index, char *why, size_t why_size)
{
    (void)device_index;
    *out = (struct rifec_cuda){ 0 };
    snprintf(why, why_size, "%s", why_not);
    return RIFEC_ERR_DEVICE;
}

void cuda_place_close(struct rifec_cuda *c)
{
    *c = (struct rifec_cuda){ 0 };
}
