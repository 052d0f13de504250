/* The choice of cpu_choice.h; only this file reads params.kernels on the CPU. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "engine/cpu/cpu_choice.h"

#include <sched.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/thread.h"
#if RIFEC_HAVE_DNN
#include "engine/cpu/dnn.h"
#endif

/* In a container, fewer cores than the machine has. */
static int usable_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    return CPU_COUNT(&set);
}

void cpu_machine_read(struct cpu_machine *m)
{
    *m = (struct cpu_machine){ .cores = usable_cores(), .thread_room = thread_room };
#if CPU_HAVE_AVX2
    m->avx2 = __builtin_cpu_supports("avx2");
    m->fma = __builtin_cpu_supports("fma");
    m->avx512f = __builtin_cpu_supports("avx512f");
#endif
#if RIFEC_HAVE_DNN
    m->dnn_block = dnn_block_size();
#endif
#ifdef _OPENMP
    m->openmp = true;
#endif
}

/* The best build for tensors in blocks of `block` channels; 0 allows any. */
static enum cpu_wino choose_wino(const struct cpu_machine *m, int block)
{
    if (block != 8 && m->avx512f)
        return CPU_WINO_AVX512;
    if (block != 16 && m->avx2 && m->fma)
        return CPU_WINO_AVX2;
    return CPU_WINO_NONE;
}

int cpu_choose(const struct cpu_machine *m, const char *kernels, struct cpu_choice *out)
{
    *out = (struct cpu_choice){ .block = 8 };
    if (kernels && strcmp(kernels, "c") && strcmp(kernels, "dnn")) {
        log_error("kernels '%s': unknown: try c or dnn", kernels);
        return RIFEC_ERR_USAGE;
    }
    if (kernels && !strcmp(kernels, "dnn") && !m->dnn_block) {
        log_error("kernels 'dnn': built without oneDNN: try c");
        return RIFEC_ERR_USAGE;
    }
    out->reference = kernels && !strcmp(kernels, "c");
    if (out->reference)
        return 0;
    out->avx2 = m->avx2;
    out->dnn = m->dnn_block > 0;
    if (!kernels)
        out->wino = choose_wino(m, m->dnn_block);
    if (out->dnn)
        out->block = m->dnn_block;
    else if (out->wino == CPU_WINO_AVX512)
        out->block = 16;
    if (!out->dnn)
        log_warning(
            "built without oneDNN: some convolutions are plain C, which is slower");
    return 0;
}

/*
 * libgomp ends the process if it cannot start a thread, so no more are requested than can
 * be started. Some are left for the caller's threads.
 */
int cpu_choose_threads(const struct cpu_machine *m, int wanted)
{
    enum { FOR_OTHERS = 8 };
    if (!m->openmp)
        return 1;
    if (wanted <= 0)
        wanted = m->cores;
    int room = wanted > 1 ? m->thread_room(wanted - 1 + FOR_OTHERS) - FOR_OTHERS : 0;
    int threads = room >= wanted - 1 ? wanted : 1 + (room > 0 ? room : 0);
    if (threads < wanted)
        log_warning("the engine uses %d of %d threads: more cannot be started", threads,
                    wanted);
    return threads;
}
