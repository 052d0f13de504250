/*
 * Chooses the implementations and the number of threads of an engine on the CPU from
 * facts about the machine, so that tests can choose for imaginary machines.
 */
#ifndef RIFEC_ENGINE_CPU_CPU_CHOICE_H
#define RIFEC_ENGINE_CPU_CPU_CHOICE_H

#include <stdbool.h>

struct cpu_machine {
    bool avx2, fma, avx512f; /* supported by the processor and by this build */
    int dnn_block;           /* channel block of oneDNN; 0: not in this build */
    bool openmp;             /* without it everything runs on one thread              */
    int cores;               /* that this process may use */
    int (*thread_room)(int wanted); /* more threads that can be started, at most */
};

/* The machine that this process runs on. */
void cpu_machine_read(struct cpu_machine *m);

enum cpu_wino { CPU_WINO_NONE, CPU_WINO_AVX2, CPU_WINO_AVX512 };

struct cpu_choice {
    bool reference;     /* of every op, the plain C version                          */
    bool avx2;          /* the versions for AVX2 that give the same bits             */
    bool dnn;           /* oneDNN's convolutions                                     */
    enum cpu_wino wino; /* resconv by Winograd, instead of oneDNN's                  */
    int block;          /* of the tensors' channels                                  */
};

/* kernels: "c" selects the reference, "dnn" oneDNN, NULL the best. RIFEC_ERR_USAGE,
 * logged. */
int cpu_choose(const struct cpu_machine *m, const char *kernels, struct cpu_choice *out);

/* wanted: the number of threads that the user asked for; 0: one for each core. */
int cpu_choose_threads(const struct cpu_machine *m, int wanted);

#endif
