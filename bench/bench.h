/*
 * Shared by the benchmarks: the network for one frame size, on the CPU or on a GPU, with
 * plausible numbers in it; timing; one line of output per measurement.
 */
#ifndef RIFEC_BENCH_BENCH_H
#define RIFEC_BENCH_BENCH_H

#include "model/ifnet.h"
#include "rifec/rifec.h"

/* The parts of the network that the ops are called with, on either device. */
struct bench_net {
    struct ops ops;
    struct ifnet *net;
    const struct weights *weights;
    struct source source[2];
    void *stream;
    const char *description;
    bool on_gpu;
    double peak_flops, peak_bytes; /* per second; 0: unknown */
    void *priv;                    /* belongs to bench.c or gpu.c */
};

struct bench {
    int json;
    double seconds;   /* least time to spend on one measurement                  */
    const char *size; /* "1920x1080", for the output                             */
    struct bench_net net;
};

typedef int (*bench_call)(const void *arg, const struct bench_net *net);

/* Measures the FLOP/s of the CPU: registers only, all threads, the widest vectors
 * allowed. */
double bench_peak_flops(int threads);

/*
 * Calls run(arg, net) until b->seconds have passed, at least five times, after a warm-up.
 * Prints name, shape, median, spread, rates and the share of the device's peak. flops and
 * bytes are the minimum that the op must compute and move. Returns the median in seconds.
 */
double bench_run(const struct bench *b, const char *name, const char *shape, double flops,
                 double bytes, bench_call run, const void *arg);

/*
 * Opens the network for a size and fills images, flow and features with plausible
 * numbers. Reads width, height, scale, device (CPU or CUDA), precision (not AUTO),
 * threads and kernels of p.
 */
int bench_open(struct bench *b, const struct rifec_params *p);
void bench_close(struct bench *b);

/* Returns the same bytes in memory that the device reads, until bench_close(). */
void *bench_place(const struct bench_net *n, void *host, size_t bytes);

/* The bytes of one number of the network's tensors, and of a whole tensor. */
double bench_number_bytes(const struct bench_net *n);
double bench_tensor_bytes(const struct bench_net *n, const struct tensor *t);
double bench_image_bytes(const struct bench_net *n);
double bench_level_bytes(const struct level *l);

/* gpu.c, or nogpu.c in a build without CUDA. */
int bench_gpu_open(struct bench *b, const struct rifec_params *p);
void bench_gpu_close(struct bench *b);
void *bench_gpu_place(const struct bench_net *n, const void *host, size_t bytes);
/* Fills times[], `max` at most, with seconds per call; returns their number, or < 0. */
int bench_gpu_sample(const struct bench *b, bench_call run, const void *arg,
                     double *times, int max);

/* One per op, bench/ops/<op>.c: bench_<op>() measures every shape the network has at this
 * size. */
#define OP(name) void bench_##name(const struct bench *b);
#include "op_list.h"
#undef OP

#endif
