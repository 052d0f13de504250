/* The message about a NULL argument. */
#include "base/argument.h"

#include "base/log.h"
#include "rifec/error.h"

int argument_is_null(const char *function, const char *argument)
{
    log_error("%s: the argument '%s' is NULL", function, argument);
    return RIFEC_ERR_USAGE;
}
