/* Integers, fractions and frame rates. */
#include "cli/number.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DEN_MAX   1000000000 /* nine decimals                                       */
#define BROADCAST 12         /* frames per second; slower rates are not rounded ones */

bool number_integer(const char **s, int64_t max, int64_t *out)
{
    if (!isdigit((unsigned char)**s))
        return false;
    for (*out = 0; isdigit((unsigned char)**s); (*s)++) {
        *out = *out * 10 + (**s - '0');
        if (*out > max)
            return false;
    }
    return true;
}

/* Not reduced: den is 10 to the number of decimals. *cut: there were more of them. */
static bool read_decimal(const char *s, struct rational *out, bool *cut)
{
    *out = (struct rational){ 0, 1 };
    if (!number_integer(&s, NUMBER_MAX, &out->num))
        return false;
    if (*s == '.' && isdigit((unsigned char)s[1]))
        for (s++; isdigit((unsigned char)*s) && out->den < DEN_MAX; s++) {
            out->num = out->num * 10 + (*s - '0');
            out->den *= 10;
        }
    for (; out->den > 1 && out->num % 10 == 0; out->den /= 10)
        out->num /= 10; /* 23.980 is 23.98 */
    *cut = isdigit((unsigned char)*s);
    return !s[strspn(s, *cut ? "0123456789" : "")];
}

static bool is_small(struct rational r)
{
    return r.num <= NUMBER_MAX && r.den <= NUMBER_MAX;
}

static bool read_side(const char *s, struct rational *out)
{
    bool cut;
    if (!read_decimal(s, out, &cut) || cut)
        return false;
    *out = rational_reduce(*out);
    return is_small(*out);
}

bool number_fraction(const char *text, struct rational *out)
{
    char left[32];
    size_t length = strcspn(text, "/:");
    struct rational den = { 1, 1 };
    snprintf(left, sizeof left, "%.*s", (int)length, text);
    if (length >= sizeof left || !read_side(left, out))
        return false;
    if (text[length] && (!read_side(text + length + 1, &den) || !den.num))
        return false;
    *out = rational_multiply(*out, (struct rational){ den.den, den.num });
    return is_small(*out);
}

bool number_rate(const char *text, struct rational *out)
{
    struct rational r;
    bool cut;
    if (!read_decimal(text, &r, &cut) || r.num % r.den == 0)
        return number_fraction(text, out);
    /* The nearest n*1000/1001: at most one of the last decimal away, where there are
     * two or more, or a hundred-thousandth. */
    int64_t n = (r.num * 1001 + 500 * r.den) / (1000 * r.den);
    int64_t off = r.num * 1001 - n * 1000 * r.den; /* in 1/1001 of the last decimal */
    off = off < 0 ? -off : off;
    bool shown = r.den >= 100 && n >= BROADCAST && off <= 1001;
    bool near = n > 0 && off < n * r.den / 100;
    if (shown || near) {
        *out = rational_reduce((struct rational){ n * 1000, 1001 });
        return is_small(*out);
    }
    return number_fraction(text, out);
}
