/* Times as people write them. */
#include "base/timecode.h"

#include <ctype.h>

#define MAX_S (100 * 3600)

static bool read_number(const char **s, int64_t *out)
{
    if (!isdigit((unsigned char)**s))
        return false;
    for (*out = 0; isdigit((unsigned char)**s) && *out <= MAX_S; (*s)++)
        *out = *out * 10 + (**s - '0');
    return *out <= MAX_S;
}

bool timecode_parse(const char *text, int64_t *us)
{
    int64_t seconds = 0, part = 0, fraction = 0;
    bool ok = read_number(&text, &seconds);
    for (int colons = 0; ok && *text == ':' && colons < 2; colons++) {
        text++;
        ok = read_number(&text, &part) && part < 60;
        seconds = seconds * 60 + part;
    }
    if (ok && *text == '.') {
        text++;
        for (int64_t digit = 100000; isdigit((unsigned char)*text); digit /= 10)
            fraction += (*text++ - '0') * digit;
    }
    *us = seconds * 1000000 + fraction;
    return ok && !*text && seconds <= MAX_S;
}
