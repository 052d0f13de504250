/*
 * Every op at the shapes the network has, at real picture sizes.
 *
 *     bench_ops [--size WxH] [--cuda] [--fp32] [--threads N] [--kernels K] [--model M]
 *               [--seconds S] [--json] [op...]
 *
 * Without --size: 1280x720, 1920x1080 and 3840x2160. On a GPU the numbers are FP16
 * unless --fp32 is given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct {
    const char *name;
    void (*run)(const struct bench *b);
} ops[] = {
#define OP(name) { #name, bench_##name },
#include "op_list.h"
#undef OP
};

#define OPS (sizeof ops / sizeof *ops)

static int wanted(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], name))
            return 1;
    return argc == 0;
}

int main(int argc, char **argv)
{
    const char *sizes[] = { "1280x720", "1920x1080", "3840x2160" };
    size_t size_count = 3;
    struct bench b = { .seconds = 0 };
    struct rifec_params p = { .scale = 1,
                              .device = RIFEC_DEVICE_CPU,
                              .precision = RIFEC_PRECISION_FP16 };
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--json"))
            b.json = 1;
        else if (!strcmp(argv[i], "--size"))
            sizes[0] = value, size_count = 1, i++;
        else if (!strcmp(argv[i], "--cuda"))
            p.device = RIFEC_DEVICE_CUDA;
        else if (!strcmp(argv[i], "--fp32"))
            p.precision = RIFEC_PRECISION_FP32;
        else if (!strcmp(argv[i], "--threads"))
            p.threads = atoi(value), i++;
        else if (!strcmp(argv[i], "--kernels"))
            p.kernels = value, i++;
        else if (!strcmp(argv[i], "--model"))
            p.model = value, i++;
        else if (!strcmp(argv[i], "--seconds"))
            b.seconds = atof(value), i++;
        else
            return fprintf(stderr, "unknown option %s\n", argv[i]), 2;
    }
    if (b.seconds == 0)
        b.seconds = p.device == RIFEC_DEVICE_CUDA ? 0.05 : 1;
    for (size_t s = 0; s < size_count; s++) {
        if (sscanf(sizes[s], "%dx%d", &p.width, &p.height) != 2)
            return fprintf(stderr, "size %s: must be WxH\n", sizes[s]), 2;
        if (bench_open(&b, &p) < 0)
            return 1;
        b.size = sizes[s];
        if (s == 0)
            fprintf(stderr, "%s; peak %.0f GFLOP/s\n", b.net.description,
                    b.net.peak_flops * 1e-9);
        for (size_t k = 0; k < OPS; k++)
            if (wanted(ops[k].name, argc - i, argv + i))
                ops[k].run(&b);
        bench_close(&b);
    }
    return 0;
}
