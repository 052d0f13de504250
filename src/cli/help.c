/* --help: the table as text, wrapped by hand, and what no table says. */
#include "cli/options.h"

#include <string.h>

#include "cli/option_table.h"

#define COLUMN 28 /* where descriptions start */
#define WIDTH  80

static const char *const group_titles[OPTION_GROUPS] = {
    "Input and output", "What the input is", "Frame rate", "Scenes and stills", "Encoder",
    "Engine",           "Messages",
};

static const char usage[] =
    "Usage: rifec -i INPUT -o OUTPUT [options]\n"
    "       rifec INPUT... -o FOLDER/ [options]\n"
    "\n"
    "Makes the frames between the frames of a video, with RIFE 4.6: more frames per\n"
    "second, the same duration. Audio and subtitles are copied. Defaults are in [].\n";

static const char remarks[] =
    "\n"
    "Long options may be shortened, and written with one dash: -crf 18.\n"
    "\n"
    "Examples:\n"
    "  rifec -i in.mp4 -o out.mp4 --x2 --fp16\n"
    "  rifec -i in.mkv -o out.mkv --factor 5/2 -c:v libx265 --crf 20 --preset slow\n"
    "  rifec *.mp4 -o smooth/ -r 60 --keep-going\n"
    "  rifec -i in.mp4 -f null --stats -        measure, write no video\n"
    "\n"
    "Exit status:\n"
    "  0  done\n"
    "  1  internal error\n"
    "  2  usage: unknown, missing or contradicting options\n"
    "  3  input: missing, unreadable, no video, interlaced; or damaged, and the\n"
    "     output holds what could be decoded\n"
    "  4  output: exists without -y, cannot be written, disk full\n"
    "  5  model: weights missing or not those of IFNet 4.6\n"
    "  6  device: the one asked for is absent or failed\n"
    "  7  out of memory\n"
    "  8  encoder or decoder unavailable, or it refuses\n"
    "  9  what was written is not what was planned\n"
    "  130, 143  stopped by Ctrl-C or SIGTERM; once: the output is valid and ends\n"
    "     there, twice: nothing is left\n";

/* "  -i, --input FILE", with the rows that share the line. */
static int left_side(int i, char *text, size_t size)
{
    int used = 0;
    text[0] = '\0';
    for (int first = i; i == first || (i < option_row_count && !option_rows[i].help);
         i++) {
        const struct option_row *row = &option_rows[i];
        char other[16] = "";
        if (row->letter)
            snprintf(other, sizeof other, "-%c, ", row->letter);
        else if (row->alias)
            snprintf(other, sizeof other, "-%s, ", row->alias);
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

void options_help(FILE *out)
{
    fputs(usage, out);
    for (int g = 0; g < OPTION_GROUPS; g++) {
        fprintf(out, "\n%s:\n", group_titles[g]);
        for (int i = 0; i < option_row_count; i++)
            if ((int)option_rows[i].group == g && option_rows[i].help)
                print_row(out, i);
    }
    fputs(remarks, out);
}
