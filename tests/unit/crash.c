/* A process that ends without returning from main(): its temporary files are removed,
 * one line gives the reason, and the status is a signal's or 7. Each case runs in its
 * own process. */
#define _DEFAULT_SOURCE
#include "base/crash.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/outfile.h"
#include "base/thread.h"
#include "check.h"

static char folder[] = "/tmp/rifec-crash-XXXXXX";
static char said[512]; /* stderr of the last case's process */

/* --- ways to end ------------------------------------------------------------------ */

static void by_signal(int number)
{
    raise(number);
}

static void by_exit(int status)
{
    exit(status);
}

static void by_abort_without_memory(int unused)
{
    (void)unused;
    struct rlimit none = { 1 << 20, 1 << 20 };
    setrlimit(RLIMIT_AS, &none);
    abort();
}

static int deeper(int levels)
{
    volatile char here[4096];
    here[0] = (char)levels;
    return levels == 0 ? 0 : deeper(levels - 1) + here[0];
}

static int overflow(void *arg)
{
    (void)arg;
    return deeper(1 << 30);
}

static void by_overflow(int unused)
{
    (void)unused;
    struct thread t;
    if (thread_start(&t, "overflow", overflow, NULL) == 0)
        thread_join(&t);
}

static int fault(void *arg)
{
    (void)arg;
    raise(SIGSEGV);
    return 0;
}

static void by_two_threads(int unused)
{
    (void)unused;
    struct thread a, b;
    if (thread_start(&a, "a", fault, NULL) == 0 &&
        thread_start(&b, "b", fault, NULL) == 0)
        thread_join(&a);
    pause();
}

static void by_finishing(int unused)
{
    (void)unused;
    crash_forget();
    exit(0);
}

/* --- judging ---------------------------------------------------------------------- */

/* Runs a case with a temporary file open; returns the status from wait(). */
static int end_by(void (*how)(int), int argument, bool ignored)
{
    int to_us[2];
    char path[64], part[80];
    snprintf(path, sizeof path, "%s/out.mp4", folder);
    snprintf(part, sizeof part, "%s/out.part.mp4", folder);
    if (!CHECK(pipe(to_us) == 0))
        return -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct outfile *f;
        struct rlimit no_core = { 0, 0 };
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(to_us[1], STDERR_FILENO);
        if (ignored)
            signal(argument, SIG_IGN);
        crash_catch();
        if (outfile_create(&f, &(struct outfile_params){ .path = path }) == 0 &&
            access(part, F_OK) == 0)
            how(argument);
        _exit(99); /* must not be reached */
    }
    close(to_us[1]);
    size_t length = 0;
    for (ssize_t n = 1; n > 0; length += (size_t)(n > 0 ? n : 0))
        n = read(to_us[0], said + length, sizeof said - 1 - length);
    said[length] = '\0';
    close(to_us[0]);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(access(path, F_OK) != 0);
    bool left = access(part, F_OK) == 0;
    unlink(part);
    return left ? -1 : status;
}

static void dies_of(int number, bool speaks)
{
    int status = end_by(by_signal, number, false);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), number);
    CHECK((strstr(said, "rifec: ") != NULL) == speaks);
}

/* The sanitizers keep their handlers; then our handler does not run. */
static bool is_ours(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

static void test_faults(void)
{
    const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (is_ours(faults[i]))
            dies_of(faults[i], true);
}

static void test_ends(void)
{
    const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGXCPU, SIGALRM };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        dies_of(ends[i], false);
}

static void test_ignored(void)
{
    CHECK_INT(end_by(by_signal, SIGQUIT, true), -1); /* the file is still there */
}

static void test_threads(void)
{
    if (!is_ours(SIGSEGV))
        return;
    int status = end_by(by_overflow, 0, false);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    CHECK(strstr(said, "SIGSEGV") != NULL);
    status = end_by(by_two_threads, 0, false);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    char *once = strstr(said, "rifec: ");
    CHECK(once && !strstr(once + 1, "rifec: "));
}

static void test_memory(void)
{
    if (!is_ours(SIGSEGV))
        return; /* a sanitizer needs its address space */
    int status = end_by(by_abort_without_memory, 0, false);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), -RIFEC_ERR_NOMEM);
    CHECK(strstr(said, "out of memory") != NULL);
}

static void test_exit(void)
{
    int status = end_by(by_exit, 1, false);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), -RIFEC_ERR_NOMEM);
    CHECK(strstr(said, "memory or threads") != NULL);
    CHECK_INT(end_by(by_finishing, 0, false), -1); /* the handler no longer acts */
    CHECK_STR(said, "");
}

int main(void)
{
    if (!CHECK(mkdtemp(folder) != NULL))
        return 1;
    test_faults();
    test_ends();
    test_ignored();
    test_threads();
    test_memory();
    test_exit();
    rmdir(folder);
    return check_result();
}
