/*
 * The input and the settings of a job with --resume as text, one fact per line, so that
 * two jobs can be compared and the first difference shown. The input's checksum is known
 * later than the rest, so its line is then inserted in the middle.
 */
#ifndef RIFEC_PIPELINE_RESUME_SETTINGS_H
#define RIFEC_PIPELINE_RESUME_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/digest.h"
#include "pipeline/resume.h"

/* The longest line about an input. */
#define INPUT_LINE 128

struct resume_settings {
    char *before, *after; /* the lines before and after the input's */
};

/* Errors: USAGE, INPUT, NOMEM. */
int settings_open(struct resume_settings *s, const struct resume_params *p);
void settings_close(struct resume_settings *s);

/* All lines; freed with av_free(). Errors: NOMEM. */
int settings_text(const struct resume_settings *s, const char *input_line, char **out);

/* The line that describes an input; `digest` may be NULL. */
void settings_describe_input(char line[INPUT_LINE], int64_t size, const uint8_t *digest);

/* The input's line of a text, or an empty one. */
void settings_find_input(const char *text, char line[INPUT_LINE]);

/* True if a text has these options and this line about the input. */
bool settings_match(const char *text, const char *options, const char *input_line);

/* Logs the first difference between a folder's settings and the current ones. */
void settings_say_difference(const char *folder, const char *then, const char *now);

#endif
