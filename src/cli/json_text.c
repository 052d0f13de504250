/* UTF-8, checked. */
#include "cli/json_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at s, or 0 if it is not one: a longer form than needed,
 * half of a surrogate pair, or a number beyond Unicode is none. */
static int utf8_length(const unsigned char *s)
{
    int n = s[0] < 0x80                    ? 1
            : s[0] >= 0xc2 && s[0] < 0xe0  ? 2
            : (s[0] & 0xf0) == 0xe0        ? 3
            : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                           : 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool wrong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
                 (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90);
    return wrong ? 0 : n;
}

cJSON *json_text(const char *text)
{
    if (!text || !text[0])
        return cJSON_CreateNull();
    char *clean = malloc(strlen(text) + 1), *to = clean;
    if (!clean)
        return NULL;
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        int n = utf8_length(s);
        if (n)
            memcpy(to, s, (size_t)n);
        else
            *to = '?';
        to += n ? n : 1;
        s += n ? n : 1;
    }
    *to = '\0';
    cJSON *item = cJSON_CreateString(clean);
    free(clean);
    return item;
}
