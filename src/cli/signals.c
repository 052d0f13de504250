/* Signals: the process has one set of them. */
#define _POSIX_C_SOURCE 200809L
#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/crash.h"
#include "pipeline/pipeline.h"

/* timeout(1) signals the process and then its group, and a terminal that closes does
 * much the same: two signals for one request. Nobody presses keys so fast. */
#define ONE_WISH_S 0.02

/* Each stays ignored if it was when we began: nohup(1) ignores SIGHUP for us, a shell
 * SIGINT for the jobs that a script starts with `&`. */
static const int stops[] = { SIGINT, SIGTERM, SIGHUP };

static atomic_int caught;
static _Atomic double first_s; /* 0: none came */

static void on_signal(int number)
{
    /* Two threads may be here at once; the one that sets the time is first. */
    double now = clock_seconds(), first = 0;
    if (atomic_compare_exchange_strong(&first_s, &first, now))
        caught = number;
    else if (now - first < ONE_WISH_S)
        return;
    else
        signal(number, crash_on_signal); /* a third one ends the process at once */
    pipeline_interrupt();
}

void signals_catch(void)
{
    struct sigaction stop = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, before;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (sigaction(stops[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(stops[i], &stop, NULL);
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

int signals_caught(void)
{
    return caught;
}

void signals_die(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}
