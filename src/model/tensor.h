/* Shapes of what lives in memory: feature maps, images, flow levels. */
#ifndef RIFEC_MODEL_TENSOR_H
#define RIFEC_MODEL_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A feature map, channel-blocked: data[channels / block][height][width][block].
 * `block` divides `channels`; 8 suits AVX2 and tensor cores, 16 AVX-512; all of
 * the channels is what cuDNN calls NHWC. FP16 is for GPUs only.
 */
struct tensor {
    union {
        float *data;
        uint16_t *half; /* where is_half: the bits of FP16 */
    };
    int channels, height, width, block;
    bool is_half;
    bool by_parity; /* CUDA, within a fused front alone: data[row % 2][column % 2], each
                     * as above of height / 2 by width / 2 */
};

/*
 * A picture as the network sees it: float data[height_padded][width_padded][4],
 * R, G, B and alpha (zero when the frames have none; the network never sees it),
 * nominally 0..1 but not clamped. Outside
 * width x height colours are zero (padding is on the right and below).
 * On a GPU the numbers of pictures of 8 bits may be FP16, which moves no code.
 */
struct image {
    union {
        float *data;
        uint16_t *half; /* where is_half */
    };
    int width, height, width_padded, height_padded;
    bool is_half;
    unsigned long long texture; /* CUDA: a view of it for the texture unit; 0: none */
};

/*
 * What one block adds to flow and mask, kept at the block's own resolution.
 * One of its pixels is `scale` full-resolution pixels wide, and its flow is
 * counted in its own pixels.
 */
struct level {
    float *flow; /* [height][width][4]: x, y into image 0; x, y into image 1 */
    float *mask; /* [height][width]: logit of the share of image 0           */
    int height, width;
    float scale;
    bool is_half; /* CUDA, the last level alone: flow and mask are FP16 in truth */
};

#define LEVEL_CHANNELS 5

#endif
