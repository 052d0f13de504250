/*
 * The CUDA kernels' interface to C: one launcher per op and version, named by suffix.
 * Contracts are those of model/ops.h with every pointer on the device but those to
 * structs: args, the frame, yuv (its tables are on the device) and the layer are the
 * host's. Launchers return 0 or RIFEC_ERR_DEVICE, and may be captured into a graph.
 */
#ifndef RIFEC_KERNELS_H
#define RIFEC_KERNELS_H

#include <cuda_runtime.h>

#include "model/ops.h"
#include "model/weights.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The `void *stream` of every CUDA op. One belongs to one lane of work. */
struct cuda_stream {
    cudaStream_t stream;
    void *workspace; /* for ops that consist of several kernels */
    size_t workspace_bytes;
};

/* layer->plan points to this for our own convolutions: numbers on the device. */
struct conv_pack {
    void *weight; /* as the version's pack() laid it out */
    float *bias;  /* [cout] */
};

#define CUDA_LEVELS 4 /* that kernels add up at most; blend always this many */

/* Logs what went wrong with the last launch and returns RIFEC_ERR_DEVICE, or 0. */
int cuda_launched(const char *kernel);

/*
 * A view of an image for the texture unit, in im->texture, until it is closed. FP16
 * images only, aligned to 512 bytes; else, and where the GPU cannot, which is logged,
 * 0: kernels then read the numbers.
 */
void image_texture_open(struct image *im);
void image_texture_close(struct image *im);

/* Images and tensors may be FP32 or FP16, tensors of any block that 8 divides; gather's
 * also phase-split (even/odd). */
int load_cuda(const struct load_args *a, void *stream);
int gather_cuda(const struct gather_args *a, void *stream);
int blend_cuda(const struct blend_args *a, void *stream);
int store_cuda(const struct store_args *a, void *stream);
int blend_store_cuda(const struct blend_store_args *a, void *stream);
int thumbnail_cuda(const struct thumbnail_args *a, void *stream);

/* Sets differ to 1 if two frames of one format on the device differ. */
int equal_cuda(const struct rifec_frame *a, const struct rifec_frame *b, int *differ,
               void *stream);

/*
 * Convolutions. Each version has its own layout of weights, which pack() makes on the
 * host; layer->plan points to a struct that begins with a conv_pack.
 *
 * _ref: plain CUDA, FP32 and FP16, block 8, any layer.
 */
size_t conv_ref_pack_bytes(const struct conv_layer *l);
void conv_ref_pack(const struct conv_layer *l, void *out);
int conv_s2_ref(const struct conv_args *a, void *stream);
int resconv_ref(const struct conv_args *a, void *stream);
int deconv_ref(const struct deconv_args *a, void *stream);

/*
 * _sm80: mma.sync. Any GPU from compute capability 7.5 on, FP16, block 8, the network's
 * layers: conv_s2 of 7 or 12 channels reads tensors of 16.
 */
size_t conv_s2_sm80_pack_bytes(const struct conv_layer *l);
void conv_s2_sm80_pack(const struct conv_layer *l, void *out);
int conv_s2_sm80(const struct conv_args *a, void *stream);
size_t resconv_sm80_pack_bytes(const struct conv_layer *l);
void resconv_sm80_pack(const struct conv_layer *l, void *out);
int resconv_sm80(const struct conv_args *a, void *stream);
size_t deconv_sm80_pack_bytes(const struct conv_layer *l);
void deconv_sm80_pack(const struct conv_layer *l, void *out);
int deconv_sm80(const struct deconv_args *a, void *stream);

/* _fp32: FFMA. Any GPU, FP32, block 8, the network's layers. */
size_t conv_fp32_pack_bytes(const struct conv_layer *l);
void conv_fp32_pack(const struct conv_layer *l, void *out);
int conv_s2_fp32(const struct conv_args *a, void *stream);
int resconv_fp32(const struct conv_args *a, void *stream);
size_t deconv_fp32_pack_bytes(const struct conv_layer *l);
void deconv_fp32_pack(const struct conv_layer *l, void *out);
int deconv_fp32(const struct deconv_args *a, void *stream);

/* _sm90: wgmma. Compute capability 9.0, FP16, block 8, 64, 96, 128 or 192 channels. */
size_t resconv_sm90_pack_bytes(const struct conv_layer *l);
void resconv_sm90_pack(const struct conv_layer *l, void *out);
int resconv_sm90(const struct conv_args *a, void *stream);
/* With 64 channels it also writes a level of FP16, which no other version does. */
size_t deconv_sm90_pack_bytes(const struct conv_layer *l);
void deconv_sm90_pack(const struct conv_layer *l, void *out);
int deconv_sm90(const struct deconv_args *a, void *stream);

/*
 * conv_s2_sm90: wgmma. Compute capability 9.0, FP16, block 8, the layers of blocks 0 and
 * 1, which conv_choice.c knows. in is phase-split, as gather_cuda() writes it where
 * its out is; out of the first convolution of a block is, of the second is not.
 * conv_s2_sm90_fits(): whether it can.
 */
size_t conv_s2_sm90_pack_bytes(const struct conv_layer *l);
void conv_s2_sm90_pack(const struct conv_layer *l, void *out);
bool conv_s2_sm90_fits(const struct conv_args *a);
int conv_s2_sm90(const struct conv_args *a, const struct conv_pack *pack, void *stream);

/*
 * The steps around a convolution by cuDNN or cuBLAS. bias is on the device, in the order
 * of in's channels.
 *
 * conv_epilogue: out = lrelu(out + bias + residual), in place; residual may be NULL; all
 * channels in one block.
 * deconv_shuffle: to a level from [height / 4][width / 4][80].
 * deconv_col2im: from [height / 4][width / 4][16][20].
 */
int conv_epilogue_cuda(const struct tensor *out, const struct tensor *residual,
                       const float *bias, cudaStream_t stream);
int deconv_shuffle_cuda(const float *in, const float *bias, const struct level *out,
                        cudaStream_t stream);
int deconv_col2im_cuda(const float *in, const float *bias, const struct level *out,
                       cudaStream_t stream);

/*
 * front_sm90: of blocks 2 and 3, FP16, block 8; images of FP32, or with a texture. It has
 * a layout of its own for both layers' weights, and leaves gather.out and half alone.
 * front_sm90_fits(): whether it can; if not, the caller declines.
 */
size_t front_sm90_pack_bytes(const struct conv_layer *l);
void front_sm90_pack(const struct conv_layer *l, void *out);
bool front_sm90_fits(const struct front_args *a);
int front_sm90(const struct front_args *a, const struct conv_pack *conv0,
               const struct conv_pack *conv1, void *stream);

/*
 * tail_sm90: deconv of 64 channels and blend_store to plain YUV of 8 bits, FP16, block 8,
 * images with a texture; the deconv's layer is packed for deconv_sm90. Leaves deconv.in
 * alone, does not make the last level and may write anything there.
 * tail_sm90_fits(): whether it can; if not, the caller declines.
 */
bool tail_sm90_fits(const struct tail_args *a);
int tail_sm90(const struct tail_args *a, void *stream);

#ifdef __cplusplus
}
#endif
#endif
