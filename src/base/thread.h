/* Threads: start with a name, join. The users are the pipeline's stages
 * and pipeline/input_sum.c. */
#ifndef RIFEC_BASE_THREAD_H
#define RIFEC_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

struct thread {
    pthread_t id;
    bool running;
    int (*run)(void *arg);
    void *arg;
    const char *name; /* at most 15 characters */
    const struct log_sink *log;
    int result;
};

/* Runs run(arg) on a new thread. The struct must outlive the thread. */
int thread_start(struct thread *t, const char *name, int (*run)(void *), void *arg);

/*
 * Returns how many more threads can run at the same time, at most `wanted`, by starting
 * and ending them. Nothing else shows a limit on processes (`ulimit -u`, a container's)
 * or too little address space for the stacks, and libraries end the process, or wait for
 * ever, if they cannot start their threads.
 */
int thread_room(int wanted);

/* Waits for it and returns what run() returned; 0 if it was never started. */
int thread_join(struct thread *t);

#endif
