/*
 * The engine end to end through the public API: milliseconds per in-between, and the
 * share of each op.
 *
 *     bench_engine [--size WxH] [--scale S] [--threads N] [--kernels K] [--frames N]
 *                  [--cuda] [--fp16|--fp32] [--in-flight N] [--no-graph] [--json]
 *
 * Source frames are 8-bit 4:2:0 of a painted film. Every in-between gets a new pair, as
 * in a video, so `put` is part of the time. With --cuda it also measures the rate with
 * several frames in flight, but not the shares.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "engine/cpu/cpu_net.h"
#include "model/yuv.h"
#include "ops/frames.h"
#include "paint.h"

enum {
    AT_LOAD,
    AT_THUMBNAIL,
    AT_GATHER,
    AT_CONV_S2,
    AT_RESCONV,
    AT_DECONV,
    AT_BLEND,
    AT_STORE,
    OPS
};

static const char *const op_names[OPS] = { "load",    "thumbnail", "gather", "conv_s2",
                                           "resconv", "deconv",    "blend",  "store" };

/* The measured op table, and the time spent in each op; one engine at a time. */
static struct ops inner;
static double spent[OPS];

#define TIMED(op, type, index)                                                           \
    static int timed_##op(const struct type *a, void *stream)                            \
    {                                                                                    \
        double start = clock_seconds();                                                  \
        int err = inner.op(a, stream);                                                   \
        spent[index] += clock_seconds() - start;                                         \
        return err;                                                                      \
    }

TIMED(load, load_args, AT_LOAD)
TIMED(gather, gather_args, AT_GATHER)
TIMED(conv_s2, conv_args, AT_CONV_S2)
TIMED(resconv, conv_args, AT_RESCONV)
TIMED(deconv, deconv_args, AT_DECONV)
TIMED(blend, blend_args, AT_BLEND)
TIMED(store, store_args, AT_STORE)
TIMED(thumbnail, thumbnail_args, AT_THUMBNAIL)

static const struct ops timed_ops = {
    .load = timed_load,
    .gather = timed_gather,
    .conv_s2 = timed_conv_s2,
    .resconv = timed_resconv,
    .deconv = timed_deconv,
    .blend = timed_blend,
    .store = timed_store,
    .thumbnail = timed_thumbnail,
};

static const struct bench_net on_host; /* frames stay in host memory */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Measures through the public API. Returns the median, and more in *best and *memory. */
static double run_engine(const struct rifec_params *p, int frames, double *best,
                         size_t *memory)
{
    struct rifec *r;
    struct bench_frame f;
    static double times[1000];
    if (rifec_open(&r, p) < 0 || bench_frame_open(&f, &on_host, p->width, p->height) < 0)
        exit(1);
    *memory = rifec_get_info(r)->memory_bytes;
    fprintf(stderr, "%s\n", rifec_get_info(r)->device);
    for (int i = 0; i <= frames + 1; i++) { /* frame 0 has no pair, frame 1 warms up */
        struct rifec_frame *out;
        bench_paint(&f.frame, i);
        double start = clock_seconds();
        if (rifec_put(r, i, &f.frame) < 0)
            exit(1);
        if (i == 0)
            continue;
        if (rifec_interp(r, i - 1, i, 0.5f) < 0 || rifec_take(r, &out) < 0)
            exit(1);
        rifec_frame_free(&out);
        if (i > 1)
            times[i - 2] = clock_seconds() - start;
    }
    rifec_close(&r);
    bench_frame_close(&f);
    qsort(times, (size_t)frames, sizeof *times, by_value);
    *best = times[0];
    return times[frames / 2];
}

/* Returns seconds per in-between with as many in flight as the engine allows. */
static double run_in_flight(const struct rifec_params *p, int frames)
{
    enum { FILM = 8 }; /* painted beforehand, shown in turn */
    struct rifec *r;
    struct bench_frame film[FILM];
    struct rifec_frame *out;
    double start = 0;
    int outstanding = 0, warm = 2 * RIFEC_IN_FLIGHT_MAX + 8;
    if (rifec_open(&r, p) < 0)
        exit(1);
    for (int i = 0; i < FILM; i++) {
        if (bench_frame_open(&film[i], &on_host, p->width, p->height) < 0)
            exit(1);
        bench_paint(&film[i].frame, i);
    }
    for (int i = 0; i < warm + frames; i++) {
        if (i == warm)
            start = clock_seconds();
        if (rifec_put(r, i, &film[i % FILM].frame) < 0)
            exit(1);
        if (i == 0)
            continue;
        if (outstanding == rifec_get_info(r)->in_flight) {
            if (rifec_take(r, &out) < 0)
                exit(1);
            rifec_frame_free(&out);
            outstanding--;
        }
        if (rifec_interp(r, i - 1, i, 0.5f) < 0)
            exit(1);
        outstanding++;
    }
    double spent_now = clock_seconds() - start;
    rifec_close(&r);
    for (int i = 0; i < FILM; i++)
        bench_frame_close(&film[i]);
    return spent_now / frames;
}

/* Runs the same work with the op table wrapped; puts seconds per frame of each op in
 * spent[]. */
static void run_ops(const struct rifec_params *p, int frames)
{
    struct cpu_net net;
    struct bench_frame f;
    if (cpu_net_open(&net, p) < 0 ||
        bench_frame_open(&f, &on_host, p->width, p->height) < 0)
        exit(1);
    inner = net.ops;
    net.ops = timed_ops;
    for (int i = 0; i <= frames + 1; i++) {
        if (i == 2)
            memset(spent, 0, sizeof spent);
        bench_paint(&f.frame, i);
        struct load_args load = { &f.frame, &f.yuv, net.source[i % 2].image };
        struct store_args store = { net.net.out, &f.yuv, &f.frame };
        static uint16_t thumb[THUMB_WIDTH * THUMB_HEIGHT];
        struct thumbnail_args thumbnail = { &f.frame, &f.yuv, thumb };
        if (net.ops.load(&load, &net.stream) < 0 ||
            net.ops.thumbnail(&thumbnail, &net.stream) < 0)
            exit(1);
        if (i && (cpu_net_forward(&net, (i + 1) % 2, i % 2, 0.5f, NULL, NULL) < 0 ||
                  net.ops.store(&store, &net.stream) < 0))
            exit(1);
    }
    for (int i = 0; i < OPS; i++)
        spent[i] /= frames;
    cpu_net_close(&net);
    bench_frame_close(&f);
}

int main(int argc, char **argv)
{
    struct rifec_params p = {
        .width = 1920,
        .height = 1080,
        .scale = 1,
        .device = RIFEC_DEVICE_CPU,
        .format = { RIFEC_FAMILY_YUV,
                    8,
                    1,
                    1,
                    { { 0, 1, 0, 0 }, { 1, 1, 0, 0 }, { 2, 1, 0, 0 } } },
        .color = { RIFEC_MATRIX_BT709, RIFEC_RANGE_LIMITED, RIFEC_CHROMA_LEFT }
    };
    int frames = 7, json = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--json"))
            json = 1;
        else if (!strcmp(argv[i], "--size") &&
                 sscanf(value, "%dx%d", &p.width, &p.height) == 2)
            i++;
        else if (!strcmp(argv[i], "--scale"))
            p.scale = (float)atof(value), i++;
        else if (!strcmp(argv[i], "--cuda"))
            p.device = RIFEC_DEVICE_CUDA;
        else if (!strcmp(argv[i], "--fp16"))
            p.precision = RIFEC_PRECISION_FP16;
        else if (!strcmp(argv[i], "--fp32"))
            p.precision = RIFEC_PRECISION_FP32;
        else if (!strcmp(argv[i], "--in-flight"))
            p.in_flight = atoi(value), i++;
        else if (!strcmp(argv[i], "--no-graph"))
            p.no_graph = true;
        else if (!strcmp(argv[i], "--threads"))
            p.threads = atoi(value), i++;
        else if (!strcmp(argv[i], "--kernels"))
            p.kernels = value, i++;
        else if (!strcmp(argv[i], "--frames") && atoi(value) > 0 && atoi(value) <= 1000)
            frames = atoi(value), i++;
        else
            return fprintf(stderr, "unknown or incomplete option %s\n", argv[i]), 2;
    }
    double best;
    size_t memory;
    double median = run_engine(&p, frames, &best, &memory);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (p.device == RIFEC_DEVICE_CUDA) {
        double each = run_in_flight(&p, frames);
        printf(json
                   ? "{\"size\":\"%dx%d\",\"ms\":%.3f,\"best_ms\":%.3f,"
                     "\"in_flight_ms\":%.3f,\"engine_mib\":%.1f}\n"
                   : "%dx%d: median %.3f ms, best %.3f ms per in-between; in flight %.3f "
                     "ms; engine %.0f MiB\n",
               p.width, p.height, median * 1e3, best * 1e3, each * 1e3,
               (double)memory / 1048576);
        return 0;
    }
    run_ops(&p, frames);
    double total = 0, other;
    for (int i = 0; i < OPS; i++)
        total += spent[i];
    other = total - spent[AT_CONV_S2] - spent[AT_RESCONV] - spent[AT_DECONV];
    if (json) {
        printf("{\"size\":\"%dx%d\",\"ms\":%.2f,\"best_ms\":%.2f,\"engine_mib\":%.1f,"
               "\"process_mib\":%.1f,\"share_not_convolutions\":%.4f}\n",
               p.width, p.height, median * 1e3, best * 1e3, (double)memory / 1048576,
               (double)usage.ru_maxrss / 1024, other / total);
        return 0;
    }
    printf("%dx%d: median %.1f ms, best %.1f ms per in-between; engine %.0f MiB, process "
           "%.0f "
           "MiB\n",
           p.width, p.height, median * 1e3, best * 1e3, (double)memory / 1048576,
           (double)usage.ru_maxrss / 1024);
    for (int i = 0; i < OPS; i++)
        printf("    %-8s %8.2f ms  %5.1f %%\n", op_names[i], spent[i] * 1e3,
               spent[i] / total * 100);
    printf("    all but the convolutions: %.1f %%\n", other / total * 100);
    return 0;
}
