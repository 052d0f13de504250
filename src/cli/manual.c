/* rifec.1: the option table in the language of man(7). */
#define _POSIX_C_SOURCE 200809L /* gmtime_r */
#include "cli/generate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/words.h"
#include "rifec/version.h"

#define TEXT(x)  TEXT_(x)
#define TEXT_(x) #x
#define VERSION                                                                          \
    TEXT(RIFEC_VERSION_MAJOR) "." TEXT(RIFEC_VERSION_MINOR) "." TEXT(RIFEC_VERSION_PATCH)

#define WIDTH 76 /* of a line in the source */

/* Prints one character; roff treats dashes and backslashes specially. */
static void put_character(FILE *out, char c)
{
    if (c == '-')
        fputs("\\-", out);
    else if (c == '\\')
        fputs("\\e", out);
    else
        fputc(c, out);
}

static void put(FILE *out, const char *text)
{
    for (; *text; text++)
        put_character(out, *text);
}

/* Words in lines, each sentence on lines of its own as man(7) asks for. */
static void put_text(FILE *out, const char *text)
{
    int at = 0;
    bool sentence_ended = false;
    while (*text) {
        int length = (int)strcspn(text, " \n");
        if (at && (sentence_ended || at + 1 + length > WIDTH)) {
            fputc('\n', out);
            at = 0;
        } else if (at) {
            fputc(' ', out);
            at++;
        }
        if (!at && (*text == '.' || *text == '\''))
            fputs("\\&", out); /* must not be read as a request */
        for (int i = 0; i < length; i++)
            put_character(out, text[i]);
        sentence_ended = length > 1 && text[length - 1] == '.' && text[length - 2] != '.';
        at += length;
        text += length;
        text += *text != '\0';
    }
    fputc('\n', out);
}

static void put_title(FILE *out, const char *macro, const char *title)
{
    fprintf(out, "%s \"%s\"\n", macro, title);
}

static void put_name(FILE *out, const char *dashes, const char *name, const char *arg)
{
    fputs("\\fB", out);
    put(out, dashes);
    put(out, name);
    fputs("\\fR", out);
    if (arg) {
        fputs(" \\fI", out);
        put(out, arg);
        fputs("\\fR", out);
    }
}

/* All spellings of one option, then its meaning. Rows without help belong to the
 * row before. */
static int put_options(FILE *out, int first)
{
    const struct option_row *row = &option_rows[first];
    int i = first;
    fputs(".TP\n", out);
    do {
        const struct option_row *r = &option_rows[i];
        fputs(i > first ? ", " : "", out);
        if (r->letter) {
            put_name(out, "-", (const char[]){ r->letter, '\0' }, NULL);
            fputs(", ", out);
        }
        char alias[OPTION_ALIAS_SIZE];
        for (int n = 0; option_alias(r, n, alias); n++) {
            put_name(out, "-", alias, NULL);
            fputs(", ", out);
        }
        put_name(out, "--", r->name, r->arg);
    } while (++i < option_row_count && !option_rows[i].help);
    fputc('\n', out);
    put_text(out, row->help);
    if (row->initial) {
        char initial[128];
        snprintf(initial, sizeof initial, "[%s]", row->initial);
        put_text(out, initial);
    }
    return i;
}

static void put_examples(FILE *out)
{
    put_title(out, ".SH", "EXAMPLES");
    for (int i = 0; i < example_count; i++) {
        fputs(".TP\n", out);
        put_text(out, examples[i].remark);
        fputs(".nf\n\\fB", out);
        put(out, examples[i].command);
        fputs("\\fR\n.fi\n", out);
    }
}

static void put_exit_status(FILE *out)
{
    put_title(out, ".SH", "EXIT STATUS");
    for (int i = 0; i < exit_meaning_count; i++) {
        fprintf(out, ".TP\n%s\n", exit_meanings[i].status);
        put_text(out, exit_meanings[i].meaning);
    }
}

static void put_section(FILE *out, const char *title, const struct manual_entry *e,
                        const char *macro)
{
    put_title(out, ".SH", title);
    for (bool first = true; e->text; e++, first = false) {
        if (!e->term)
            fputs(first ? "" : ".PP\n", out);
        else if (!strcmp(macro, ".SS"))
            put_title(out, macro, e->term);
        else
            fprintf(out, ".TP\n.B %s\n", e->term);
        put_text(out, e->text);
    }
}

/* The day of the version, or of SOURCE_DATE_EPOCH, for builds that can be repeated. */
static void put_header(FILE *out)
{
    char date[16] = RIFEC_VERSION_DATE, *end;
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t seconds = epoch ? (time_t)strtoll(epoch, &end, 10) : 0;
    struct tm day;
    if (epoch && epoch[0] && !*end && gmtime_r(&seconds, &day))
        strftime(date, sizeof date, "%Y-%m-%d", &day);
    fputs(".\\\" Made from the table of options by rifec --generate man.\n", out);
    fprintf(out, ".TH RIFEC 1 \"%s\" \"rifec " VERSION "\" \"User Commands\"\n", date);
}

void generate_man(FILE *out)
{
    put_header(out);
    put_title(out, ".SH", "NAME");
    fputs("rifec \\- interpolate video for a higher frame rate or slow motion\n", out);
    put_title(out, ".SH", "SYNOPSIS");
    fputs("\\fBrifec \\-i\\fR \\fIINPUT\\fR \\fB\\-o\\fR \\fIOUTPUT\\fR [options]\n.br\n"
          "\\fBrifec\\fR \\fIINPUT\\fR... \\fB\\-o\\fR \\fIFOLDER\\fR/ [options]\n",
          out);
    put_section(out, "DESCRIPTION", manual_description, ".TP");
    put_title(out, ".SH", "OPTIONS");
    put_text(out, words_conventions);
    for (int g = 0; g < OPTION_GROUPS; g++) {
        put_title(out, ".SS", group_titles[g]);
        for (int i = 0; i < option_row_count;)
            if ((int)option_rows[i].group == g && option_rows[i].help)
                i = put_options(out, i);
            else
                i++;
    }
    put_exit_status(out);
    put_section(out, "ENVIRONMENT", manual_environment, ".TP");
    put_section(out, "FILES", manual_files, ".TP");
    put_section(out, "NOTES", manual_notes, ".SS");
    put_examples(out);
    put_title(out, ".SH", "SEE ALSO");
    fputs("\\fBrifec\\-weights\\fR(1), \\fBffmpeg\\fR(1), \\fBffprobe\\fR(1)\n", out);
}
