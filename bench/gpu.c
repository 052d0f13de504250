/*
 * The network on a GPU for the benchmarks of the ops: every tensor has its own memory,
 * filled with noise; a call is timed by replaying a graph of several.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "engine/cuda/cu.h"
#include "engine/cuda/cuda_net.h"

#include "base/half.h"

#define CALLS_IN_GRAPH 16
#define PLACED_MAX     256

struct gpu {
    struct cuda_net net;
    struct ifnet plan;
    struct cuda_stream stream;
    void *placed[PLACED_MAX];
    int placed_count;
    char description[256];
};

/*
 * Peak rates measured on an H200: products of FP16 matrices of 8192 x 8192 with random
 * numbers, and copies of gigabytes. FP32 is from its data sheet. (docs/benchmarks.md)
 */
#define H200_FP16  790e12
#define H200_FP32  67e12
#define H200_BYTES 4.3e12

static void *device_bytes(struct gpu *g, size_t bytes)
{
    void *p;
    if (g->placed_count == PLACED_MAX || cudaMalloc(&p, bytes) != cudaSuccess) {
        fprintf(stderr, "no device memory for %zu bytes\n", bytes);
        exit(1);
    }
    g->placed[g->placed_count++] = p;
    return p;
}

/* Returns n random numbers from lo to hi, which repeat every 4 M. */
static void *noise(struct gpu *g, size_t n, enum dtype dtype, float lo, float hi)
{
    enum { CHUNK = 4 << 20 };
    size_t size = dtype_bytes(dtype);
    unsigned char *to = device_bytes(g, n * size);
    float *host = malloc(CHUNK * sizeof *host);
    uint16_t *half = (uint16_t *)host;
    uint32_t state = 1;
    if (!host)
        exit(1);
    for (size_t i = 0; i < CHUNK && i < n; i++) {
        state = state * 1664525u + 1013904223u;
        float v = lo + (hi - lo) * (float)(state >> 8) / 16777216.0f;
        if (dtype == DTYPE_FP16)
            half[i] = float_to_half(v);
        else
            host[i] = v;
    }
    for (size_t at = 0; at < n; at += CHUNK)
        cudaMemcpy(to + at * size, host, (n - at < CHUNK ? n - at : CHUNK) * size,
                   cudaMemcpyHostToDevice);
    free(host);
    return to;
}

static void fill_tensor(struct gpu *g, struct tensor *t)
{
    size_t n = (size_t)t->channels * (size_t)t->height * (size_t)t->width;
    t->data = noise(g, n, t->dtype, -1, 1);
}

static void fill(struct bench *b, struct gpu *g)
{
    struct ifnet *net = &g->plan;
    size_t image = 4 * (size_t)net->width_padded * (size_t)net->height_padded;
    for (int i = 0; i < net->network->block_count; i++) {
        struct ifnet_block *k = &net->block[i];
        struct level *l = &net->level[i];
        size_t pixels = (size_t)l->width * (size_t)l->height;
        fill_tensor(g, &k->input);
        fill_tensor(g, &k->mid);
        fill_tensor(g, &k->ping);
        fill_tensor(g, &k->pong);
        l->flow = noise(g, 4 * pixels, l->dtype, -4 / l->scale, 4 / l->scale);
        l->mask = noise(g, pixels, l->dtype, -2, 2);
    }
    net->out = ifnet_image(net, noise(g, image, DTYPE_FP32, 0, 1));
    const enum dtype dtype = net->dtype == DTYPE_FP16 ? DTYPE_FP16 : DTYPE_FP32;
    for (int i = 0; i < 2; i++) {
        b->net.source[i].image = ifnet_image(net, noise(g, image, dtype, 0, 1));
        b->net.source[i].image.dtype = dtype;
        image_texture_open(&b->net.source[i].image);
    }
}

static int open_all(struct bench *b, struct gpu *g, const struct rifec_params *p)
{
    int err = 0;
    struct cudaDeviceProp prop;
    struct arena unused = { 0 };
    CU(cudaGetDeviceProperties(&prop, 0));
    TRY(cuda_net_open(&g->net, p, prop.major * 10 + prop.minor));
    CU(cudaStreamCreateWithFlags(&g->stream.stream, cudaStreamNonBlocking));
    cuda_net_plan(&g->net, p, &g->plan, &unused);
    g->plan.weights = &g->net.weights;
    g->plan.ops = &g->net.ops;
    g->stream.workspace_bytes = g->net.workspace_bytes;
    if (g->stream.workspace_bytes)
        g->stream.workspace = device_bytes(g, g->stream.workspace_bytes);
    fill(b, g);
    CU(cudaDeviceSynchronize());
    snprintf(g->description, sizeof g->description, "%.100s, %s, %s", prop.name,
             dtype_name(g->net.dtype), g->net.description);
    bool known = strstr(prop.name, "H200") != NULL;
    b->net.ops = g->net.ops;
    b->net.net = &g->plan;
    b->net.weights = &g->net.weights;
    b->net.stream = &g->stream;
    b->net.description = g->description;
    b->net.peak_flops = known ? g->net.dtype == DTYPE_FP16 ? H200_FP16 : H200_FP32 : 0;
    b->net.peak_bytes = known ? H200_BYTES : 0;
fail:
    return err;
}

int bench_gpu_open(struct bench *b, const struct rifec_params *p)
{
    struct gpu *g = calloc(1, sizeof *g);
    if (!g)
        return -1;
    b->net = (struct bench_net){ .on_gpu = true, .priv = g };
    int err = open_all(b, g, p);
    if (err < 0)
        bench_gpu_close(b);
    return err;
}

void bench_gpu_close(struct bench *b)
{
    struct gpu *g = b->net.priv;
    for (int i = 0; i < 2; i++)
        image_texture_close(&b->net.source[i].image);
    for (int i = 0; i < g->placed_count; i++)
        cudaFree(g->placed[i]);
    if (g->stream.stream)
        cudaStreamDestroy(g->stream.stream);
    cuda_net_close(&g->net);
    free(g);
}

void *bench_gpu_place(const struct bench_net *n, const void *host, size_t bytes)
{
    void *p = device_bytes(n->priv, bytes);
    cudaMemcpy(p, host, bytes, cudaMemcpyHostToDevice);
    return p;
}

int bench_gpu_sample(const struct bench *b, bench_call run, const void *arg,
                     double *times, int max)
{
    int err = 0, n = 0;
    struct gpu *g = b->net.priv;
    cudaStream_t stream = g->stream.stream;
    cudaGraph_t graph = NULL;
    cudaGraphExec_t exec = NULL;
    cudaEvent_t begin = NULL, end = NULL;
    double spent = 0;
    CU(cudaEventCreate(&begin));
    CU(cudaEventCreate(&end));
    TRY(run(arg, &b->net)); /* once outside a graph: modules are loaded on first use */
    CU(cudaStreamSynchronize(stream));
    CU(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < CALLS_IN_GRAPH; i++)
        TRY(run(arg, &b->net));
    CU(cudaStreamEndCapture(stream, &graph));
    CU(cudaGraphInstantiate(&exec, graph, 0));
    for (int warm = 0; warm < 2; warm++)
        CU(cudaGraphLaunch(exec, stream));
    while (n < max && (n < 5 || spent < b->seconds)) {
        float ms;
        CU(cudaEventRecord(begin, stream));
        CU(cudaGraphLaunch(exec, stream));
        CU(cudaEventRecord(end, stream));
        CU(cudaEventSynchronize(end));
        CU(cudaEventElapsedTime(&ms, begin, end));
        spent += ms * 1e-3;
        times[n++] = ms * 1e-3 / CALLS_IN_GRAPH;
    }
fail:
    if (exec)
        cudaGraphExecDestroy(exec);
    if (graph)
        cudaGraphDestroy(graph);
    if (begin)
        cudaEventDestroy(begin);
    if (end)
        cudaEventDestroy(end);
    return err < 0 ? err : n;
}
