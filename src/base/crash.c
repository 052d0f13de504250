/* Signal handlers and atexit(). They call only async-signal-safe functions. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, SIGSYS and its kin */
#include "base/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/outfile.h"
#include "rifec/error.h"

/* A library may ask for one block as large as several frames. */
#define SHORT_BYTES ((size_t)256 << 20)

/* Signals that a bug in rifec or in a library causes. */
static const struct fault {
    int number;
    const char *text;
} faults[] = {
    { SIGSEGV, "SIGSEGV, an invalid address" },
    { SIGABRT, "SIGABRT" },
    { SIGBUS, "SIGBUS, an invalid address" },
    { SIGFPE, "SIGFPE, invalid arithmetic" },
    { SIGILL, "SIGILL, an invalid instruction" },
};

/* These only end the process, without a message from us. */
static const int ends[] = { SIGINT,    SIGTERM, SIGHUP,  SIGPIPE, SIGXFSZ,
                            SIGQUIT,   SIGUSR1, SIGUSR2, SIGALRM, SIGPROF,
                            SIGVTALRM, SIGXCPU, SIGSYS,  SIGTRAP, SIGIO };

static atomic_bool ending;  /* a handler runs                          */
static atomic_bool is_over; /* main() has done its work */

static void say(const char *text)
{
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n; /* there is nowhere left to report it */
}

static void begin_line(void)
{
    if (isatty(STDERR_FILENO))
        say("\n"); /* the progress line is there */
    say("rifec: ");
}

static bool memory_is_short(void)
{
    void *p = mmap(NULL, SHORT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    if (p != MAP_FAILED)
        munmap(p, SHORT_BYTES);
    return p == MAP_FAILED;
}

static const char *fault_text(int number)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].number == number)
            return faults[i].text;
    return NULL;
}

void crash_on_signal(int number)
{
    if (atomic_exchange(&ending, true))
        for (;;) /* another thread, or another signal, is already here */
            pause();
    const char *text = fault_text(number);
    bool is_short = text && memory_is_short();
    outfile_remove_unpublished();
    if (is_short) {
        begin_line();
        say("out of memory: a library had to stop (");
        say(text);
        say("); try a smaller video, --tile 128 or --scale 0.5\n");
        _exit(-RIFEC_ERR_NOMEM);
    }
    if (text) {
        begin_line();
        say("stopped by a fault in rifec or in a library (");
        say(text);
        say("); the unfinished output is removed\n");
    }
    /* Blocked until the return, so that a debugger finds the place of the fault. */
    signal(number, SIG_DFL);
    raise(number);
}

static void on_exit_call(void)
{
    if (is_over)
        return;
    outfile_remove_unpublished();
    begin_line();
    say("a library ended the program, probably for lack of memory or threads; "
        "try --threads 1 or a smaller video\n");
    _exit(-RIFEC_ERR_NOMEM);
}

static void catch_one(int number)
{
    struct sigaction before,
        ours = { .sa_handler = crash_on_signal, .sa_flags = SA_ONSTACK };
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
        sigaction(number, &ours, NULL);
}

void crash_set_stack(unsigned char stack[CRASH_STACK_BYTES])
{
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = CRASH_STACK_BYTES }, NULL);
}

void crash_drop_stack(void)
{
    sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
}

void crash_catch(void)
{
    static unsigned char stack[CRASH_STACK_BYTES]; /* main()'s thread never ends */
    crash_set_stack(stack);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        catch_one(faults[i].number);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        catch_one(ends[i]);
    atexit(on_exit_call);
}

void crash_forget(void)
{
    is_over = true;
}
