/* The words for the error codes. */
#include "rifec/error.h"

const char *rifec_strerror(int err)
{
    switch (err) {
    case RIFEC_OK:
        return "no error";
    case RIFEC_ERR_INTERNAL:
        return "internal error";
    case RIFEC_ERR_USAGE:
        return "usage error";
    case RIFEC_ERR_INPUT:
        return "input error";
    case RIFEC_ERR_OUTPUT:
        return "output error";
    case RIFEC_ERR_MODEL:
        return "model error";
    case RIFEC_ERR_DEVICE:
        return "device error";
    case RIFEC_ERR_NOMEM:
        return "out of memory";
    case RIFEC_ERR_CODEC:
        return "codec unavailable";
    case RIFEC_ERR_VERIFY:
        return "verification failed";
    case RIFEC_ERR_ABORT:
        return "aborted";
    default:
        return "unknown error";
    }
}
