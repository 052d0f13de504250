/*
 * The operations of IFNet: THE CONTRACTS. One args struct and one
 * comment per op, shared by every implementation, its test and its benchmark.
 * Functions of this table return 0 or a negative RIFEC_ERR_*; fused ops may also return
 * OP_DECLINED.
 *
 * Suffixes: _c is the reference (plain loops, FP32, the same bits on every
 * machine), _row and _row_avx2 are row-wise versions of it that give the same
 * bits, _dnn is oneDNN.
 *
 * Linear taps. Resizing follows align_corners=False: destination pixel d of a
 * resize by `ratio` (source pixels per destination pixel) reads the source at
 * max(0, (d + 0.5) * ratio - 0.5), between lo = floor() and
 * hi = min(lo + 1, n - 1), with weight f = the fractional part on hi. A linear
 * interpolation is lo + (hi - lo) * f, vertically first.
 *
 * Lazy flow. Flow and mask are never stored at full resolution. At the full-resolution
 * pixel (x, y) they are the sum over the levels present of the level, linearly
 * interpolated with ratio 1 / level.scale; the four flow channels are multiplied by
 * level.scale. The mask of a level that replaces_mask is not added: the sum starts again
 * with it. All in FP32: in FP16 a coordinate beyond 1024 has no fractional part left. On
 * a GPU the numbers of the last level may be stored as FP16 (level.dtype); blend reads
 * them, gather never does.
 *
 * Warp. The image at (x + flow_x, y + flow_y), each clamped to the padded
 * picture, 0 .. size - 1, bilinear between the four neighbours. NaN counts as 0
 * and any magnitude of flow is allowed. If an image has a texture, front, blend_store and
 * tail may use the texture unit, whose weights are multiples of 1/256.
 */
#ifndef RIFEC_MODEL_OPS_H
#define RIFEC_MODEL_OPS_H

#include "model/tensor.h"
#include "rifec/frame.h"

struct yuv;        /* model/yuv.h: colour arithmetic of a format              */
struct conv_layer; /* model/weights.h: weights and bias of one convolution    */

#define IFNET_INPUTS 16   /* a gathered input's channels are a multiple of this */
#define LEAKY_SLOPE  0.2f /* lrelu(v) = v > 0 ? v : 0.2 * v                     */

/*
 * load: converts the planes of a frame to a padded image of RGB and alpha.
 *
 * Samples become numbers by the range's offset and scale; chroma is linearly
 * interpolated at its true position (yuv.h), then the matrix is applied. The
 * result is not clamped, because a YUV colour outside the RGB cube must survive the
 * conversion back (docs/numerics.md). Alpha is the sample value divided by 2^depth - 1,
 * or zero if the frame has none. The padding is zero in the colours. In alpha it repeats
 * the picture's edge, so that opaque pixels stay opaque. Tolerance against exact
 * arithmetic: 2e-6 absolute.
 */
struct load_args {
    const struct rifec_frame *frame;
    const struct yuv *yuv;
    struct image out;
};

/*
 * encode: the features of a source frame, if the network has an encoder. RGB,
 * clamped to 0..1 and with its padding, goes through four convolutions: 3x3 of stride 2,
 * 3x3, 3x3, each with zero padding 1 and followed by an activation, then a transposed 4x4
 * of stride 2 and padding 1. Some networks have only the first and the last. The output
 * of the last has the padded size, the others have half of it. Tolerance as conv_s2.
 */
struct encode_args {
    struct image image;
    const struct conv_layer *layers; /* [count]                                    */
    int count;                       /* 2 or 4                                     */
    struct tensor ping, pong;        /* of half the size; between the convolutions */
    struct features out;             /* all of the padded size is written          */
};

/*
 * gather: the input of one block, made at the block's resolution.
 *
 * At full resolution: RGB of both frames, clamped to 0..1 and warped by the lazy
 * flow of `levels`; the features of both sources, warped alike; the timestep t; the mask
 * logit; the features of the last level, linearly interpolated as flow is; the flow
 * divided by `scale`. That is resized by ratio `scale` to out, of size padded / scale,
 * which holds the rows from `top` on. The channels are
 *
 *     without features     0..2 image 0, 3..5 image 1, 6 t, 7 mask, 8..11 flow
 *     with features        0..2 image 0, 3..5 image 1, the features of both, t, mask, the
 *                          features of the last level where it has any, flow
 *
 * and then zeros. Without levels (the first block) flow, mask and the level's features
 * are zero; out need not have channels for them. At most four full-resolution values are
 * read per output pixel; nothing else is computed. Tolerance: FP32 rounding, 1e-5 for
 * values of order 1.
 */
#define GATHER_CHANNELS (6 + 2 * FEATURES_MAX + 2 + LEVEL_FEATURES + 4) /* at most */
struct gather_args {
    struct image image0, image1;
    struct features features0, features1;
    const struct level *levels;
    int level_count;   /* 0..4 */
    float scale;       /* 128 .. 0.5, a power of two */
    const float *t;    /* 0 < *t < 1; the backend reads it when the op runs   */
    int top;           /* first row of out within the whole; 0 when it is the whole */
    struct tensor out; /* channels: a multiple of IFNET_INPUTS */
};

/*
 * conv_s2: out = act(conv3x3(in) + bias), stride 2, zero padding 1, where act is lrelu,
 * or a PReLU with the layer's slopes. out is half as high and wide as in. in and out may
 * have more channels than the layer: the additional ones are zero in `in`, and are
 * written as zero to `out`. FP32 accumulation in any order: tolerance 1e-5 * sum |w *
 * in|.
 */
/*
 * resconv: out = act(conv3x3(in) + bias + in), zero padding 1. in and out have
 * the same shape and never the same memory. Beta is already in the layer's weights and
 * bias. A plain layer does not add in. With add_out, the earlier content of out is added
 * to the result. Tolerance and additional channels as conv_s2.
 */
struct conv_args {
    struct tensor in, out;
    const struct conv_layer *layer;
    bool add_out; /* only where the network has a skip over a whole block */
};

/*
 * deconv: the block's output. A transposed 4x4 convolution of stride 2 and
 * padding 1, then a pixel shuffle by 2:
 *
 *     channel c at (2Y + i, 2X + j) = d[4c + 2i + j][Y][X],  i, j in 0..1
 *     d[o][2y - 1 + ky][2x - 1 + kx] += in[.][y][x] * w[ky][kx][.][o]
 *
 * so out, FP32 or FP16, is four times as high and wide as in. If it is twice as high and
 * wide, there is no pixel shuffle: channel c at (Y, X) = d[c][Y][X]. Channels 0..3 are
 * the flow, channel 4 is the mask, and if out.features is set, the next 8 are the
 * features. The layer has only the outputs of these channels: 20, 52 or 5. Tolerance as
 * conv_s2.
 */
#define DECONV_SCRATCH(cout) (4 * (((cout) + 31) / 32 * 32)) /* channels, four phases */
struct deconv_args {
    struct tensor in;
    const struct conv_layer *layer;
    struct level out;
    float *scratch; /* [DECONV_SCRATCH(cout)][in.height][in.width], for deconv_dnn */
};

/*
 * blend: the in-between. Both frames, unclamped, warped by the lazy flow of
 * all levels, and merged: m * warp0 + (1 - m) * warp1, m = sigmoid(mask), alpha
 * like the colours.
 * Only width x height of out is written. The exponential is our own
 * (model/sigmoid.h), so results do not depend on the C library.
 * Tolerance: FP32 rounding, 1e-5.
 */
struct blend_args {
    struct image image0, image1;
    const struct level *levels;
    int level_count;
    struct image out;
};

/*
 * store: converts an image to the planes of a frame: applies the matrix, reduces chroma
 * with the filter that exactly inverts load's interpolation (yuv.h),
 * rounds to nearest and clamps to 0 .. 2^depth - 1. store(load(frame)) == frame.
 */
struct store_args {
    struct image in;
    const struct yuv *yuv;
    struct rifec_frame *frame;
};

/* Arguments of blend_store, a fused op: see below. */
struct blend_store_args {
    struct image image0, image1;
    const struct level *levels;
    int level_count;
    const struct yuv *yuv;
    struct rifec_frame *frame;
    struct image scratch; /* for the interpolated image; may be left unused */
};

/*
 * thumbnail: the brightness of a frame in THUMB_WIDTH x THUMB_HEIGHT boxes. Box (x, y)
 * covers the columns x*w/TW .. (x+1)*w/TW and rows alike, one pixel at least. Only every
 * max(1, n/8)th of a box's n rows is read, and likewise of its columns, which is precise
 * enough. The mean of the luma values, or of BT.709's weighting of R, G and B, is clamped
 * to black .. white and scaled to 0 .. 65535, rounded to nearest. Tolerance: exact up to
 * 1, from FP32 in the scaling.
 */
#define THUMB_WIDTH  96
#define THUMB_HEIGHT 64
struct thumbnail_args {
    const struct rifec_frame *frame;
    const struct yuv *yuv;
    uint16_t *out; /* [THUMB_HEIGHT][THUMB_WIDTH] */
};

/*
 * Fused ops do the work of several. They are optional: the table may have NULL in their
 * place, and a fused op may return OP_DECLINED, "not for me", before it has written
 * anything. Then fused.h runs the single ops. The contracts of the single ops hold for
 * the fused one, except that intermediate results need not be rounded.
 *
 * front: gather, then both conv_s2: the block's features from the frames.
 *     Colours from a texture may be clamped to 0..1 after they are interpolated.
 * resblock: the resconvs of a block, from `ping` to `ping`, `pong` between.
 * blend_store: blend, then store. Tolerance: 1 sample value where rounding decides.
 * tail: the last block's deconv, then blend_store. It does not make the last level, whose
 *     memory it may use as scratch, and leaves deconv.in intact, so that deconv can make
 *     the level afterwards.
 */
#define OP_DECLINED 1

struct front_args {
    struct gather_args gather; /* .out: shape of the block's input; may be written */
    struct tensor mid;         /* between the two; may be written                  */
    struct tensor out;
    const struct conv_layer *conv0, *conv1;
};

struct resblock_args {
    struct tensor ping, pong;
    const struct conv_layer *layers; /* [count], an even number */
    int count;
    const struct tensor *spare; /* NULL, or: what ping was is added to what it becomes.
                                 * It has the same shape and may be written */
};

struct tail_args {
    struct deconv_args deconv; /* .out: the last of the levels */
    struct blend_store_args blend_store;
};

/* stream belongs to the backend: a number of threads, or a queue of a device. */
struct ops {
    int (*load)(const struct load_args *a, void *stream);
    int (*encode)(const struct encode_args *a, void *stream);
    int (*gather)(const struct gather_args *a, void *stream);
    int (*conv_s2)(const struct conv_args *a, void *stream);
    int (*resconv)(const struct conv_args *a, void *stream);
    int (*deconv)(const struct deconv_args *a, void *stream);
    int (*blend)(const struct blend_args *a, void *stream);
    int (*store)(const struct store_args *a, void *stream);
    int (*thumbnail)(const struct thumbnail_args *a, void *stream);
    /* Fused, or NULL. */
    int (*front)(const struct front_args *a, void *stream);
    int (*resblock)(const struct resblock_args *a, void *stream);
    int (*blend_store)(const struct blend_store_args *a, void *stream);
    int (*tail)(const struct tail_args *a, void *stream);
};

#endif
