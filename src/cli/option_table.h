/*
 * The table of options: what the parser accepts, --help prints and a misspelt
 * name is compared with. One row per option; see options.h for the result.
 */
#ifndef RIFEC_CLI_OPTION_TABLE_H
#define RIFEC_CLI_OPTION_TABLE_H

#include <stddef.h>

#include "cli/options.h"
#include "media/versions.h"

enum option_group {
    GROUP_FILES,
    GROUP_INPUT,
    GROUP_STREAMS,
    GROUP_RATE,
    GROUP_CONTENT,
    GROUP_ENCODER,
    GROUP_ENGINE,
    GROUP_GOLDEN,
    GROUP_REPORT,
    GROUP_BENCHMARK,
    OPTION_GROUPS,
};

/* Two different options of one set contradict each other. */
enum option_set {
    SET_NONE,
    SET_FACTOR,
    SET_END,
    SET_SCENE,
    SET_OVERWRITE,
    SET_QUALITY,
    SET_PRECISION,
    SET_LOUDNESS,
    OPTION_SETS,
};

struct option_row {
    enum option_group group;
    enum option_set set;
    char letter;            /* -i, or 0                                            */
    const char *name;       /* --input                                             */
    const char *alias;      /* FFmpeg's names for it, "c:v|vcodec", or NULL */
    const char *arg;        /* shown in --help; NULL: no argument */
    const char *initial;    /* default, for --help                                 */
    const char *help;       /* NULL: shares the line of the row before             */
    const char *brief;      /* for -h, which shows only rows that have it */
    enum media_list values; /* kind of NAME, for completion */
    bool neutral;           /* does not change the output, so --resume ignores it */
    bool newer;             /* since 0.2: not shortened to a letter, nor to what was
                               short for an older option                       */
    bool repeats;           /* may be given with several arguments                 */
    bool whole;             /* is never shortened                                  */
    int (*store)(struct options *opt, const struct option_row *row, const char *arg);
    size_t field; /* offset in struct options */
    int value;    /* value, if there is no argument; of a number, the largest */
};

extern const struct option_row option_rows[];
extern const int option_row_count;

#define OPTION_ALIAS_SIZE 32

/* Copies the nth name in `alias`. Returns false if there are fewer. */
bool option_alias(const struct option_row *row, int n, char alias[OPTION_ALIAS_SIZE]);

#endif
