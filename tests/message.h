/* Keeps the last message of the log, for tests of error messages. */
#ifndef RIFEC_TESTS_MESSAGE_H
#define RIFEC_TESTS_MESSAGE_H

#include <stdio.h>

#include "rifec/log.h"

static char message[1024];

/* A callback for rifec_log_set(). */
static inline void keep_message(void *opaque, enum rifec_log_level level,
                                const char *line)
{
    (void)opaque;
    (void)level;
    snprintf(message, sizeof message, "%s", line);
}

#endif
