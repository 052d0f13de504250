/*
 * Which implementations an engine on the CPU takes, and on how many threads: a choice
 * from facts about the machine, so that tests choose for machines that they pretend.
 */
#ifndef RIFEC_ENGINE_CPU_CPU_CHOICE_H
#define RIFEC_ENGINE_CPU_CPU_CHOICE_H

#include <stdbool.h>

struct cpu_machine {
    bool avx2, fma, avx512f; /* the processor has it, and this build has code for it */
    int dnn_block;           /* channel block that oneDNN wants; 0: built without it  */
    bool openmp;             /* without it everything runs on one thread              */
    int cores;               /* that this process may use                             */
    int (*thread_room)(int wanted); /* how many more threads can be started, at most   */
};

/* The machine that we run on. */
void cpu_machine_read(struct cpu_machine *m);

enum cpu_wino { CPU_WINO_NONE, CPU_WINO_AVX2, CPU_WINO_AVX512 };

struct cpu_choice {
    bool reference;     /* of every op, the plain C version                          */
    bool avx2;          /* the versions for AVX2 that give the same bits             */
    bool dnn;           /* oneDNN's convolutions                                     */
    enum cpu_wino wino; /* resconv by Winograd, instead of oneDNN's                  */
    int block;          /* of the tensors' channels                                  */
};

/* kernels: "c" pins the reference, "dnn" oneDNN, NULL takes the best. RIFEC_ERR_USAGE,
 * logged. */
int cpu_choose(const struct cpu_machine *m, const char *kernels, struct cpu_choice *out);

/* wanted: how many threads the user asked for; 0: one for each core. */
int cpu_choose_threads(const struct cpu_machine *m, int wanted);

#endif
