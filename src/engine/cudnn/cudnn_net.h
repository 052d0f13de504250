/*
 * The convolutions of the network by cuDNN and cuBLAS. In a build without them,
 * stub_cudnn.c has these functions.
 */
#ifndef RIFEC_ENGINE_CUDNN_NET_H
#define RIFEC_ENGINE_CUDNN_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "model/ops.h"
#include "model/weights.h"
#include "rifec/rifec.h"

struct cudnn_ops;

/* If all fields are zero, it is not open. */
struct cudnn_net {
    struct cudnn_ops *ops;
    size_t workspace_bytes; /* that a cuda_stream must have */
    size_t packed_bytes;    /* held on the device           */
};

/*
 * Prepares the layers of w, whose numbers are no longer needed then, for the current
 * device and the width, height, scale, precision of p, and puts the
 * convolutions into the table. They want all channels of a tensor in one block
 * (block_size 0 of ifnet_plan()). RIFEC_ERR_DEVICE, _NOMEM; not open then.
 */
int cudnn_net_open(struct cudnn_net *n, struct ops *table, struct weights *w,
                   const struct rifec_params *p);
void cudnn_net_close(struct cudnn_net *n);

/* "cuDNN 9.19.0, cuBLAS 13.1.0"; or returns false with the reason why they are
 * missing. */
bool cudnn_net_versions(char *out, size_t bytes);

#endif
