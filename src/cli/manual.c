/* rifec.1: the option table in the language of man(7). */
#include "cli/generate.h"

#include <string.h>

#include "cli/words.h"
#include "rifec/version.h"

#define TEXT(x)  TEXT_(x)
#define TEXT_(x) #x
#define VERSION                                                                          \
    TEXT(RIFEC_VERSION_MAJOR) "." TEXT(RIFEC_VERSION_MINOR) "." TEXT(RIFEC_VERSION_PATCH)

/* Text as it is: roff has its own ideas of dashes, backslashes and a leading dot. */
static void put(FILE *out, const char *text)
{
    bool starts_line = true;
    for (const char *s = text; *s; s++) {
        if (starts_line && (*s == '.' || *s == '\''))
            fputs("\\&", out);
        starts_line = *s == '\n';
        if (*s == '-')
            fputs("\\-", out);
        else if (*s == '\\')
            fputs("\\e", out);
        else
            fputc(*s, out);
    }
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
    put(out, row->help);
    if (row->initial) {
        fputs("\n[", out);
        put(out, row->initial);
        fputc(']', out);
    }
    fputc('\n', out);
    return i;
}

static void put_examples(FILE *out)
{
    put_title(out, ".SH", "EXAMPLES");
    for (int i = 0; i < example_count; i++) {
        fputs(i ? ".PP\n" : "", out);
        if (examples[i].remark) {
            put(out, examples[i].remark);
            fputs(":\n.PP\n", out);
        }
        fputs(".RS 4\n.nf\n", out);
        put(out, examples[i].command);
        fputs("\n.fi\n.RE\n", out);
    }
}

static void put_exit_status(FILE *out)
{
    put_title(out, ".SH", "EXIT STATUS");
    for (int i = 0; i < exit_meaning_count; i++) {
        fprintf(out, ".TP\n%s\n", exit_meanings[i].status);
        put(out, exit_meanings[i].meaning);
        fputc('\n', out);
    }
}

static const char description[] =
    "FFmpeg's libraries read and decode the input, the network makes the frames in\n"
    "between, and the result is encoded, with what else is in the input, into the\n"
    "output. Times come from the input's by exact arithmetic, original frames reach\n"
    "the encoder as decoded, and colours, HDR data, languages, chapters and the like\n"
    "are kept where the container can hold them; what it cannot is said.\n"
    ".PP\n"
    "The output is written under another name, with .part before its extension, and\n"
    "gets its own when it is whole.\n"
    "After one Ctrl-C it is finished early, valid but shorter; after a second one\n"
    "nothing is left.\n";

void generate_man(FILE *out)
{
    fputs(".\\\" Made from the table of options by rifec --generate man.\n", out);
    fputs(".TH RIFEC 1 \"\" \"rifec " VERSION "\" \"User Commands\"\n", out);
    put_title(out, ".SH", "NAME");
    fputs("rifec \\- make the frames between the frames of a video\n", out);
    put_title(out, ".SH", "SYNOPSIS");
    fputs("\\fBrifec \\-i\\fR \\fIINPUT\\fR \\fB\\-o\\fR \\fIOUTPUT\\fR [options]\n.br\n"
          "\\fBrifec\\fR \\fIINPUT\\fR... \\fB\\-o\\fR \\fIFOLDER\\fR/ [options]\n",
          out);
    put_title(out, ".SH", "DESCRIPTION");
    put(out, words_summary);
    fputs(".PP\n", out);
    fputs(description, out);
    put_title(out, ".SH", "OPTIONS");
    put(out, words_conventions);
    for (int g = 0; g < OPTION_GROUPS; g++) {
        put_title(out, ".SS", group_titles[g]);
        for (int i = 0; i < option_row_count;)
            if ((int)option_rows[i].group == g && option_rows[i].help)
                i = put_options(out, i);
            else
                i++;
    }
    put_exit_status(out);
    put_examples(out);
    put_title(out, ".SH", "SEE ALSO");
    fputs("\\fBffmpeg\\fR(1), \\fBffprobe\\fR(1)\n", out);
}
