/*
 * Convolutions by oneDNN, behind four functions. Everything is prepared at open for one
 * shape; weights are reordered for the chosen kernel.
 */
#ifndef RIFEC_ENGINE_CPU_DNN_H
#define RIFEC_ENGINE_CPU_DNN_H

#include "engine/cpu/cpu.h"
#include "model/ifnet.h"

struct dnn;
struct dnn_conv;

/* One convolution: in [cin][height][width], zero padding, bias, perhaps lrelu. */
struct dnn_conv_desc {
    int cin, cout, height, width, block; /* of the input tensor */
    int kernel_h, kernel_w, stride;
    int pad_top, pad_left, pad_bottom, pad_right;
    const float *weight; /* [kernel_h][kernel_w][cin][cout], copied */
    const float *bias;   /* [cout], copied                          */
    int lrelu;
};

/* The best channel block on this machine: 16 with AVX-512, else 8. */
int dnn_block_size(void);

/* "oneDNN 2.6.3 avx2". */
void dnn_describe(char *out, size_t bytes);

int dnn_open(struct dnn **out);
void dnn_close(struct dnn **d);

/* Bytes it holds. */
size_t dnn_memory(const struct dnn *d);

/* Owned by d. Errors are logged. */
int dnn_conv_open(struct dnn *d, struct dnn_conv **out, const struct dnn_conv_desc *desc);
int dnn_conv_run(const struct dnn_conv *c, const float *in, float *out);

/* Frees p, from malloc(), when d closes. Returns p, or NULL when out of memory. */
void *dnn_own(struct dnn *d, void *p);

/* Prepare a layer for its op below: leaves its plan in layer->plan. Layers with slopes
 * of their own are not for oneDNN. */
int conv_s2_dnn_open(struct dnn *d, struct conv_layer *layer, const struct tensor *in,
                     int out_channels);
int resconv_dnn_open(struct dnn *d, struct conv_layer *layer, const struct tensor *in);
int deconv_dnn_open(struct dnn *d, struct conv_layer *layer, const struct tensor *in);

int conv_s2_dnn(const struct conv_args *a, void *stream);
int resconv_dnn(const struct conv_args *a, void *stream);
int deconv_dnn(const struct deconv_args *a, void *stream);

#endif
