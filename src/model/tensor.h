/* Shapes of what lives in memory: feature maps, images, flow levels. */
#ifndef RIFEC_MODEL_TENSOR_H
#define RIFEC_MODEL_TENSOR_H

/*
 * A feature map, channel-blocked: float data[channels / block][height][width][block].
 * `block` divides `channels`; 8 suits AVX2, 16 AVX-512.
 */
struct tensor {
    float *data;
    int channels, height, width, block;
};

/*
 * A picture as the network sees it: float data[height_padded][width_padded][4],
 * R, G, B and alpha (zero when the frames have none; the network never sees it),
 * nominally 0..1 but not clamped. Outside
 * width x height colours are zero (padding is on the right and below).
 */
struct image {
    float *data;
    int width, height, width_padded, height_padded;
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
};

#define LEVEL_CHANNELS 5

#endif
