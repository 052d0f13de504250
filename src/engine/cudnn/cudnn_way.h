/*
 * Shared by the files of cudnn_ops: the ways of computing a layer, and the shapes, for
 * each of which one way is chosen.
 */
#ifndef RIFEC_ENGINE_CUDNN_WAY_H
#define RIFEC_ENGINE_CUDNN_WAY_H

#include "engine/cuda/conv_versions.h"
#include "engine/cudnn/cudnn_calls.h"
#include "engine/cudnn/cudnn_ops.h"
#include "engine/cudnn/plan_cache.h"

/* The computation of our own kernel after the library's. */
enum epilogue { EPILOGUE_NONE, EPILOGUE_CONV, EPILOGUE_SHUFFLE, EPILOGUE_COL2IM };

/*
 * The ways of computing an op. For deconv: one 3x3 convolution to the 4 phases of
 * 20 channels, of whose taps 5 in 9 are zero, so 2.25 times the arithmetic; or a
 * matrix product that gives what each tap adds. (cuDNN's own transposed convolution
 * was measured to take twice as long as either, and half a second to prepare.)
 */
struct route {
    const char *name;
    enum conv_op op;
    enum dnn_kind kind;
    enum epilogue epilogue;
    int channels; /* that the library makes, 0: the layer's */
};

#define CUDNN_ROUTES 6
extern const struct route cudnn_routes[CUDNN_ROUTES];

/* Weights and bias on the device, as one route wants them. */
struct packed {
    void *weight; /* one allocation for both */
    float *bias;
};

/* A route made ready for a shape. */
struct way {
    const struct route *route;
    struct dnn_call call;
    struct dnn_choice choice;
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
    struct way way;
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

/* cudnn_way.c: runs a way; `out` or `level` is where to. */
size_t way_workspace(const struct way *w);
int way_run(const struct way *w, const struct packed *k, const struct tensor *in,
            const struct tensor *out, const struct level *level,
            const struct cuda_stream *s);

/* cudnn_pack.c */
int packed_open(struct packed *k, const struct way *w, const struct conv_layer *l,
                size_t *bytes);
void packed_close(struct packed *k);

/* cudnn_choose.c: gives every shape a way with a plan, from the plans file or as
 * measured on the stream. */
int cudnn_choose_ways(struct cudnn_ops *o, cudaStream_t stream);

/* cudnn_measure.c */
struct measure {
    cudaStream_t stream;
    void *workspace; /* grows; measure_close() frees it */
    size_t workspace_bytes;
};

/* Puts random numbers between -1 and 1 there: zeros would be faster than real data. */
int measure_fill(const struct measure *m, const struct tensor *t);

/*
 * Microseconds of one run into w->us. A way that takes several times as long as
 * best_us (0: none yet) is not looked at closely. RIFEC_ERR_*: it does not run.
 */
int measure_way(struct measure *m, const struct shape *s, struct way *w,
                const struct packed *k, double best_us);
void measure_close(struct measure *m);

#endif
