/*
 * The functions of rifec/devices.h, after their arguments are checked. In a build without
 * CUDA, engine/cuda/stub_cuda.c answers.
 */
#ifndef RIFEC_ENGINE_DEVICES_H
#define RIFEC_ENGINE_DEVICES_H

#include "rifec/devices.h"

int cuda_list_devices(struct rifec_device_info *out, int max, char *why, size_t why_size);
void cuda_get_versions(struct rifec_cuda_versions *out);
int cuda_place_open(struct rifec_cuda *out, int device_index, char *why, size_t why_size);
void cuda_place_close(struct rifec_cuda *c);

#endif
