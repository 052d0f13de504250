/*
 * IFNet 4.6 as a model of ncnn. A node has one result; ncnn wants a blob to be read
 * once, so a result that several nodes read goes through a Split, made when the
 * graph is printed.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/half.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/ncnn.h"
#include "model/weights.h"

/* Models of ncnn are written in the layout of this network, whose outputs that nobody
 * reads are zero. */
static const struct network *const ifnet = &networks[NETWORK_4_6];

#define NODES_MAX  320
#define INPUTS_MAX 4

#define TAG_FP16 0x01306b47u

/* ncnn's numbers for what BinaryOp and Reduction do. */
enum { ADD = 0, SUB = 1, MUL = 2, DIV = 3, FROM = 7 };
enum { REDUCE_MAX = 4 };

struct node {
    const char *type;
    char name[40], params[120];
    int inputs[INPUTS_MAX], input_count;
    int readers, served; /* of the result: in all, and named so far */
};

struct graph {
    struct node node[NODES_MAX];
    int count;
    const struct ncnn_options *opt;
    int grid, unit[2]; /* stock: the coordinates, and what a pixel is in them */
};

/* --- nodes ------------------------------------------------------------------------ */

/* Adds a node that reads `inputs`, -1 for none; its number is the result's. */
static int add(struct graph *g, const char *type, const int inputs[INPUTS_MAX],
               const char *params, ...) LOG_PRINTF(4, 5);

static int add(struct graph *g, const char *type, const int inputs[INPUTS_MAX],
               const char *params, ...)
{
    struct node *n = &g->node[g->count];
    va_list args;
    *n = (struct node){ .type = type };
    va_start(args, params);
    vsnprintf(n->params, sizeof n->params, params, args);
    va_end(args);
    for (int i = 0; i < INPUTS_MAX && inputs[i] >= 0; i++) {
        n->inputs[n->input_count++] = inputs[i];
        g->node[inputs[i]].readers++;
    }
    snprintf(n->name, sizeof n->name, "%s_%d", type[0] == 'r' ? "warp" : type, g->count);
    return g->count++;
}

#define NONE      ((int[]){ -1, -1, -1, -1 })
#define ONE(a)    ((int[]){ a, -1, -1, -1 })
#define TWO(a, b) ((int[]){ a, b, -1, -1 })

static int input(struct graph *g, const char *name)
{
    int n = add(g, "Input", NONE, "%s", "");
    snprintf(g->node[n].name, sizeof g->node[n].name, "%s", name);
    return n;
}

static int binary(struct graph *g, int op, int a, int b)
{
    return add(g, "BinaryOp", TWO(a, b), "0=%d", op);
}

static int with_number(struct graph *g, int op, int a, double b)
{
    return add(g, "BinaryOp", ONE(a), "0=%d 1=1 2=%e", op, b);
}

/* Channels from..to of a blob. */
static int crop(struct graph *g, int a, int from, int to)
{
    return add(g, "Crop", ONE(a), "-23309=1,%d -23310=1,%d -23311=1,0", from, to);
}

static int resize(struct graph *g, int a, double factor)
{
    return factor == 1 ? a : add(g, "Interp", ONE(a), "0=2 1=%e 2=%e", factor, factor);
}

/*
 * Inputs of a warp without rife.Warp, made from the timestep's plane, of which only the
 * size is used: the coordinates -1..1 of every pixel, [2][h][w], and 2 / (w - 1) and 2 /
 * (h - 1), the width of a pixel in them.
 */
static void add_grid(struct graph *g, int timestep)
{
    int axis[2];
    int ones = with_number(g, ADD, with_number(g, MUL, timestep, 0), 1);
    for (int i = 0; i < 2; i++) {
        int place =
            with_number(g, SUB, add(g, "CumulativeSum", ONE(ones), "0=%d", 2 - i), 1);
        int last = add(g, "Reduction", ONE(place), "0=%d 1=1 4=1", REDUCE_MAX);
        g->unit[i] = add(g, "BinaryOp", ONE(last), "0=8 1=1 2=%e", 2.0); /* 2 / last */
        axis[i] = with_number(g, SUB, binary(g, MUL, place, g->unit[i]), 1);
    }
    g->grid = add(g, "Concat", TWO(axis[0], axis[1]), "0=0");
}

/* image at p + flow, where flow has channels from.. of its own. */
static int warp(struct graph *g, int image, int flow, int from)
{
    if (!g->opt->stock)
        return add(g, "rife.Warp", TWO(image, crop(g, flow, from, from + 2)), "%s", "");
    int x = binary(g, MUL, crop(g, flow, from, from + 1), g->unit[0]);
    int y = binary(g, MUL, crop(g, flow, from + 1, from + 2), g->unit[1]);
    int at = binary(g, ADD, add(g, "Concat", TWO(x, y), "0=0"), g->grid);
    return add(g, "GridSample", TWO(image, at), "0=1 1=2 2=1 3=1");
}

/* --- the network -------------------------------------------------------------------- */

/* The names of layers are the network's. */
static void name_layer(struct graph *g, int node, const struct network_layer *l)
{
    snprintf(g->node[node].name, sizeof g->node[node].name, "%s", l->name);
}

static int conv(struct graph *g, int a, const struct network_layer *l)
{
    bool is_front = l->op == CONV_S2; /* stride 2, with its leaky ReLU */
    int n = add(g, "Convolution", ONE(a), "0=%d 1=3%s 4=1 5=1 6=%d%s", l->cout,
                is_front ? " 3=2" : "", 9 * l->cin * l->cout,
                is_front ? " 9=2 -23310=1,2.000000e-01" : "");
    name_layer(g, n, l);
    return n;
}

static int deconv(struct graph *g, int a, const struct network_layer *l, int outputs)
{
    int n = add(g, "Deconvolution", ONE(a), "0=%d 1=4 3=2 4=1 5=1 6=%d", outputs,
                16 * l->cin * outputs);
    name_layer(g, n, l);
    return add(g, "PixelShuffle", ONE(n), "0=2");
}

/* One block: flow, mask and a spare channel, at the block's resolution. */
static int block(struct graph *g, int b, int x)
{
    struct network_layer l;
    const int first = b * network_block_layers(ifnet);
    for (int i = first; network_layer(ifnet, i, &l) && l.block == b; i++) {
        if (l.op == DECONV)
            return deconv(g, x, &l, ifnet->deconv_outputs);
        int y = conv(g, x, &l);
        x = l.op == RESCONV ? add(g, "ReLU", ONE(binary(g, ADD, y, x)), "0=%e", 0.2) : y;
    }
    return x;
}

static void build(struct graph *g)
{
    int image0 = input(g, "in0"), image1 = input(g, "in1"), t = input(g, "in2");
    int flow = -1, mask = -1;
    if (g->opt->stock)
        add_grid(g, t);
    for (int b = 0; b < ifnet->block_count; b++) {
        double s = ifnet->block[b].scale;
        int x;
        if (b == 0) {
            x = add(g, "Concat", ((int[]){ image0, image1, t, -1 }), "0=0");
            x = resize(g, x, 1 / s);
        } else {
            int w0 = warp(g, image0, flow, 0), w1 = warp(g, image1, flow, 2);
            x = add(g, "Concat", ((int[]){ w0, w1, t, mask }), "0=0");
            int small = resize(g, flow, 1 / s);
            if (s != 1)
                small = with_number(g, DIV, small, s);
            x = add(g, "Concat", TWO(resize(g, x, 1 / s), small), "0=0");
        }
        x = resize(g, block(g, b, x), s);
        int more = crop(g, x, 0, 4), more_mask = crop(g, x, 4, 5);
        if (s != 1)
            more = with_number(g, MUL, more, s);
        flow = b ? binary(g, ADD, flow, more) : more;
        mask = b ? binary(g, ADD, mask, more_mask) : more_mask;
    }
    int share = add(g, "Sigmoid", ONE(mask), "%s", "");
    int rest = with_number(g, FROM, share, 1); /* 1 - share */
    int a = binary(g, MUL, warp(g, image0, flow, 0), share);
    int b = binary(g, MUL, warp(g, image1, flow, 2), rest);
    binary(g, ADD, a, b);
}

/* --- .param ------------------------------------------------------------------------- */

static bool is_input(const struct node *n)
{
    return !strcmp(n->type, "Input");
}

/* The result's blob, or the copy of it that the next reader gets. */
static void put_blob(FILE *f, struct graph *g, int i, bool to_read)
{
    struct node *n = &g->node[i];
    if (i == g->count - 1)
        fputs(" out0", f);
    else
        fprintf(f, is_input(n) ? " %s" : " b%s", is_input(n) ? n->name : "");
    if (i != g->count - 1 && !is_input(n))
        fprintf(f, "%d", i);
    if (to_read && n->readers > 1)
        fprintf(f, "_%d", n->served++);
}

static void put_node(FILE *f, struct graph *g, int i)
{
    struct node *n = &g->node[i];
    fprintf(f, "%-24s %-24s %d 1", n->type, n->name, n->input_count);
    for (int k = 0; k < n->input_count; k++)
        put_blob(f, g, n->inputs[k], true);
    put_blob(f, g, i, false);
    fprintf(f, "%s%s\n", *n->params ? " " : "", n->params);
    if (n->readers < 2)
        return;
    fprintf(f, "%-24s split_%-18d 1 %d", "Split", i, n->readers);
    put_blob(f, g, i, false);
    for (int k = 0; k < n->readers; k++)
        put_blob(f, g, i, true);
    n->served = 0;
    fputc('\n', f);
}

static void put_graph(FILE *f, struct graph *g)
{
    int layers = g->count, blobs = g->count;
    for (int i = 0; i < g->count; i++)
        if (g->node[i].readers > 1) {
            layers++;
            blobs += g->node[i].readers;
        }
    fprintf(f, "7767517\n%d %d\n", layers, blobs);
    for (int i = 0; i < g->count; i++)
        put_node(f, g, i);
}

/* --- .bin --------------------------------------------------------------------------- */

static void put_float(FILE *f, float v)
{
    fwrite(&v, sizeof v, 1, f);
}

static void put_number(FILE *f, enum dtype dtype, float v)
{
    uint16_t h = float_to_half(v);
    if (dtype == DTYPE_FP16)
        fwrite(&h, sizeof h, 1, f);
    else
        put_float(f, v);
}

/* From [ky][kx][in][out], with zeros for missing outputs: 24 instead of 20. */
static void put_layer(FILE *f, enum dtype dtype, const struct conv_layer *l, int outputs)
{
    int taps = l->kernel * l->kernel;
    uint32_t tag = dtype == DTYPE_FP16 ? TAG_FP16 : 0;
    fwrite(&tag, sizeof tag, 1, f);
    for (int o = 0; o < outputs; o++)
        for (int i = 0; i < l->cin; i++)
            for (int k = 0; k < taps; k++)
                put_number(f, dtype,
                           o < l->cout ? l->weight[(k * l->cin + i) * l->cout + o] : 0);
    for (int o = 0; o < outputs; o++)
        put_float(f, o < l->cout ? l->bias[o] : 0);
}

static void put_numbers(FILE *f, enum dtype dtype, const struct weights *w)
{
    struct network_layer l;
    for (int i = 0; network_layer(w->network, i, &l); i++)
        put_layer(f, dtype, &w->layers[i],
                  l.op == DECONV ? ifnet->deconv_outputs : l.cout);
}

bool ncnn_can_write(const struct network *n)
{
    return n == &networks[NETWORK_4_5] || n == &networks[NETWORK_4_6];
}

int ncnn_write(const struct weights *w, const struct ncnn_options *opt, FILE *param,
               FILE *bin)
{
    struct graph *g = calloc(1, sizeof *g);
    if (!g) {
        return mem_fail("the graph of the model");
    }
    g->opt = opt;
    build(g);
    put_graph(param, g);
    put_numbers(bin, opt->dtype, w);
    free(g);
    return fflush(param) || fflush(bin) || ferror(param) || ferror(bin) ? RIFEC_ERR_OUTPUT
                                                                        : 0;
}
