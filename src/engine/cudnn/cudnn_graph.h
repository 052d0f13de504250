/*
 * Descriptors of cuDNN's graph interface: what cudnn_calls.c makes its calls of.
 */
#ifndef RIFEC_ENGINE_CUDNN_GRAPH_H
#define RIFEC_ENGINE_CUDNN_GRAPH_H

#include "engine/cudnn/cudnn_calls.h"
#include "engine/cudnn/cudnn_load.h"

typedef cudnnBackendDescriptor_t desc;

/*
 * Descriptors under construction: the first failure stays in `status`, and the rest is
 * skipped. The descriptors that were made exist until bag_close().
 */
struct bag {
    const struct cudnn_api *api;
    cudnnStatus_t status;
    int count;
    desc all[96];
};

void bag_close(struct bag *b);

desc bag_make(struct bag *b, cudnnBackendDescriptorType_t type);
desc bag_finish(struct bag *b, desc d); /* returns d */

void bag_set(struct bag *b, desc d, cudnnBackendAttributeName_t name,
             cudnnBackendAttributeType_t type, int64_t n, const void *values);
void bag_set_desc(struct bag *b, desc d, cudnnBackendAttributeName_t name, desc value);
void bag_set_int64(struct bag *b, desc d, cudnnBackendAttributeName_t name, int64_t v);

/* Reads at most n values; returns their number. */
int64_t bag_get(struct bag *b, desc d, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t n, void *values);

/* Names of tensors in the graph; from VIRTUAL on those that never reach memory. */
enum { T_IN = 1, T_WEIGHT, T_BIAS, T_RESIDUAL, T_OUT, T_VIRTUAL };

/*
 * A convolution and the operations fused to it; returns the operation graph. handle is
 * cuDNN's, or NULL if a description of the device replaces it.
 */
desc bag_conv_graph(struct bag *b, const struct dnn_call *c, cudnnHandle_t handle);

#endif
