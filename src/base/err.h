/*
 * Check, and jump. A function that can fail has `int err` and a label `fail:`
 * that calls the ordinary close; TRY() assigns and jumps in one word, so a
 * stale result cannot be tested.
 */
#ifndef RIFEC_BASE_ERR_H
#define RIFEC_BASE_ERR_H

#include "rifec/error.h"

#define TRY(call)                                                                        \
    do {                                                                                 \
        err = (call);                                                                    \
        if (err < 0)                                                                     \
            goto fail;                                                                   \
    } while (0)

/* Logs the message and jumps with the code. Needs base/log.h. */
#define FAIL(code, ...)                                                                  \
    do {                                                                                 \
        log_error(__VA_ARGS__);                                                          \
        err = (code);                                                                    \
        goto fail;                                                                       \
    } while (0)

#endif
