/* Times as people write them. */
#ifndef RIFEC_BASE_TIMECODE_H
#define RIFEC_BASE_TIMECODE_H

#include <stdbool.h>
#include <stdint.h>

/* [[HH:]MM:]SS[.ffffff], up to 100 hours, in microseconds; digits beyond the
 * sixth are ignored. False when it is not that. */
bool timecode_parse(const char *text, int64_t *us);

#endif
