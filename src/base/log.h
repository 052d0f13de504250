/*
 * One formatted line per message. It says what failed, on what, and what to try, once,
 * where the facts are known.
 */
#ifndef RIFEC_BASE_LOG_H
#define RIFEC_BASE_LOG_H

#include <stdbool.h>

#include "rifec/log.h"

#if defined(__GNUC__)
#define LOG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define LOG_PRINTF(fmt, args)
#endif

/* A level and a callback. */
struct log_sink {
    enum rifec_log_level level;
    rifec_log_fn fn;
    void *opaque;
};

/*
 * Sends the messages of the calling thread to *sink, until the next call; NULL sends them
 * where rifec_log_set() says. Returns the sink used before, so that the caller can
 * restore it. *sink must live until then. thread_start() hands it on to the new thread.
 */
const struct log_sink *log_use(const struct log_sink *sink);

/* The sink of the calling thread. */
const struct log_sink *log_used(void);

void log_line(enum rifec_log_level level, const char *fmt, ...) LOG_PRINTF(2, 3);

/* True if a message of this level would be shown. */
bool log_shows(enum rifec_log_level level);

#define log_error(...)   log_line(RIFEC_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(RIFEC_LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(RIFEC_LOG_INFO, __VA_ARGS__)
#define log_verbose(...) log_line(RIFEC_LOG_VERBOSE, __VA_ARGS__)
#define log_debug(...)   log_line(RIFEC_LOG_DEBUG, __VA_ARGS__)

#endif
