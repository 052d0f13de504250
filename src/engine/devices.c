/* The public functions about devices: checks their arguments, then asks CUDA. */
#include "engine/devices.h"

#include "base/argument.h"
#include "base/err.h"
#include "base/log.h"

int rifec_list_devices(struct rifec_device_info *out, int max, char *why, size_t why_size)
{
    int err = 0;
    char unread[1];
    if (max < 0)
        FAIL(RIFEC_ERR_USAGE, "rifec_list_devices: max is %d, but must be 0 or more",
             max);
    if (max > 0)
        TRY(NOT_NULL(out));
    if (why_size > 0)
        TRY(NOT_NULL(why));
    return cuda_list_devices(out, max, why_size ? why : unread, why_size ? why_size : 1);
fail:
    return err;
}

void rifec_get_cuda_versions(struct rifec_cuda_versions *out)
{
    if (NOT_NULL(out) == 0)
        cuda_get_versions(out);
}

int rifec_cuda_open(struct rifec_cuda *out, int device_index, char *why, size_t why_size)
{
    int err = 0;
    char unread[1];
    TRY(NOT_NULL(out));
    *out = (struct rifec_cuda){ 0 };
    if (device_index < 0)
        FAIL(RIFEC_ERR_USAGE,
             "rifec_cuda_open: device_index is %d, but must be 0 or more", device_index);
    if (why_size > 0)
        TRY(NOT_NULL(why));
    return cuda_place_open(out, device_index, why_size ? why : unread,
                           why_size ? why_size : 1);
fail:
    return err;
}

void rifec_cuda_close(struct rifec_cuda *c)
{
    if (c)
        cuda_place_close(c);
}
