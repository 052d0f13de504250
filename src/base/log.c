/* The level filter, and the way from a format string to the callback. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

static void to_stderr(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    fprintf(stderr, "rifec: %s%s\n", level == RIFEC_LOG_WARNING ? "warning: " : "", line);
}

static struct log_sink of_process = { RIFEC_LOG_INFO, to_stderr, NULL };
static _Thread_local const struct log_sink *of_thread;

static const struct log_sink *current(void)
{
    return of_thread ? of_thread : &of_process;
}

void rifec_log_set(enum rifec_log_level level, rifec_log_fn fn, void *opaque)
{
    if ((unsigned)level > RIFEC_LOG_DEBUG) {
        log_error("rifec_log_set: level is %d, but must be %d to %d", (int)level,
                  RIFEC_LOG_QUIET, RIFEC_LOG_DEBUG);
        return;
    }
    of_process = (struct log_sink){ level, fn ? fn : to_stderr, opaque };
}

const struct log_sink *log_use(const struct log_sink *sink)
{
    const struct log_sink *before = of_thread;
    of_thread = sink;
    return before;
}

const struct log_sink *log_used(void)
{
    return of_thread;
}

bool log_shows(enum rifec_log_level level)
{
    return level <= current()->level;
}

void log_line(enum rifec_log_level level, const char *fmt, ...)
{
    if (!log_shows(level))
        return;
    char line[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    text_clean(line); /* names in files may contain control characters for the terminal */
    const struct log_sink *sink = current();
    sink->fn(sink->opaque, level, line);
}
