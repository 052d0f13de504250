/*
 * Models of ncnn: .param, a graph as text, and .bin, its numbers in the order of the
 * layers. The reader accepts the graphs that exporters make of IFNet 4.5 and 4.6, with
 * beta folded into the convolutions or as a separate layer; the writer folds it.
 */
#ifndef RIFEC_MODEL_NCNN_H
#define RIFEC_MODEL_NCNN_H

#include <stdio.h>

#include "model/dtype.h"
#include "model/tensors.h"

struct network;
struct weights;

/* Is it a .param file? */
bool ncnn_probe(const struct filebytes *file);

/*
 * Lists the tensors of t->file[0], .param, and t->file[1], .bin, under the names of the
 * state dict. A graph that does not compute what 4.6 does is refused, unless its names
 * already show which other version it is.
 */
int ncnn_list(struct tensors *t);

struct ncnn_options {
    enum dtype dtype; /* of the convolutions' numbers: FP32 or FP16 */
    bool stock;       /* warp by ncnn's own layers, not by rife.Warp */
};

/* True if the network can be written for ncnn. */
bool ncnn_can_write(const struct network *n);

/*
 * Writes both files, of weights of 4.5 or 4.6. Blobs in0 and in1 are the pictures,
 * [3][h][w] of 0..1, in2 the timestep, [1][h][w], with h and w multiples of 32; out0 is
 * the in-between. RIFEC_ERR_OUTPUT or RIFEC_ERR_NOMEM without a message; the caller knows
 * the names and logs it.
 */
int ncnn_write(const struct weights *w, const struct ncnn_options *opt, FILE *param,
               FILE *bin);

#endif
