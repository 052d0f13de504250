/* Numbers of names, the gaps between them, and a sentence. */
#include "media/picture_gaps.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>

#include "base/log.h"

#define NAMED_MAX 4 /* gaps that are named one by one */

struct numbered {
    const char *file;
    int prefix;     /* bytes before the number */
    int64_t number; /* -1: none                */
};

static struct numbered parse(const char *path, const struct picture_name *pattern)
{
    const char *slash = strrchr(path, '/');
    struct numbered n = { .file = slash ? slash + 1 : path, .number = -1 };
    if (pattern) {
        n.prefix = pattern->prefix_length;
        n.number = picture_name_number(pattern, n.file);
        return n;
    }
    const char *end = strrchr(n.file, '.'), *digits = end;
    while (digits && digits > n.file && isdigit((unsigned char)digits[-1]))
        digits--;
    n.prefix = (int)(digits - n.file);
    if (digits < end && end - digits <= PICTURE_DIGITS_MAX)
        n.number = strtoll(digits, NULL, 10);
    return n;
}

/* The difference between b's number and a's; 0 if they are not of one sequence. */
static int64_t step(const struct numbered *a, const struct numbered *b)
{
    bool one_row = a->number >= 0 && b->number >= 0 && a->prefix == b->prefix &&
                   !strncmp(a->file, b->file, (size_t)a->prefix);
    return one_row && b->number > a->number ? b->number - a->number : 0;
}

static void append(char *text, size_t size, int gaps, bool last, int64_t from, int64_t to)
{
    av_strlcatf(text, size, "%s%" PRId64, !gaps ? "" : last ? " and " : ", ", from);
    if (to > from)
        av_strlcatf(text, size, " to %" PRId64, to);
}

void picture_gaps_report(const struct pictures *p, const struct picture_name *pattern,
                         const char *path)
{
    struct {
        int64_t from, to;
    } named[NAMED_MAX];
    int gaps = 0, next = 0, steps = 0;
    int64_t missing = 0, unnamed = 0;
    for (int i = 1; i < p->count; i++) {
        const struct numbered a = parse(p->paths[i - 1], pattern);
        const struct numbered b = parse(p->paths[i], pattern);
        const int64_t by = step(&a, &b);
        steps += by > 0;
        next += by == 1;
        if (by < 2)
            continue;
        missing += by - 1;
        if (gaps < NAMED_MAX) {
            named[gaps].from = a.number + 1;
            named[gaps++].to = b.number - 1;
        } else {
            unnamed += by - 1;
        }
    }
    /* Times and sizes in names are numbers as well. */
    if (!missing || (!pattern && 2 * next < steps))
        return;
    char text[256] = "";
    for (int i = 0; i < gaps; i++)
        append(text, sizeof text, i, !unnamed && i == gaps - 1, named[i].from,
               named[i].to);
    if (unnamed)
        av_strlcatf(text, sizeof text, " and %" PRId64 " more", unnamed);
    log_warning("%s: %s %s %s missing; the pictures are shown without gaps", path,
                missing == 1 ? "frame" : "frames", text, missing == 1 ? "is" : "are");
}
