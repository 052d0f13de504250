/* Stubs for a build without cuDNN. */
#include "engine/cudnn/cudnn_net.h"

#include <stdio.h>

#include "base/log.h"
#include "rifec/error.h"

#define WHY "rifec was built without cuDNN"

int cudnn_net_open(struct cudnn_net *n, struct ops *table, struct weights *w,
                   const struct rifec_params *p)
{
    (void)table, (void)w, (void)p;
    *n = (struct cudnn_net){ 0 };
    log_error(WHY);
    return RIFEC_ERR_DEVICE;
}

void cudnn_net_close(struct cudnn_net *n)
{
    (void)n;
}

bool cudnn_net_versions(char *out, size_t bytes)
{
    snprintf(out, bytes, WHY);
    return false;
}
