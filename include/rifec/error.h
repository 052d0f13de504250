/*
 * Error codes. Functions of rifec return 0 or one of these; the message is
 * logged once, where the facts are, and callers only pass the code up.
 *
 * A wrong argument (NULL where a pointer is needed, a number out of range) is always
 * RIFEC_ERR_USAGE with a message that names the argument; nothing has changed then.
 * Functions that return no code say below what they return instead.
 *
 * The exit status of the program is the code with its sign turned around, so
 * the numbers are part of the interface and never change.
 */
#ifndef RIFEC_ERROR_H
#define RIFEC_ERROR_H

#include "rifec/api.h"

enum rifec_error {
    RIFEC_OK = 0,
    RIFEC_ERR_INTERNAL = -1, /* our own bug, or a library broke its word      */
    RIFEC_ERR_USAGE = -2,    /* bad flag or argument                          */
    RIFEC_ERR_INPUT = -3,    /* missing, unreadable, no video, damaged        */
    RIFEC_ERR_OUTPUT = -4,   /* exists, cannot be created, disk full          */
    RIFEC_ERR_MODEL = -5,    /* weights missing, truncated, of another shape  */
    RIFEC_ERR_DEVICE = -6,   /* the device asked for is absent or failed      */
    RIFEC_ERR_NOMEM = -7,    /* out of memory, on host or device              */
    RIFEC_ERR_CODEC = -8,    /* no such encoder or decoder, or it refuses     */
    RIFEC_ERR_VERIFY = -9,   /* written frames or times are not as planned    */
    RIFEC_ERR_ABORT = -10,   /* stopped because another part failed first     */
};

#ifdef __cplusplus
extern "C" {
#endif

/* A short English phrase for a code: "out of memory". Never NULL. */
RIFEC_API const char *rifec_strerror(int err);

#ifdef __cplusplus
}
#endif
#endif
