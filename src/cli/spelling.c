/* From a word to a row of the option table. */
#include "cli/spelling.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/option_error.h"

#define NAME_CHARACTERS                                                                  \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:"

static bool same_letter(char a, char b)
{
    return a == b || (a == '_' && b == '-') || (a == '-' && b == '_');
}

static bool begins(const char *name, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!same_letter(text[i], name[i]))
            return false;
    return true;
}

size_t spelling_name(const char *word, const char **name)
{
    *name = word + 1 + (word[1] == '-');
    return strcspn(*name, "=");
}

bool spelling_is_one_of(const char *name, size_t length, const char *names)
{
    while (names) {
        if (strcspn(names, "|") == length && begins(names, name, length))
            return true;
        const char *bar = strchr(names, '|');
        names = bar ? bar + 1 : NULL;
    }
    return false;
}

const struct option_row *spelling_letter(char letter)
{
    for (int i = 0; i < option_row_count; i++)
        if (option_rows[i].letter && option_rows[i].letter == letter)
            return &option_rows[i];
    return NULL;
}

static const struct option_row *whole(const char *name, size_t length, bool one_dash)
{
    if (one_dash && length == 1)
        return spelling_letter(name[0]);
    for (int i = 0; i < option_row_count; i++)
        if (spelling_is_one_of(name, length, option_rows[i].name) ||
            spelling_is_one_of(name, length, option_rows[i].alias))
            return &option_rows[i];
    return NULL;
}

/* Removes :0, then :v from the end of a name; returns 0 if there is neither. */
static size_t without_stream(const char *name, size_t length)
{
    if (length > 4 && !strncmp(name + length - 4, ":v:0", 4))
        return length - 2;
    return length > 2 && !strncmp(name + length - 2, ":v", 2) ? length - 2 : 0;
}

struct spelling spelling_exact(const char *word)
{
    struct spelling s = { 0 };
    const char *name;
    size_t length = spelling_name(word, &name);
    bool one_dash = word[1] != '-';
    s.value = name[length] ? name + length + 1 : NULL;
    s.row = whole(name, length, one_dash);
    while (!s.row && (length = without_stream(name, length))) {
        s.row = whole(name, length, one_dash);
        if (s.row && !s.row->arg)
            s.row = NULL;
    }
    return s;
}

struct spelling spelling_attached(const char *word)
{
    const struct option_row *row = spelling_letter(word[1]);
    const char *value = word + 2;
    bool number =
        isdigit((unsigned char)value[0]) && !value[strspn(value, "0123456789./")];
    bool path = row && row->arg && !strncmp(row->arg, "FILE", 4);
    bool is_value =
        number || (path && !value[1]) || value[strspn(value, NAME_CHARACTERS "=")];
    return row && row->arg && is_value ? (struct spelling){ row, value }
                                       : (struct spelling){ 0 };
}

struct spelling spelling_prefix(const char *word)
{
    struct spelling s = { 0 };
    const char *name;
    size_t length = spelling_name(word, &name);
    if (!length)
        return s;
    int older = 0, newer = 0;
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->whole || (row->newer && length == 1) || !begins(row->name, name, length))
            continue;
        if (!row->newer || !older)
            s.row = row;
        older += !row->newer;
        newer += row->newer;
    }
    if (older > 1 || (!older && newer > 1))
        return (struct spelling){ 0 };
    s.value = s.row && name[length] ? name + length + 1 : NULL;
    return s;
}

bool spelling_is_cluster(const char *word)
{
    for (const char *s = word + 1; *s; s++) {
        const struct option_row *row = spelling_letter(*s);
        if (!row || row->arg)
            return false;
    }
    return word[1] && word[2];
}

/* --- what may be meant ---------------------------------------------------- */

/* Insertions, deletions and substitutions that turn a, of length n, into b. */
static int edit_distance(const char *a, size_t n, const char *b, size_t m)
{
    enum { MAX = 32 };
    int row[MAX + 1];
    if (n > MAX || m > MAX)
        return MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = diagonal + !same_letter(a[i - 1], b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

static const struct option_row *nearest(const char *name, size_t length)
{
    const struct option_row *row = NULL;
    int limit = ((int)length + 1) / 3;
    for (int i = 0; i < option_row_count; i++) {
        const char *other = option_rows[i].name;
        int distance = edit_distance(name, length, other, strlen(other));
        if (distance <= limit) {
            row = &option_rows[i];
            limit = distance - 1;
        }
    }
    return row;
}

/* "--colorspace, --cfr": the names that begin in this way. */
static int list_beginnings(const char *name, size_t length, char *text, size_t size)
{
    int count = 0;
    text[0] = '\0';
    for (int i = 0; i < option_row_count; i++)
        if (!option_rows[i].whole && begins(option_rows[i].name, name, length)) {
            size_t used = strlen(text);
            snprintf(text + used, size - used, "%s--%s", count++ ? ", " : "",
                     option_rows[i].name);
        }
    return count;
}

int spelling_fail(struct options *opt, const char *word)
{
    char several[256];
    const char *name;
    size_t length = spelling_name(word, &name);
    int typed = (int)(name - word + (ptrdiff_t)length);
    const struct option_row *letter = word[1] != '-' ? spelling_letter(word[1]) : NULL;
    const struct option_row *near = nearest(name, length);
    if (length && list_beginnings(name, length, several, sizeof several) > 1)
        return option_fail(opt, "'%.*s' could mean %s", typed, word, several);
    char option[64] = "", value[192] = "";
    if (near)
        snprintf(option, sizeof option, ": did you mean '--%s'", near->name);
    if (letter && letter->arg && length <= 12 && !memchr(name, '_', length))
        snprintf(value, sizeof value, "%s '-%c %s'", near ? ", or" : ": did you mean",
                 word[1], word + 2);
    return option_fail(opt, "unknown option '%.*s'%s%s%s", typed, word, option, value,
                       option[0] || value[0] ? "?" : "");
}
