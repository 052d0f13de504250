/* pthread wrappers. */
#define _GNU_SOURCE /* pthread_setname_np */
#include "base/thread.h"

#include <string.h>

#include "base/crash.h"
#include "base/err.h"
#include "base/log.h"

static void *trampoline(void *arg)
{
    struct thread *t = arg;
    /* At the far end of the stack: what overflows it is at the other. */
    unsigned char stack[CRASH_STACK_BYTES];
    crash_set_stack(stack);
    pthread_setname_np(pthread_self(), t->name);
    t->result = t->run(t->arg);
    crash_drop_stack();
    return NULL;
}

int thread_start(struct thread *t, const char *name, int (*run)(void *), void *arg)
{
    *t = (struct thread){ .name = name, .run = run, .arg = arg };
    int e = pthread_create(&t->id, NULL, trampoline, t);
    if (e) {
        log_error("cannot start thread '%s': %s", name, strerror(e));
        return RIFEC_ERR_NOMEM;
    }
    t->running = true;
    return 0;
}

int thread_join(struct thread *t)
{
    if (!t->running)
        return 0;
    pthread_join(t->id, NULL);
    t->running = false;
    return t->result;
}
