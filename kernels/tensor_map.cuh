/* Tensor maps: what a copy by box needs to know of a feature map. For launchers. */
#ifndef RIFEC_KERNELS_TENSOR_MAP_CUH
#define RIFEC_KERNELS_TENSOR_MAP_CUH

#include <cuda.h>

#include "common.cuh"
#include "rifec/error.h"

extern "C" {
#include "base/log.h"
#include "engine/cuda/cuda_compat.h"
}

/* A map of `rank` dimensions, 3 at most, the first of them contiguous. Numbers outside
 * are read as zero and not written. */
static inline int encode_tensor_map(CUtensorMap *map, CUtensorMapDataType type, int rank,
                                    void *data, const cuuint64_t *dims,
                                    const cuuint64_t *strides, const cuuint32_t *box)
{
    typedef decltype(&cuTensorMapEncodeTiled) encode_fn;
    void *encode = NULL;
    if (cuda_driver_function("cuTensorMapEncodeTiled", &encode) != cudaSuccess) {
        log_error("CUDA: the driver has no tensor maps: it is older than CUDA 12");
        return RIFEC_ERR_DEVICE;
    }
    const cuuint32_t ones[] = { 1, 1, 1 };
    CUresult r = ((encode_fn)encode)(
        map, type, (cuuint32_t)rank, data, dims, strides, box, ones,
        CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
        CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (r == CUDA_SUCCESS)
        return 0;
    log_error("CUDA: no tensor map of %d x %d: error %d", (int)dims[1], (int)dims[0],
              (int)r);
    return RIFEC_ERR_DEVICE;
}

/*
 * A map of an FP16 tensor in blocks of eight channels, for boxes of pixels_x by pixels_y
 * pixels of 8 blocks channels. Coordinates of a box: x times eight, y, block.
 */
static inline int tensor_map(CUtensorMap *map, const struct tensor *t, int pixels_x,
                             int pixels_y, int blocks)
{
    const cuuint64_t dims[] = { (cuuint64_t)t->width * 8, (cuuint64_t)t->height,
                                (cuuint64_t)t->channels / 8 };
    const cuuint64_t strides[] = { (cuuint64_t)t->width * 16,
                                   (cuuint64_t)t->width * t->height * 16 };
    const cuuint32_t box[] = { (cuuint32_t)pixels_x * 8, (cuuint32_t)pixels_y,
                               (cuuint32_t)blocks };
    return encode_tensor_map(map, CU_TENSOR_MAP_DATA_TYPE_FLOAT16, 3, t->half, dims,
                             strides, box);
}

/* A map of rows of FP32 numbers, such as those of a level. */
static inline int plane_map(CUtensorMap *map, float *data, int width, int height,
                            int box_width, int box_height)
{
    const cuuint64_t dims[] = { (cuuint64_t)width, (cuuint64_t)height };
    const cuuint64_t strides[] = { (cuuint64_t)width * sizeof *data };
    const cuuint32_t box[] = { (cuuint32_t)box_width, (cuuint32_t)box_height };
    return encode_tensor_map(map, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 2, data, dims, strides,
                             box);
}

#endif
