/* Escapes, by libavutil's UTF-8 decoder. */
#include "golden/markup.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <libavutil/avstring.h>

/* Returns the next character, or '?' for one that XML 1.0 does not allow. Moves *at. */
static int32_t next_character(const uint8_t **at, const uint8_t *end)
{
    int32_t code;
    const uint8_t *begin = *at;
    unsigned flags = AV_UTF8_FLAG_ACCEPT_NON_CHARACTERS;
    if (av_utf8_decode(&code, at, end, flags) < 0) {
        *at = begin + 1;
        return '?';
    }
    bool control = (code < 0x20 && code != '\n' && code != '\t') ||
                   (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff ||
                   (code >= 0x202a && code <= 0x202e) ||
                   (code >= 0x2066 && code <= 0x2069);
    return control ? '?' : code;
}

void markup_escape(AVBPrint *to, const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    while (at < end) {
        const uint8_t *begin = at;
        int32_t code = next_character(&at, end);
        if (code == '?')
            av_bprint_chars(to, '?', 1);
        else if (code == '<' || code == '>' || code == '&' || code == '"' || code == '\'')
            av_bprintf(to, "&#%d;", code);
        else
            av_bprint_append_data(to, (const char *)begin, (unsigned)(at - begin));
    }
}

void markup_plain(char *to, size_t size, const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    size_t used = 0;
    while (at < end) {
        const uint8_t *begin = at;
        int32_t code = next_character(&at, end);
        size_t length = code == '?' ? 1 : (size_t)(at - begin);
        if (used + length >= size)
            break;
        memcpy(to + used, code == '?' ? (const void *)"?" : begin, length);
        used += length;
    }
    to[used] = '\0';
}
