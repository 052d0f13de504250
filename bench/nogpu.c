/* Linked instead of gpu.c when the build has no CUDA. */
#include <stdio.h>

#include "bench.h"

int bench_gpu_open(struct bench *b, const struct rifec_params *p)
{
    (void)b, (void)p;
    fprintf(stderr, "built without CUDA\n");
    return -1;
}

void bench_gpu_close(struct bench *b)
{
    (void)b;
}

void *bench_gpu_place(const struct bench_net *n, const void *host, size_t bytes)
{
    (void)n, (void)host, (void)bytes;
    return NULL;
}

int bench_gpu_sample(const struct bench *b, bench_call run, const void *arg,
                     double *times, int max)
{
    (void)b, (void)run, (void)arg, (void)times, (void)max;
    return -1;
}
