/*
 * RIFE's IFNet: four blocks, or five, each of which estimates, at its own resolution, the
 * remaining error in the flow and mask of those before it (Huang et al., "Real-Time
 * Intermediate Flow Estimation for Video Frame Interpolation", ECCV 2022).
 *
 * Sizes and memory are planned once for a picture size; ifnet_forward() is the
 * network, written straight down over the ops of a backend.
 *
 */
#ifndef RIFEC_MODEL_IFNET_H
#define RIFEC_MODEL_IFNET_H

#include "base/mem.h"
#include "model/ops.h"
#include "model/weights.h"

struct ifnet_block {
    struct tensor input;      /* [inputs][h][w], h and w the padded size / scale */
    struct tensor mid;        /* [c/2][h/2][w/2]                                */
    struct tensor ping, pong; /* [c][h/4][w/4]                                  */
    struct tensor spare;      /* the same, where a skip reaches over the block  */
    float scale;              /* full-resolution pixels per pixel of the input  */
    float *deconv_scratch;    /* [DECONV_SCRATCH()][h/4][w/4]                   */
    int rows, kept;           /* of ping: in the whole, and new in each band    */
    struct level band;        /* what deconv writes in bands: a part of the level */
};

/*
 * For pictures of width x height. scale, one of 0.25, 0.5, 1 and 2, is the
 * resolution at which flow is estimated: a block works at its scale in the network,
 * divided by this one. The padded size is the next multiple of the network's, or of
 * that divided by scale where it is larger.
 *
 * With band_rows a block processes its picture in bands of that many of its own rows, and
 * needs memory for one band. Bands overlap by the reach of the convolutions, so the
 * result is that of the whole picture, except for the rounding of convolutions whose
 * order of addition depends on where a tile begins.
 */
struct ifnet_params {
    const struct network *network;
    int width, height;
    float scale;
    int block_size;              /* of the tensors; 0: all channels in one block */
    int width_multiple;          /* of the channels of ping and pong; 0: of block_size */
    int band_rows;               /* 0: whole */
    enum dtype dtype;            /* of the tensors */
    enum dtype last_level_dtype; /* of the last level: FP32, or FP16 without bands */
    bool no_scratch;             /* nothing needs deconv_scratch */
};

struct ifnet {
    struct ifnet_params params;
    int width, height, width_padded, height_padded;
    enum dtype dtype; /* of the tensors */
    const struct network *network;
    struct ifnet_block block[NETWORK_BLOCKS_MAX];
    struct level level[NETWORK_BLOCKS_MAX];   /* what each block added, .scale included */
    struct tensor encoder_ping, encoder_pong; /* [encoder_channels][h/2][w/2] */
    struct image out; /* the in-between, until the next forward, if no frame was given */
    const struct weights *weights;
    const struct ops *ops;

    float widened; /* 2 while the scales are twice those of the network; else 1 */
    size_t big_at, small_at, levels_at, encoder_at; /* offsets in the arena */
    unsigned char *big, *small, *levels;            /* and where that is   */
};

/* Plans the network. Reserves memory in the arena. */
void ifnet_plan(struct ifnet *net, const struct ifnet_params *p, struct arena *arena);

/* Points the tensors into the arena, now that it is allocated. */
void ifnet_bind(struct ifnet *net, const struct arena *arena);

/* An image of the planned size over `data`, [height_padded][width_padded][4]. */
struct image ifnet_image(const struct ifnet *net, float *data);
size_t ifnet_image_bytes(const struct ifnet *net);

/* Bytes of a source's image and features. */
size_t ifnet_source_bytes(const struct ifnet *net);

/* A source of the planned size over ifnet_source_bytes(). */
struct source ifnet_source(const struct ifnet *net, float *data);

/* Makes the source's features from its image, where the network has an encoder. */
int ifnet_encode(struct ifnet *net, const struct source *source, void *stream);

/* The inputs and the output of one interpolated frame. */
struct ifnet_task {
    struct source source0, source1;
    const float *t; /* 0 < *t < 1; the backend reads it when the ops run */
    const struct yuv *yuv;
    struct rifec_frame *frame; /* NULL: it stays in net->out */
    bool keep_levels; /* all levels are made, even if a fused op could skip the last */
};

int ifnet_forward(struct ifnet *net, const struct ifnet_task *task, void *stream);

#endif
