/*
 * One formatted line per message. Say what failed, on what, and what to try;
 * say it once, where the facts are.
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

void log_line(enum rifec_log_level level, const char *fmt, ...) LOG_PRINTF(2, 3);

/* True when a message of this level would be shown. */
bool log_shows(enum rifec_log_level level);

#define log_error(...)   log_line(RIFEC_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(RIFEC_LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(RIFEC_LOG_INFO, __VA_ARGS__)
#define log_verbose(...) log_line(RIFEC_LOG_VERBOSE, __VA_ARGS__)
#define log_debug(...)   log_line(RIFEC_LOG_DEBUG, __VA_ARGS__)

#endif
