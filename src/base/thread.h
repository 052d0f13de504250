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
    int result;
};

/* Runs run(arg) on a new thread. The struct must outlive the thread. */
int thread_start(struct thread *t, const char *name, int (*run)(void *), void *arg);

/* Waits for it and returns what run() returned; 0 if it was never started. */
int thread_join(struct thread *t);

#endif
