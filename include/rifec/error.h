/*
 * Error codes. A function that can fail returns 0 or one of these. It logs one message,
 * at the cause; a caller only needs to pass the code on.
 *
 * A wrong argument (NULL where a pointer is needed, a number out of range) always gives
 * RIFEC_ERR_USAGE and a message that names the argument, and has no other effect. For a
 * function that returns no code, its comment says what it returns instead.
 *
 * The exit status of the program is the negated code, so the numbers are part of the
 * interface and never change.
 */
#ifndef RIFEC_ERROR_H
#define RIFEC_ERROR_H

#include "rifec/api.h"

enum rifec_error {
    RIFEC_OK = 0,
    RIFEC_ERR_INTERNAL = -1, /* a bug in rifec or in a library                */
    RIFEC_ERR_USAGE = -2,    /* wrong option or argument                      */
    RIFEC_ERR_INPUT = -3,    /* missing, unreadable, without video, damaged   */
    RIFEC_ERR_OUTPUT = -4,   /* exists, cannot be created, disk full          */
    RIFEC_ERR_MODEL = -5,    /* weights missing, truncated, of another network */
    RIFEC_ERR_DEVICE = -6,   /* the requested device is missing or failed     */
    RIFEC_ERR_NOMEM = -7,    /* out of memory, on host or device              */
    RIFEC_ERR_CODEC = -8,    /* encoder or decoder missing, or it refuses     */
    RIFEC_ERR_VERIFY = -9,   /* the output differs from the plan              */
    RIFEC_ERR_ABORT = -10,   /* stopped because another part failed           */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Returns a short English phrase for a code, such as "out of memory"; never NULL. The
 * string is static. */
RIFEC_API const char *rifec_strerror(int err);

#ifdef __cplusplus
}
#endif
#endif
