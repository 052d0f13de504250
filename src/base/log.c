/* The level filter, and the way from a format string to the callback. */
#include "base/log.h"

#include <stdio.h>

#include "base/text.h"

static void to_stderr(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    fprintf(stderr, "rifec: %s%s\n", level == RIFEC_LOG_WARNING ? "warning: " : "", line);
}

static struct {
    enum rifec_log_level level;
    rifec_log_fn fn;
    void *opaque;
} sink = { RIFEC_LOG_INFO, to_stderr, NULL };

void rifec_log_set(enum rifec_log_level level, rifec_log_fn fn, void *opaque)
{
    sink.level = level;
    sink.fn = fn ? fn : to_stderr;
    sink.opaque = opaque;
}

bool log_shows(enum rifec_log_level level)
{
    return level <= sink.level;
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
    text_clean(line); /* names in files may be meant for the terminal */
    sink.fn(sink.opaque, level, line);
}
