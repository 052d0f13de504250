/* -h and --help: the option table as text, with usage, examples and exit status. */
#include "cli/options.h"

#include <string.h>

#include "cli/option_table.h"
#include "cli/words.h"

#define COLUMN    28 /* where descriptions start */
#define WIDTH     80
#define ALIAS_MAX 3 /* longer ones are in the manual only */

static const char usage[] = "Usage: rifec -i INPUT -o OUTPUT [options]\n"
                            "       rifec INPUT... -o FOLDER/ [options]\n"
                            "\n";

/* Prints words from `column` on, where the line already is, without breaking one. */
static void print_wrapped(FILE *out, const char *text, int column)
{
    int at = column;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (at > column && at + 1 + length > WIDTH) {
            fprintf(out, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", length, text);
        at += length;
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

/* "  -i, --input FILE", with the rows that share the line. In the short help the
 * argument has one form: FILE of FILE|DIR/. */
static int left_side(int i, enum help_kind kind, char *text, size_t size)
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
        const char *arg = row->arg ? row->arg : "";
        size_t length = kind == HELP_SHORT ? strcspn(arg, "|") : strlen(arg);
        used += snprintf(text + used, size - (size_t)used, "%s%s--%s%s%.*s",
                         i == first ? "  " : ", ", other, row->name, arg[0] ? " " : "",
                         (int)length, arg);
    }
    return used;
}

static void print_row(FILE *out, int i, enum help_kind kind, const char *help)
{
    char left[128];
    if (left_side(i, kind, left, sizeof left) > COLUMN - 2)
        fprintf(out, "%s\n%*s", left, COLUMN, "");
    else
        fprintf(out, "%-*s", COLUMN, left);
    print_wrapped(out, help, COLUMN);
}

static void print_examples(FILE *out)
{
    fputs("\nExamples:\n", out);
    for (int i = 0; i < example_count; i++)
        fprintf(out, "  # %s\n  %s\n", examples[i].remark, examples[i].command);
}

static void print_exit_status(FILE *out)
{
    fputs("\nExit status:\n", out);
    for (int i = 0; i < exit_meaning_count; i++) {
        const char *status = exit_meanings[i].status;
        bool fits = strlen(status) <= 4;
        fprintf(out, fits ? "  %-5s" : "  %s\n       ", status);
        print_wrapped(out, exit_meanings[i].meaning, 7);
    }
}

static void print_short(FILE *out)
{
    fputc('\n', out);
    for (int i = 0; i < option_row_count; i++)
        if (option_rows[i].brief)
            print_row(out, i, HELP_SHORT, option_rows[i].brief);
    fputc('\n', out);
    for (int i = 0; i < 2; i++)
        fprintf(out, "  %-45s %s\n", examples[i].command, examples[i].remark);
    fprintf(out, "\n%s", words_more);
}

static void print_long(FILE *out)
{
    for (int g = 0; g < OPTION_GROUPS; g++) {
        fprintf(out, "\n%s:\n", group_titles[g]);
        for (int i = 0; i < option_row_count; i++) {
            char help[512];
            const struct option_row *row = &option_rows[i];
            if ((int)row->group != g || !row->help)
                continue;
            snprintf(help, sizeof help, "%s%s%s%s", row->help, row->initial ? " [" : "",
                     row->initial ? row->initial : "", row->initial ? "]" : "");
            print_row(out, i, HELP_LONG, help);
        }
    }
    fprintf(out, "\n%s", words_conventions);
    print_examples(out);
    print_exit_status(out);
}

void options_help(enum help_kind kind, FILE *out)
{
    fputs(usage, out);
    fputs(words_summary, out);
    (kind == HELP_SHORT ? print_short : print_long)(out);
}
