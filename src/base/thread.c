/* pthread wrappers. */
#define _GNU_SOURCE /* pthread_setname_np */
#include "base/thread.h"

#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

static void *trampoline(void *arg)
{
    struct thread *t = arg;
    /* At the far end of the stack: what overflows it is at the other. */
    unsigned char stack[CRASH_STACK_BYTES];
    crash_set_stack(stack);
    pthread_setname_np(pthread_self(), t->name);
    log_use(t->log);
    t->result = t->run(t->arg);
    crash_drop_stack();
    return NULL;
}

int thread_start(struct thread *t, const char *name, int (*run)(void *), void *arg)
{
    *t = (struct thread){ .name = name, .run = run, .arg = arg, .log = log_used() };
    int e = pthread_create(&t->id, NULL, trampoline, t);
    if (e) {
        log_error("cannot start thread '%s': %s", name, strerror(e));
        return RIFEC_ERR_NOMEM;
    }
    t->running = true;
    return 0;
}

/* --- room for more ---------------------------------------------------------------- */

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
};

static void *wait_at(void *arg)
{
    struct gate *g = arg;
    pthread_mutex_lock(&g->lock);
    while (!g->is_open)
        pthread_cond_wait(&g->opened, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

int thread_room(int wanted)
{
    struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
    pthread_t *ids = calloc((size_t)wanted + 1, sizeof *ids);
    int count = 0;
    if (!ids)
        mem_fail("a list of threads");
    while (ids && count < wanted && !pthread_create(&ids[count], NULL, wait_at, &gate))
        count++;
    pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < count; i++)
        pthread_join(ids[i], NULL);
    free(ids);
    return count;
}

/* --- end -------------------------------------------------------------------------- */

int thread_join(struct thread *t)
{
    if (!t->running)
        return 0;
    pthread_join(t->id, NULL);
    t->running = false;
    return t->result;
}
