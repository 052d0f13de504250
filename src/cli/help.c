/* --help: the table as text, wrapped by hand, and what no table says. */
#include "cli/options.h"

#include <string.h>

#include "cli/option_table.h"
#include "cli/words.h"

#define COLUMN 28 /* where descriptions start */
#define WIDTH  80

static const char usage[] = "Usage: rifec -i INPUT -o OUTPUT [options]\n"
                            "       rifec INPUT... -o FOLDER/ [options]\n"
                            "\n";

#define ALIAS_MAX 3 /* longer ones are in the manual only */

/* "  -i, --input FILE", with the rows that share the line. */
static int left_side(int i, char *text, size_t size)
{
    int used = 0;
    text[0] = '\0';
    for (int first = i; i == first || (i < option_row_count && !option_rows[i].help);
         i++) {
        const struct option_row *row = &option_rows[i];
        char other[16] = "";
        int alias = row->alias ? (int)strcspn(row->alias, "|") : 0;
        if (row->letter)
            snprintf(other, sizeof other, "-%c, ", row->letter);
        else if (alias && alias <= ALIAS_MAX)
            snprintf(other, sizeof other, "-%.*s, ", alias, row->alias);
        used += snprintf(text + used, size - (size_t)used, "%s%s--%s%s%s",
                         i == first ? "  " : ", ", other, row->name, row->arg ? " " : "",
                         row->arg ? row->arg : "");
    }
    return used;
}

static void print_row(FILE *out, int i)
{
    char left[128];
    const struct option_row *row = &option_rows[i];
    int width = left_side(i, left, sizeof left);
    fputs(left, out);
    if (width > COLUMN - 2) {
        fputc('\n', out);
        width = 0;
    }
    for (const char *s = row->help; *s;) {
        int length = (int)strcspn(s, "\n");
        fprintf(out, "%*s%.*s", COLUMN - width, "", length, s);
        width = COLUMN + length;
        s += length;
        if (*s == '\n') {
            fputc('\n', out);
            width = 0;
            s++;
        }
    }
    if (row->initial && width + (int)strlen(row->initial) + 3 > WIDTH)
        fprintf(out, "\n%*s[%s]", COLUMN, "", row->initial);
    else if (row->initial)
        fprintf(out, " [%s]", row->initial);
    fputc('\n', out);
}

static void print_examples(FILE *out)
{
    fputs("\nExamples:\n", out);
    for (int i = 0; i < example_count; i++) {
        int width = fprintf(out, "  %s", examples[i].command);
        if (examples[i].remark)
            fprintf(out, "%*s%s", width < 43 ? 43 - width : 2, "", examples[i].remark);
        fputc('\n', out);
    }
}

static void print_exit_status(FILE *out)
{
    fputs("\nExit status:\n", out);
    for (int i = 0; i < exit_meaning_count; i++) {
        fprintf(out, "  %s  ", exit_meanings[i].status);
        for (const char *s = exit_meanings[i].meaning; *s; s++)
            fputs(*s == '\n' ? "\n     " : (const char[]){ *s, '\0' }, out);
        fputc('\n', out);
    }
}

void options_help(FILE *out)
{
    fputs(usage, out);
    fputs(words_summary, out);
    for (int g = 0; g < OPTION_GROUPS; g++) {
        fprintf(out, "\n%s:\n", group_titles[g]);
        for (int i = 0; i < option_row_count; i++)
            if ((int)option_rows[i].group == g && option_rows[i].help)
                print_row(out, i);
    }
    fprintf(out, "\n%s", words_abbreviation);
    print_examples(out);
    print_exit_status(out);
}
