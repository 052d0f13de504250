/*
 * Sentences besides the option table that --help and the manual page share.
 */
#ifndef RIFEC_CLI_WORDS_H
#define RIFEC_CLI_WORDS_H

#include "cli/option_table.h"

extern const char *const group_titles[OPTION_GROUPS];

/* Lines that end in a newline. */
extern const char words_summary[];
extern const char words_conventions[];
extern const char words_more[]; /* further reading */

struct example {
    const char *command, *remark; /* remark: NULL, or what it is for */
};
extern const struct example examples[];
extern const int example_count;

struct exit_meaning {
    const char *status;
    const char *meaning; /* one line, however long */
};
extern const struct exit_meaning exit_meanings[];
extern const int exit_meaning_count;

#endif
