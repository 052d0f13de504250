/*
 * Completion for bash, zsh and fish. The option table says what an argument can be: words
 * between bars are offered, FILE and DIR become paths. When names of FFmpeg are needed,
 * the scripts ask the program, so that they are always those of the installed FFmpeg.
 */
#include "cli/generate.h"

#include <ctype.h>
#include <string.h>

#include "cli/words.h"

enum arg_kind { ARG_NONE, ARG_FREE, ARG_PATH, ARG_CHOICE, ARG_NAME };

/* "auto|off|N": a capital stands for something else, which no list can give. */
static bool is_placeholder(const char *word, int length)
{
    for (int i = 0; i < length; i++)
        if (isupper((unsigned char)word[i]))
            return true;
    return false;
}

static enum arg_kind kind_of(const struct option_row *row)
{
    if (!row->arg)
        return ARG_NONE;
    if (row->values)
        return ARG_NAME;
    if (!strncmp(row->arg, "FILE", 4))
        return ARG_PATH;
    return strchr(row->arg, '|') ? ARG_CHOICE : ARG_FREE;
}

/* The words of a choice; "smooth[:K]" is smooth. */
static void put_choices(FILE *out, const char *choices)
{
    bool first = true;
    for (const char *s = choices; *s;) {
        int length = (int)strcspn(s, "|"), plain = (int)strcspn(s, "|[");
        if (!is_placeholder(s, plain)) {
            fprintf(out, "%s%.*s", first ? "" : " ", plain, s);
            first = false;
        }
        s += length + (s[length] == '|');
    }
}

/* Rows that share a help text have it from the first of them. */
static const char *help_of(int i)
{
    while (!option_rows[i].help)
        i--;
    return option_rows[i].help;
}

/* On one line and for single quotes, with a backslash before each of `special`. */
static void put_help(FILE *out, int i, const char *special, const char *apostrophe)
{
    for (const char *s = help_of(i); *s; s++) {
        if (strchr(special, *s))
            fputc('\\', out);
        if (*s == '\'')
            fputs(apostrophe, out);
        else
            fputc(*s == '\n' ? ' ' : *s, out);
    }
}

/* --- bash ----------------------------------------------------------------- */

/* "--pix-fmt|-pix-fmt", and with _ in the place of -. */
static void put_pattern(FILE *out, const char *name)
{
    fprintf(out, "--%s|-%s", name, name);
    if (strchr(name, '-')) {
        char other[32];
        snprintf(other, sizeof other, "%s", name);
        for (char *c = other; (c = strchr(c, '-'));)
            *c = '_';
        fprintf(out, "|--%s|-%s", other, other);
    }
}

static void put_patterns(FILE *out, const struct option_row *row)
{
    char alias[OPTION_ALIAS_SIZE];
    put_pattern(out, row->name);
    for (int n = 0; option_alias(row, n, alias); n++) {
        fputc('|', out);
        put_pattern(out, alias);
    }
    if (row->letter)
        fprintf(out, "|-%c", row->letter);
}

/* bash splits words at : and =. So the script splits the line itself, and leaves out of
 * each answer the part before the last of these characters. */
static const char bash_head[] =
    "# rifec for bash; made by rifec --generate bash\n"
    "_rifec() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} cur before list='' names='' paths='' cut "
    "i\n"
    "    local -a words\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && words+=('')\n"
    "    cur=${words[${#words[@]}-1]} before=${words[${#words[@]}-2]}\n"
    "    cut=${cur%\"${cur##*[:=]}\"}\n"
    "    if [[ $cur == -*=* ]]; then\n"
    "        before=${cur%%=*} cur=${cur#*=}\n"
    "    fi\n"
    "    case $before in\n";

static const char bash_tail[] =
    "    esac\n"
    "    if [[ $names ]]; then\n"
    "        list=$(\"${words[0]/#\\~/$HOME}\" --generate $names 2>/dev/null)\n"
    "    fi\n"
    "    if [[ $paths ]]; then\n"
    "        compopt -o filenames\n"
    "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
    "    else\n"
    "        COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
    "    fi\n"
    "    [[ $COMP_WORDBREAKS == *:* && ! $paths ]] || return 0\n"
    "    for i in \"${!COMPREPLY[@]}\"; do\n"
    "        COMPREPLY[i]=${COMPREPLY[i]#\"$cut\"}\n"
    "    done\n"
    "}\n"
    "complete -F _rifec rifec\n";

static void generate_bash(FILE *out)
{
    char alias[OPTION_ALIAS_SIZE];
    fputs(bash_head, out);
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (kind_of(row) == ARG_NONE)
            continue;
        fputs("    ", out);
        put_patterns(out, row);
        fputs(") ", out);
        if (kind_of(row) == ARG_CHOICE) {
            fputs("list='", out);
            put_choices(out, row->arg);
            fputs("' ", out);
        } else if (kind_of(row) == ARG_NAME) {
            fprintf(out, "names=%s ", row->name);
        } else if (kind_of(row) == ARG_PATH) {
            fputs("paths=1 ", out);
        }
        fputs(";;\n", out);
    }
    fputs("    *)\n"
          "        if [[ $cur == -* ]]; then\n"
          "            list='",
          out);
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->letter)
            fprintf(out, "-%c ", row->letter);
        for (int n = 0; option_alias(row, n, alias); n++)
            fprintf(out, "-%s ", alias);
        fprintf(out, "--%s%s", row->name, i + 1 < option_row_count ? " " : "");
    }
    fputs("'\n"
          "        else\n"
          "            paths=1\n"
          "        fi ;;\n",
          out);
    fputs(bash_tail, out);
}

/* --- zsh ------------------------------------------------------------------ */

/* One spelling: '*-i+[help]:FILE:_files' */
static void put_zsh(FILE *out, int i, const char *dashes, const char *name, bool joins)
{
    const struct option_row *row = &option_rows[i];
    fprintf(out, "    '*%s", dashes);
    for (const char *s = name; *s; s++)
        fprintf(out, *s == ':' ? "\\%c" : "%c", *s);
    fprintf(out, "%s[", row->arg && joins ? (dashes[1] ? "=" : "+") : "");
    put_help(out, i, "[]:\\", "'\\''");
    fputc(']', out);
    switch (kind_of(row)) {
    case ARG_NONE:
        break;
    case ARG_FREE:
        fprintf(out, ":%s: ", row->name);
        break;
    case ARG_PATH:
        fprintf(out, ":%s:_files", row->name);
        break;
    case ARG_CHOICE:
        fprintf(out, ":%s:(", row->name);
        put_choices(out, row->arg);
        fputc(')', out);
        break;
    case ARG_NAME:
        fprintf(out, ":%s:_rifec_names %s", row->name, row->name);
        break;
    }
    fputs("' \\\n", out);
}

static void generate_zsh(FILE *out)
{
    fputs("#compdef rifec\n# rifec for zsh; made by rifec --generate zsh\n"
          "_rifec_names() {\n"
          "    local -a names=(${(f)\"$(_call_program names $words[1] --generate "
          "$argv[-1])\"})\n"
          "    compadd \"${(@)argv[1,-2]}\" -a names\n"
          "}\n"
          "_arguments \\\n",
          out);
    char alias[OPTION_ALIAS_SIZE];
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->letter)
            put_zsh(out, i, "-", (const char[]){ row->letter, '\0' }, true);
        for (int n = 0; option_alias(row, n, alias); n++)
            put_zsh(out, i, "-", alias, false);
        put_zsh(out, i, "--", row->name, true);
    }
    fputs("    '*:input:_files'\n", out);
}

/* --- fish ----------------------------------------------------------------- */

static void generate_fish(FILE *out)
{
    fputs("# rifec for fish; made by rifec --generate fish\n", out);
    char alias[OPTION_ALIAS_SIZE];
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        fputs("complete -c rifec", out);
        if (row->letter)
            fprintf(out, " -s %c", row->letter);
        for (int n = 0; option_alias(row, n, alias); n++)
            fprintf(out, " -o %s", alias);
        fprintf(out, " -l %s", row->name);
        switch (kind_of(row)) {
        case ARG_NONE:
            break;
        case ARG_FREE:
            fputs(" -x", out);
            break;
        case ARG_PATH:
            fputs(" -rF", out);
            break;
        case ARG_NAME:
            fprintf(out, " -xa '(rifec --generate %s 2>/dev/null)'", row->name);
            break;
        case ARG_CHOICE:
            fputs(" -xa '", out);
            put_choices(out, row->arg);
            fputc('\'', out);
            break;
        }
        fputs(" -d '", out);
        put_help(out, i, "\\", "\\'");
        fputs("'\n", out);
    }
}

void generate_text(enum generate what, enum media_list values, FILE *out)
{
    switch (what) {
    case GENERATE_MAN:
        generate_man(out);
        break;
    case GENERATE_BASH:
        generate_bash(out);
        break;
    case GENERATE_ZSH:
        generate_zsh(out);
        break;
    case GENERATE_FISH:
        generate_fish(out);
        break;
    case GENERATE_VALUES:
        media_print_list(values, out);
        break;
    }
}
