/* The shapes of data in memory: feature maps, images, flow levels. */
#ifndef RIFEC_MODEL_TENSOR_H
#define RIFEC_MODEL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/dtype.h"

/*
 * A feature map, channel-blocked: data[channels / block][height][width][block].
 * `block` divides `channels`; 8 suits AVX2 and tensor cores, 16 AVX-512; all of
 * the channels is what cuDNN calls NHWC. FP16 and TF32 are for GPUs only.
 */
struct tensor {
    union {
        float *data;
        uint16_t *half; /* FP16 bits, if that is dtype */
    };
    int channels, height, width, block;
    enum dtype dtype;
    bool phase_split; /* CUDA, within a fused front alone: data[row % 2][column % 2], each
                       * as above of height / 2 by width / 2 */
};

/*
 * A picture as the network sees it: float data[height_padded][width_padded][4],
 * R, G, B and alpha (zero when the frames have none; the network never sees it),
 * nominally 0..1 but not clamped. Outside
 * width x height colours are zero (padding is on the right and below).
 * On a GPU, images of 8-bit video may be stored as FP16; after rounding, every 8-bit
 * sample is still the same.
 */
struct image {
    union {
        float *data;
        uint16_t *half; /* if dtype is FP16 */
    };
    int width, height, width_padded, height_padded;
    enum dtype dtype;           /* FP32 or FP16 */
    unsigned long long texture; /* CUDA: a view of it for the texture unit; 0: none */
};

/*
 * A source frame: its picture, and what the network's encoder made of the picture, once
 * for all in-betweens of the frame. The features are images of the same size, one after
 * the other, with four feature channels in the place of R, G, B and alpha; count is zero
 * without an encoder.
 */
#define FEATURES_MAX 16
struct features {
    struct image image; /* the first */
    int count;          /* of feature channels, a multiple of 4 */
};
struct source {
    struct image image;
    struct features features;
};

/* Feature channels i to i + 3, i a multiple of 4, as an image. */
static inline struct image features_image(const struct features *f, int i)
{
    struct image im = f->image;
    im.data += (size_t)i * (size_t)im.width_padded * (size_t)im.height_padded;
    return im;
}

/*
 * The increments of flow and mask from one block, kept at the block's own resolution. One
 * of its pixels is `scale` full-resolution pixels wide, and its flow is counted in its
 * own pixels. In some networks a block also hands features to the next one, and its mask
 * replaces the mask of the blocks before.
 */
struct level {
    union { /* [height][width][4]: x, y into image 0; x, y into image 1 */
        float *flow;
        uint16_t *flow_half; /* if dtype is FP16 */
    };
    union { /* [height][width]: logit of the share of image 0 */
        float *mask;
        uint16_t *mask_half; /* if dtype is FP16 */
    };
    int height, width;
    float scale;
    enum dtype dtype; /* FP32; on CUDA the last level may be FP16 */
    bool replaces_mask;
    float *features; /* [height][width][LEVEL_FEATURES], or NULL */
};

#define LEVEL_CHANNELS 5 /* flow and mask */
#define LEVEL_FEATURES 8

#endif
