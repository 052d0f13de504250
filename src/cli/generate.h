/*
 * The option table in the forms that other programs read: the manual page, and
 * what shells need to complete our options.
 */
#ifndef RIFEC_CLI_GENERATE_H
#define RIFEC_CLI_GENERATE_H

#include <stdio.h>

#include "media/versions.h"

/* In the order of --generate's values; VALUES: the names that an option accepts. */
enum generate {
    GENERATE_MAN = 0,
    GENERATE_BASH,
    GENERATE_ZSH,
    GENERATE_FISH,
    GENERATE_VALUES
};

/* `values`: for GENERATE_VALUES. */
void generate_text(enum generate what, enum media_list values, FILE *out);

/* rifec.1, for man(1). */
void generate_man(FILE *out);

/* A term and its text, or a paragraph. Ends with one without text. */
struct manual_entry {
    const char *term, *text;
};

extern const struct manual_entry manual_description[], manual_environment[],
    manual_files[], manual_notes[];

#endif
