/*
 * Messages go to the callback of the engine that they are about (rifec_params.log), or
 * otherwise to the callback of the process, which is set here, before the first engine is
 * opened. That callback is the only process-wide state of the library. A callback may be
 * called from any thread, once per line; the line has no newline and is valid only during
 * the call.
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

/* Sends messages up to `level` to fn(opaque, ...), or to stderr if fn is NULL, and drops
 * the others. An unknown level is refused with an error message and changes nothing. */
RIFEC_API void rifec_log_set(enum rifec_log_level level, rifec_log_fn fn, void *opaque);

#ifdef __cplusplus
}
#endif
#endif
