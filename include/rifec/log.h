/*
 * Where messages go. The one piece of process-wide state in the library: a
 * level and a callback, set before the first engine is opened. Messages come
 * from any thread, one call per line, without a trailing newline.
 */
#ifndef RIFEC_LOG_H
#define RIFEC_LOG_H

#include <stdarg.h>

enum rifec_log_level {
    RIFEC_LOG_QUIET = 0,
    RIFEC_LOG_ERROR,
    RIFEC_LOG_WARNING,
    RIFEC_LOG_INFO,
    RIFEC_LOG_VERBOSE,
    RIFEC_LOG_DEBUG,
};

typedef void (*rifec_log_fn)(void *opaque, enum rifec_log_level level, const char *line);

#ifdef __cplusplus
extern "C" {
#endif

/* Messages above `level` are dropped; fn NULL means one line on stderr. */
void rifec_log_set(enum rifec_log_level level, rifec_log_fn fn, void *opaque);

#ifdef __cplusplus
}
#endif
#endif
