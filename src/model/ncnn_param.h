/* ncnn's .param: a list of layers that name their blobs. */
#ifndef RIFEC_MODEL_NCNN_PARAM_H
#define RIFEC_MODEL_NCNN_PARAM_H

#include <stddef.h>

#define NCNN_BLOBS_MAX  16 /* of one layer */
#define NCNN_PARAMS_MAX 24 /* of one layer */

struct ncnn_layer {
    const char *type, *name;
    int bottom_count, top_count;
    int bottoms[NCNN_BLOBS_MAX], tops[NCNN_BLOBS_MAX]; /* numbers of blobs */
    int param_count, keys[NCNN_PARAMS_MAX];
    double values[NCNN_PARAMS_MAX]; /* of a list, the first */
};

struct ncnn_graph {
    char *text; /* what the names point into */
    struct ncnn_layer *layers;
    int layer_count, blob_count;
    const char **blobs; /* names */
};

/*
 * Reads the text. `name` is for messages. RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged;
 * ncnn_graph_close() follows either way.
 */
int ncnn_graph_read(struct ncnn_graph *g, const unsigned char *text, size_t bytes,
                    const char *name);

void ncnn_graph_close(struct ncnn_graph *g);

/* A parameter, or the first of a list; `missing` if it is not given. */
double ncnn_get(const struct ncnn_layer *l, int key, double missing);

#endif
