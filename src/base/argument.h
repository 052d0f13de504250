/*
 * The first thing a public function does: refuse NULL where a pointer is needed.
 *
 *     TRY(NOT_NULL(frame));   // "rifec_put: the argument 'frame' is NULL"
 */
#ifndef RIFEC_BASE_ARGUMENT_H
#define RIFEC_BASE_ARGUMENT_H

/* Logs it and returns RIFEC_ERR_USAGE. */
int argument_is_null(const char *function, const char *argument);

/* 0, or RIFEC_ERR_USAGE with a message that names the function and the argument. */
#define NOT_NULL(argument) ((argument) ? 0 : argument_is_null(__func__, #argument))

#endif
