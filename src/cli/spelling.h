/*
 * Which option a word of the command line means. A word is a whole name, an alias
 * or a letter; the beginning of one name alone; or a letter with its value. It is
 * never cut into letters that take values: -report is not -r eport.
 */
#ifndef RIFEC_CLI_SPELLING_H
#define RIFEC_CLI_SPELLING_H

#include "cli/option_table.h"

struct spelling {
    const struct option_row *row; /* NULL: no such option               */
    const char *value;            /* given in the same word, or NULL    */
};

/* The length of the name in --name=value, without the dashes; *name is its start. */
size_t spelling_name(const char *word, const char **name);

/* True if the name, of that length, is one of "c:v|vcodec"; - and _ are the same. */
bool spelling_is_one_of(const char *name, size_t length, const char *names);

/* A whole name, alias or letter, with =VALUE or without. FFmpeg's :v or :v:0 may
 * follow, if the option takes a value. */
struct spelling spelling_exact(const char *word);

/* A letter with its value: -x5/2, -ofilm.mkv. The value is a number, or has a character
 * that no name has, or is a file's name of one character. */
struct spelling spelling_attached(const char *word);

/* The beginning of one name and of no other. */
struct spelling spelling_prefix(const char *word);

/* True for one dash and several letters of options without values: -yq. */
bool spelling_is_cluster(const char *word);

const struct option_row *spelling_letter(char letter);

/* Puts into opt->error that the option is unknown, and which one may be meant. */
int spelling_fail(struct options *opt, const char *word);

#endif
