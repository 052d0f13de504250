/* Numbers as people type them, read exactly: never through a double. */
#ifndef RIFEC_CLI_NUMBER_H
#define RIFEC_CLI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rational.h"

#define NUMBER_MAX 1000000 /* of a fraction's two sides; leaves 43 bits of pts */

/* Decimal digits, not past `max`; *s moves past them. */
bool number_integer(const char **s, int64_t max, int64_t *out);

/* "5/2", "5:2", "2.5", "24/1.001" or "2", reduced: neither side is above NUMBER_MAX. */
bool number_fraction(const char *text, struct rational *out);

/*
 * The same for frames per second, where players show N*1000/1001 in decimals: 23.976 and
 * 23.98 are 24000/1001, 59.94 is 60000/1001. Other decimals are taken exactly.
 */
bool number_rate(const char *text, struct rational *out);

#endif
