/*
 * What the benchmarks share: the machine's measured peak, timing, one line of
 * output per measurement.
 */
#ifndef RIFEC_BENCH_BENCH_H
#define RIFEC_BENCH_BENCH_H

#include "engine/cpu/cpu_net.h"

struct bench {
    int threads, json;
    double seconds;      /* least time to spend on one measurement          */
    double peak_flops;   /* fused multiply-adds of all threads, 2 per lane  */
    const char *size;    /* "1920x1080", for the output                     */
    struct cpu_net *net; /* weights, plans and memory for that size         */
};

/* FLOP/s of the machine: registers only, every thread, the widest vectors allowed. */
double bench_peak_flops(int threads);

/*
 * Runs run(arg, net->stream) until b->seconds have passed, five times at least,
 * after a warm-up, and prints name, shape, median, spread, GFLOP/s and the
 * share of the peak (where flops are given), GB/s. Returns the median in seconds.
 */
double bench_run(const struct bench *b, const char *name, const char *shape, double flops,
                 double bytes, int (*run)(const void *arg, struct cpu_net *net),
                 const void *arg);

/* Opens the network for a size and fills images, flow and features with plausible
 * numbers. */
int bench_open(struct bench *b, struct cpu_net *net, int width, int height, float scale,
               const char *kernels);

/* One per op, bench/ops/<op>.c: every shape the network has at this size. */
void bench_load(const struct bench *b);
void bench_gather(const struct bench *b);
void bench_conv_s2(const struct bench *b);
void bench_resconv(const struct bench *b);
void bench_deconv(const struct bench *b);
void bench_blend(const struct bench *b);
void bench_store(const struct bench *b);
void bench_thumbnail(const struct bench *b);

#endif
