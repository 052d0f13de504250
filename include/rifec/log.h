/*
 * Where messages go: to the callback of the engine that a message is about
 * (rifec_params.log), or else to that of the process, which is set here before the
 * first engine is opened. It is the one piece of process-wide state in the library.
 * Messages come from any thread, one call per line, without a trailing newline.
 */
#ifndef RIFEC_LOG_H
#define RIFEC_LOG_H

#include "rifec/api.h"

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

/* Messages above `level` are dropped; fn NULL means one line on stderr. A level that
 * does not exist is refused with a message, and nothing changes. */
RIFEC_API void rifec_log_set(enum rifec_log_level level, rifec_log_fn fn, void *opaque);

#ifdef __cplusplus
}
#endif
#endif
