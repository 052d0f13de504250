/*
 * Options that people know from FFmpeg and from other interpolators. Those with one
 * meaning here work; the others are answered with what to write instead.
 */
#ifndef RIFEC_CLI_HABITS_H
#define RIFEC_CLI_HABITS_H

#include <stdbool.h>

#include "cli/options.h"

struct habit_use {
    bool found;
    bool took_next; /* the next word was its value */
    char means[64]; /* our own option, to be read instead; "": nothing */
};

/*
 * Looks up a word that begins with a dash; `next` is the word after it, or NULL. Names of
 * ours that mean something else to FFmpeg's users are looked up before the option table,
 * for words with one dash; all others after it. An option without a counterpart is an
 * error, with its answer.
 */
struct habit_use habit_before_ours(struct options *opt, const char *word,
                                   const char *next);
struct habit_use habit_after_ours(struct options *opt, const char *word,
                                  const char *next);

#endif
