/* Timing, and the peak performance of the machine. */
#include "bench.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/cpu/cpu_net.h"

#define RUNS_MAX 1000

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/*
 * 12 accumulators hide the latency of two units of four cycles; the compiler
 * makes each statement one instruction.
 */
#define FMA_LOOP(vector, lanes)                                                          \
    typedef float vector __attribute__((vector_size(4 * lanes)));                        \
    vector acc[12], x, y;                                                                \
    for (int i = 0; i < lanes; i++)                                                      \
        x[i] = 0.999f, y[i] = 0.001f;                                                    \
    for (int i = 0; i < 12; i++)                                                         \
        acc[i] = x;                                                                      \
    for (long n = 0; n < rounds; n++)                                                    \
        for (int i = 0; i < 12; i++)                                                     \
            acc[i] = acc[i] * x + y;                                                     \
    vector sum = acc[0];                                                                 \
    for (int i = 1; i < 12; i++)                                                         \
        sum += acc[i];                                                                   \
    float total = 0;                                                                     \
    for (int i = 0; i < lanes; i++)                                                      \
        total += sum[i];                                                                 \
    return total

#if defined(__x86_64__) && defined(__GNUC__)
#ifdef __clang__
#define PEAK(isa) __attribute__((target(isa), noinline))
#else
#define PEAK(isa) __attribute__((target(isa), noinline, optimize("fp-contract=fast")))
#endif
PEAK("avx512f") static float fma_512(long rounds)
{
#ifdef __clang__
#pragma clang fp contract(fast)
#endif
    FMA_LOOP(v16, 16);
}

PEAK("avx2,fma") static float fma_256(long rounds)
{
#ifdef __clang__
#pragma clang fp contract(fast)
#endif
    FMA_LOOP(v8, 8);
}
#endif

static float fma_128(long rounds)
{
    FMA_LOOP(v4, 4);
}

double bench_peak_flops(int threads)
{
    float (*loop)(long) = fma_128;
    int lanes = 4;
#if defined(__x86_64__) && defined(__GNUC__)
    const char *isa = getenv("DNNL_MAX_CPU_ISA");
    bool narrow = isa && (!strcmp(isa, "AVX2") || !strcmp(isa, "avx2"));
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        loop = fma_256, lanes = 8;
    if (__builtin_cpu_supports("avx512f") && !narrow)
        loop = fma_512, lanes = 16;
#endif
    const long rounds = 4000000;
    double best = 1e9;
    volatile float sink = 0;
    for (int i = 0; i < 10; i++) {
        double start = clock_seconds();
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int t = 0; t < threads; t++)
            sink = loop(rounds);
        double s = clock_seconds() - start;
        best = s < best ? s : best;
    }
    (void)sink;
    return 12.0 * 2 * lanes * (double)rounds * threads / best;
}

/* Takes seconds per call on this CPU. */
static int sample(const struct bench *b, bench_call run, const void *arg, double *times,
                  int max)
{
    int n = 0;
    double spent = 0;
    run(arg, &b->net);
    while (n < max && (n < 5 || spent < b->seconds)) {
        double start = clock_seconds();
        run(arg, &b->net);
        times[n] = clock_seconds() - start;
        spent += times[n++];
    }
    return n;
}

/* Returns the share of the device's peak: the larger of two lower bounds of the time,
 * divided by the time. */
static double share_of_peak(const struct bench_net *n, double flops, double bytes,
                            double seconds)
{
    double by_flops = n->peak_flops > 0 ? flops / n->peak_flops : 0;
    double by_bytes = n->peak_bytes > 0 ? bytes / n->peak_bytes : 0;
    return (by_flops > by_bytes ? by_flops : by_bytes) / seconds;
}

double bench_run(const struct bench *b, const char *name, const char *shape, double flops,
                 double bytes, bench_call run, const void *arg)
{
    static double times[RUNS_MAX];
    const struct bench_net *net = &b->net;
    int n = net->on_gpu ? bench_gpu_sample(b, run, arg, times, RUNS_MAX)
                        : sample(b, run, arg, times, RUNS_MAX);
    if (n < 1)
        exit(1);
    qsort(times, (size_t)n, sizeof *times, by_value);
    double median = times[n / 2], spread = (times[n * 3 / 4] - times[n / 4]) / median;
    double share = share_of_peak(net, flops, bytes, median);
    double ms = median * 1e3, gflops = flops / median * 1e-9,
           gbytes = bytes / median * 1e-9;
    if (b->json)
        printf("{\"op\":\"%s\",\"size\":\"%s\",\"shape\":\"%s\",\"ms\":%.4f,"
               "\"spread\":%.3f,\"gflops\":%.2f,\"share_of_peak\":%.4f,"
               "\"gbytes_per_s\":%.2f}\n",
               name, b->size, shape, ms, spread, gflops, share, gbytes);
    else if (net->on_gpu)
        printf(
            "%-11s %-10s %-28s %9.2f us  +-%3.0f %%  %7.1f TFLOP/s  %7.0f GB/s  %3.0f %% "
            "of peak\n",
            name, b->size, shape, ms * 1e3, spread * 50, gflops * 1e-3, gbytes,
            share * 100);
    else if (flops > 0)
        printf("%-8s %-10s %-28s %9.2f ms  +-%3.0f %%  %7.1f GFLOP/s  %3.0f %% of peak\n",
               name, b->size, shape, ms, spread * 50, gflops, share * 100);
    else
        printf("%-8s %-10s %-28s %9.2f ms  +-%3.0f %%  %7.2f GB/s\n", name, b->size,
               shape, ms, spread * 50, gbytes);
    fflush(stdout);
    return median;
}

double bench_number_bytes(const struct bench_net *n)
{
    return (double)dtype_bytes(n->net->dtype);
}

double bench_tensor_bytes(const struct bench_net *n, const struct tensor *t)
{
    return bench_number_bytes(n) * t->channels * t->height * t->width;
}

double bench_image_bytes(const struct bench_net *n)
{
    const struct image *im = &n->source[0].image;
    return 4 * (double)dtype_bytes(im->dtype) * im->width_padded * im->height_padded;
}

double bench_level_bytes(const struct level *l)
{
    return (double)dtype_bytes(l->dtype) * LEVEL_CHANNELS * l->width * l->height;
}

/* --- the network on the CPU ------------------------------------------------------- */

static float noise(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 16777216.0f;
}

static int cpu_open(struct bench *b, const struct rifec_params *p)
{
    struct cpu_net *net = calloc(1, sizeof *net);
    if (!net)
        return -1;
    int err = cpu_net_open(net, p);
    if (err < 0) {
        free(net);
        return err;
    }
    uint32_t state = 1;
    float *all = arena_at(&net->arena, 0);
    for (size_t i = 0; i < net->arena.bytes / sizeof *all; i++)
        all[i] = noise(&state);
    for (int l = 0; l < net->net.network->block_count;
         l++) { /* flow of a few pixels, smooth or random */
        struct level *v = &net->net.level[l];
        for (int i = 0; i < 4 * v->width * v->height; i++)
            v->flow[i] = (v->flow[i] - 0.5f) * 8 / v->scale;
    }
    static double peak; /* measured once */
    if (peak == 0)
        peak = bench_peak_flops(net->stream.threads);
    b->net = (struct bench_net){ .ops = net->ops,
                                 .net = &net->net,
                                 .weights = &net->weights,
                                 .source = { net->source[0], net->source[1] },
                                 .stream = &net->stream,
                                 .description = net->description,
                                 .peak_flops = peak,
                                 .priv = net };
    return 0;
}

static void cpu_close(struct bench *b)
{
    cpu_net_close(b->net.priv);
    free(b->net.priv);
}

/* --- either ----------------------------------------------------------------------- */

int bench_open(struct bench *b, const struct rifec_params *p)
{
    return p->device == RIFEC_DEVICE_CUDA ? bench_gpu_open(b, p) : cpu_open(b, p);
}

void bench_close(struct bench *b)
{
    if (b->net.on_gpu)
        bench_gpu_close(b);
    else
        cpu_close(b);
}

void *bench_place(const struct bench_net *n, void *host, size_t bytes)
{
    return n->on_gpu ? bench_gpu_place(n, host, bytes) : host;
}
