/*
 * Shared by the files of cudnn_ops. A method is a kind of call with an epilogue of ours;
 * a candidate is a method with one of the library's algorithms, prepared for a shape. One
 * candidate is chosen for each shape.
 */
#ifndef RIFEC_ENGINE_CUDNN_CANDIDATE_H
#define RIFEC_ENGINE_CUDNN_CANDIDATE_H

#include "engine/cuda/conv_versions.h"
#include "engine/cudnn/cudnn_calls.h"
#include "engine/cudnn/cudnn_ops.h"
#include "engine/cudnn/plan_cache.h"

/* What our own kernel computes after the library's. */
enum epilogue { EPILOGUE_NONE, EPILOGUE_CONV, EPILOGUE_SHUFFLE, EPILOGUE_COL2IM };

/*
 * A method of computing an op. There are two for deconv: one 3x3 convolution to the 4
 * phases of 20 channels, in which 5 of 9 taps are zero, so that it takes 2.25 times the
 * arithmetic; or a matrix product that gives the contribution of each tap. (cuDNN's own
 * transposed convolution was measured to take twice as long as either, and half a second
 * to prepare.)
 */
struct method {
    const char *name;
    enum conv_op op;
    enum dnn_kind kind;
    enum epilogue epilogue;
    int channels; /* of the library's result; 0: the layer's */
};

#define CUDNN_METHODS 6
extern const struct method cudnn_methods[CUDNN_METHODS];

/* Weights and bias on the device, in the layout that one method needs. */
struct packed {
    void *weight; /* one allocation for both */
    float *bias;
};

/* A method with an algorithm, prepared for a shape. */
struct candidate {
    const struct method *method;
    struct dnn_call call;
    struct dnn_algorithm algorithm;
    struct dnn_plan *plan; /* NULL: refused */
    double us, build_seconds;
};

struct shape {
    struct shape *next;
    enum conv_op op;
    const struct conv_layer *layer; /* the first of this shape, for measuring */
    struct tensor in, out;
    struct level level;
    char name[96]; /* "resconv fp16 64->64 480x272" */
    struct candidate chosen;
};

/* layer->plan points to this. */
struct cudnn_layer {
    struct cudnn_layer *next;
    struct conv_layer *layer;
    struct shape *shape;
    struct packed packed;
};

struct cudnn_ops {
    struct dnn_lib *lib;
    struct cudnn_ops_params params;
    struct plan_cache *cache;
    struct shape *shapes, **shapes_end;
    struct cudnn_layer *layers;
    size_t workspace_bytes, packed_bytes;
};

/* cudnn_candidate.c: runs a candidate. It writes to `level` for deconv, else to `out`. */
size_t candidate_workspace(const struct candidate *c);
int candidate_run(const struct candidate *c, const struct packed *k,
                  const struct tensor *in, const struct tensor *out,
                  const struct level *level, const struct cuda_stream *s);

/* cudnn_pack.c */
int packed_open(struct packed *k, const struct candidate *c, const struct conv_layer *l,
                size_t *bytes);
void packed_close(struct packed *k);

/* cudnn_choose.c: chooses a candidate with a plan for every shape, from the plans file or
 * by measuring on the stream. */
int cudnn_choose_candidates(struct cudnn_ops *o, cudaStream_t stream);

/* cudnn_measure.c */
struct measure {
    cudaStream_t stream;
    void *workspace; /* grows; measure_close() frees it */
    size_t workspace_bytes;
};

/* Fills a tensor with random numbers between -1 and 1, because zeros would be faster than
 * real data. */
int measure_fill(const struct measure *m, const struct tensor *t);

/*
 * Sets c->us to the microseconds of one run. A candidate that takes several times as long
 * as best_us (0: none yet) is timed only once. Returns RIFEC_ERR_* if it does not run.
 */
int measure_candidate(struct measure *m, const struct shape *s, struct candidate *c,
                      const struct packed *k, double best_us);
void measure_close(struct measure *m);

#endif
