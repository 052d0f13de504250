/*
 * The network alone on a GPU: from resident source frames to the planes of the in-between
 * (yuv420p), as CUDA graphs over rotating pairs of a painted film.
 *
 *     bench_network [--size WxH] [--fp16|--fp32] [--kernels K] [--tf32] [--seconds S]
 *
 * Without --size: 720p to 8K. Without a precision: both. One line each:
 *
 *     latency      median of one in-between after the other, between its events
 *     2, 3 lanes   per in-between with two or three in flight, each in its own memory
 *     load         of one source frame
 *     MiB          of one lane, of one slot, of the weights
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/cuda/cu.h"
#include "engine/cuda/cuda_net.h"
#include "model/yuv.h"
#include "paint.h"

#define SLOTS     5 /* four pairs, whose data do not stay in the cache */
#define PAIRS     (SLOTS - 1)
#define LANES     3
#define TIMES_MAX 2000

struct lane {
    struct cuda_stream stream;
    struct ifnet net;
    struct arena arena;
    struct rifec_frame frame;
    cudaGraphExec_t graph[PAIRS];
};

struct run {
    struct rifec_params params;
    double seconds;
    struct cuda_net net;
    struct yuv yuv, device_yuv;
    struct rifec_frame host; /* contiguous planes */
    size_t frame_bytes;
    struct rifec_frame staged;
    struct source slot[SLOTS];
    struct lane lane[LANES];
    float *t;
    void *placed[64];
    int placed_count;
    cudaEvent_t begin, end;
};

static int place(struct run *r, void **out, size_t bytes)
{
    int err = 0;
    CU(cudaMalloc(out, bytes));
    r->placed[r->placed_count++] = *out;
fail:
    return err;
}

static struct rifec_frame frame_at(const struct run *r, unsigned char *p)
{
    struct rifec_frame f = r->host;
    size_t luma = (size_t)f.width * (size_t)f.height;
    size_t chroma = (size_t)r->yuv.chroma_width * (size_t)r->yuv.chroma_height;
    f.data[0] = p;
    f.data[1] = p + luma;
    f.data[2] = p + luma + chroma;
    return f;
}

static int open_lane(struct run *r, struct lane *l)
{
    int err = 0;
    void *p;
    CU(cudaStreamCreateWithFlags(&l->stream.stream, cudaStreamNonBlocking));
    cuda_net_plan(&r->net, &r->params, &l->net, &l->arena);
    TRY(place(r, &p, l->arena.bytes));
    CU(cudaMemset(p, 0, l->arena.bytes));
    l->arena.base = p;
    ifnet_bind(&l->net, &l->arena);
    l->net.weights = &r->net.weights;
    l->net.ops = &r->net.ops;
    TRY(place(r, &p, r->frame_bytes));
    l->frame = frame_at(r, p);
    l->stream.workspace_bytes = r->net.workspace_bytes;
    if (l->stream.workspace_bytes)
        TRY(place(r, &l->stream.workspace, l->stream.workspace_bytes));
fail:
    return err;
}

static int load(struct run *r, int slot)
{
    return r->net.ops.load(
        &(struct load_args){ &r->staged, &r->device_yuv, r->slot[slot].image },
        &r->lane[0].stream);
}

static int fill_slot(struct run *r, int i)
{
    int err = 0;
    void *p;
    size_t bytes = ifnet_image_bytes(&r->lane[0].net);
    /* As for 8-bit video. */
    const enum dtype dtype = r->net.dtype == DTYPE_FP16 ? DTYPE_FP16 : DTYPE_FP32;
    TRY(place(r, &p, dtype == DTYPE_FP16 ? bytes / 2 : bytes));
    r->slot[i].image = ifnet_image(&r->lane[0].net, p);
    r->slot[i].image.dtype = dtype;
    image_texture_open(&r->slot[i].image);
    bench_paint(&r->host, i);
    CU(cudaMemcpy(r->staged.data[0], r->host.data[0], r->frame_bytes,
                  cudaMemcpyHostToDevice));
    TRY(load(r, i));
    CU(cudaStreamSynchronize(r->lane[0].stream.stream));
fail:
    return err;
}

static int forward(struct run *r, struct lane *l, int pair)
{
    struct ifnet_task task = { .source0 = r->slot[pair],
                               .source1 = r->slot[pair + 1],
                               .t = r->t,
                               .yuv = &r->device_yuv,
                               .frame = &l->frame };
    return ifnet_forward(&l->net, &task, &l->stream);
}

static int capture(struct run *r, struct lane *l, int pair)
{
    int err = 0;
    cudaGraph_t graph = NULL;
    CU(cudaStreamBeginCapture(l->stream.stream, cudaStreamCaptureModeThreadLocal));
    TRY(forward(r, l, pair));
    CU(cudaStreamEndCapture(l->stream.stream, &graph));
    CU(cudaGraphInstantiate(&l->graph[pair], graph, 0));
fail:
    if (graph)
        cudaGraphDestroy(graph);
    return err;
}

static int open_run(struct run *r)
{
    int err = 0;
    struct rifec_params *p = &r->params;
    struct cudaDeviceProp prop;
    void *at;
    float half = 0.5f;
    CU(cudaGetDeviceProperties(&prop, 0));
    TRY(cuda_net_open(&r->net, p, prop.major * 10 + prop.minor));
    TRY(yuv_open(&r->yuv, p->width, p->height, &p->format, &p->color));
    size_t luma = (size_t)p->width * (size_t)p->height;
    r->frame_bytes =
        luma + 2 * (size_t)r->yuv.chroma_width * (size_t)r->yuv.chroma_height;
    r->host = (struct rifec_frame){ .width = p->width,
                                    .height = p->height,
                                    .format = p->format,
                                    .color = p->color,
                                    .stride = { p->width, r->yuv.chroma_width,
                                                r->yuv.chroma_width } };
    r->host = frame_at(r, malloc(r->frame_bytes));
    if (!r->host.data[0])
        FAIL(RIFEC_ERR_NOMEM, "out of memory");
    TRY(place(r, &at, r->frame_bytes));
    r->staged = frame_at(r, at);
    TRY(place(r, &at, r->yuv.table_bytes));
    r->device_yuv = yuv_moved(&r->yuv, at);
    CU(cudaMemcpy(at, r->yuv.tables, r->yuv.table_bytes, cudaMemcpyHostToDevice));
    TRY(place(r, &at, sizeof half));
    r->t = at;
    CU(cudaMemcpy(at, &half, sizeof half, cudaMemcpyHostToDevice));
    for (int i = 0; i < LANES; i++)
        TRY(open_lane(r, &r->lane[i]));
    for (int i = 0; i < SLOTS; i++)
        TRY(fill_slot(r, i));
    for (int i = 0; i < LANES; i++) {
        TRY(forward(r, &r->lane[i], 0)); /* modules are loaded on first use */
        CU(cudaDeviceSynchronize());
        for (int k = 0; k < PAIRS; k++)
            TRY(capture(r, &r->lane[i], k));
    }
    CU(cudaEventCreate(&r->begin));
    CU(cudaEventCreate(&r->end));
fail:
    return err;
}

static void close_run(struct run *r)
{
    cudaDeviceSynchronize();
    for (int i = 0; i < LANES; i++) {
        for (int k = 0; k < PAIRS; k++)
            if (r->lane[i].graph[k])
                cudaGraphExecDestroy(r->lane[i].graph[k]);
        if (r->lane[i].stream.stream)
            cudaStreamDestroy(r->lane[i].stream.stream);
    }
    for (int i = 0; i < SLOTS; i++)
        image_texture_close(&r->slot[i].image);
    for (int i = 0; i < r->placed_count; i++)
        cudaFree(r->placed[i]);
    if (r->begin)
        cudaEventDestroy(r->begin);
    if (r->end)
        cudaEventDestroy(r->end);
    free(r->host.data[0]);
    yuv_close(&r->yuv);
    cuda_net_close(&r->net);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median and spread (half of the middle half) of single replays. */
static int latency(struct run *r, double *median, double *spread)
{
    int err = 0, n = 0;
    static double ms[TIMES_MAX];
    double spent = 0;
    cudaStream_t stream = r->lane[0].stream.stream;
    for (int warm = 0; warm < PAIRS; warm++)
        CU(cudaGraphLaunch(r->lane[0].graph[warm], stream));
    while (n < TIMES_MAX && (n < PAIRS || spent < r->seconds)) {
        float one;
        CU(cudaEventRecord(r->begin, stream));
        CU(cudaGraphLaunch(r->lane[0].graph[n % PAIRS], stream));
        CU(cudaEventRecord(r->end, stream));
        CU(cudaEventSynchronize(r->end));
        CU(cudaEventElapsedTime(&one, r->begin, r->end));
        ms[n++] = one;
        spent += one * 1e-3;
    }
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    *median = ms[n / 2];
    *spread = (ms[n * 3 / 4] - ms[n / 4]) / 2;
fail:
    return err;
}

/* Milliseconds per in-between with this many lanes at work. */
static int throughput(struct run *r, int lanes, double one_ms, double *ms)
{
    int err = 0;
    int n = (int)(r->seconds * 1e3 / one_ms);
    n = n < 2 * lanes ? 2 * lanes : n > TIMES_MAX ? TIMES_MAX : n;
    CU(cudaDeviceSynchronize());
    double start = clock_seconds();
    for (int i = 0; i < n; i++)
        CU(cudaGraphLaunch(r->lane[i % lanes].graph[i % PAIRS],
                           r->lane[i % lanes].stream.stream));
    CU(cudaDeviceSynchronize());
    *ms = (clock_seconds() - start) * 1e3 / n;
fail:
    return err;
}

static int load_time(struct run *r, double *ms)
{
    int err = 0;
    float all;
    cudaStream_t stream = r->lane[0].stream.stream;
    TRY(load(r, 0));
    CU(cudaEventRecord(r->begin, stream));
    for (int i = 0; i < 20; i++)
        TRY(load(r, 0));
    CU(cudaEventRecord(r->end, stream));
    CU(cudaEventSynchronize(r->end));
    CU(cudaEventElapsedTime(&all, r->begin, r->end));
    *ms = all / 20;
fail:
    return err;
}

static int measure(const struct rifec_params *p, double seconds)
{
    int err = 0;
    struct run r = { .params = *p, .seconds = seconds };
    double median, spread, lanes[LANES + 1], load_ms;
    TRY(open_run(&r));
    TRY(latency(&r, &median, &spread));
    for (int i = 2; i <= LANES; i++)
        TRY(throughput(&r, i, median, &lanes[i]));
    TRY(load_time(&r, &load_ms));
    size_t slot = ifnet_image_bytes(&r.lane[0].net) / (r.net.dtype == DTYPE_FP16 ? 2 : 1);
    printf("%4dx%-4d  %s  %8.3f +- %.3f  %8.3f  %8.3f  %7.3f  %6zu %6zu %4zu  %s\n",
           p->width, p->height, dtype_key(r.net.dtype), median, spread, lanes[2],
           lanes[3], load_ms, r.lane[0].arena.bytes >> 20, slot >> 20,
           r.net.packed_bytes >> 20, r.net.description);
    fflush(stdout);
fail:
    close_run(&r);
    return err;
}

int main(int argc, char **argv)
{
    static const int sizes[][2] = {
        { 1280, 720 }, { 1920, 1080 }, { 2560, 1440 }, { 3840, 2160 }, { 7680, 4320 }
    };
    struct rifec_params p = {
        .scale = 1,
        .device = RIFEC_DEVICE_CUDA,
        .format = { RIFEC_FAMILY_YUV,
                    8,
                    1,
                    1,
                    { { 0, 1, 0, 0 }, { 1, 1, 0, 0 }, { 2, 1, 0, 0 } } },
        .color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED, RIFEC_CHROMA_LEFT }
    };
    double seconds = 0.4;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--size") &&
            sscanf(value, "%dx%d", &p.width, &p.height) == 2)
            i++;
        else if (!strcmp(argv[i], "--fp16"))
            p.precision = RIFEC_PRECISION_FP16;
        else if (!strcmp(argv[i], "--fp32"))
            p.precision = RIFEC_PRECISION_FP32;
        else if (!strcmp(argv[i], "--tf32"))
            p.precision = RIFEC_PRECISION_TF32;
        else if (!strcmp(argv[i], "--kernels"))
            p.kernels = value, i++;
        else if (!strcmp(argv[i], "--seconds"))
            seconds = atof(value), i++;
        else
            return fprintf(stderr, "unknown or incomplete option %s\n", argv[i]), 2;
    }
    struct rifec_params q = p;
    printf("     size  prec  latency ms         2 lanes   3 lanes     load   "
           "lane/slot/weights "
           "MiB\n");
    for (int s = 0; s < 5; s++)
        for (int precision = RIFEC_PRECISION_FP32; precision <= RIFEC_PRECISION_FP16;
             precision++) {
            if (!p.width)
                q.width = sizes[s][0], q.height = sizes[s][1];
            q.precision = p.precision ? p.precision : (enum rifec_precision)precision;
            if ((p.width && s > 0) || q.precision != (enum rifec_precision)precision)
                continue;
            if (measure(&q, seconds) < 0)
                return 1;
        }
    return 0;
}
