/*
 * The network on the CPU: weights, plan, memory and the op table, without the
 * frames around it. The backend wraps it; tests and benchmarks open it as it is.
 */
#ifndef RIFEC_ENGINE_CPU_CPU_NET_H
#define RIFEC_ENGINE_CPU_CPU_NET_H

#include "engine/cpu/cpu.h"
#include "model/ifnet.h"
#include "rifec/rifec.h"

#define CPU_NET_SOURCES 2

struct cpu_net {
    struct ops ops; /* may be changed after opening: the network reads it at each call */
    struct ifnet net;
    struct weights weights;
    struct source source[CPU_NET_SOURCES];
    struct cpu_stream stream;
    struct arena arena;
    struct dnn *dnn;      /* NULL without oneDNN */
    char description[96]; /* "2 threads, oneDNN 2.6.3 avx2" */
};

/*
 * Reads width, height, scale (set), model, threads and kernels of p: "c" pins
 * the reference of every op, "dnn" oneDNN; NULL takes the best.
 * RIFEC_ERR_USAGE, _MODEL, _NOMEM; closed then.
 */
int cpu_net_open(struct cpu_net *n, const struct rifec_params *p);
void cpu_net_close(struct cpu_net *n);

/* Bytes held. */
size_t cpu_net_memory(const struct cpu_net *n);

/* Runs ifnet_forward() on source[i0] and source[i1], into net.out, or into *frame if
 * that is not NULL. */
int cpu_net_forward(struct cpu_net *n, int i0, int i1, float t, const struct yuv *yuv,
                    struct rifec_frame *frame);

#endif
