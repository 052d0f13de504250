/*
 * The small text files in a .resume folder. Each begins with a line that names the
 * format and ends with a digest of all that is before it, so that a damaged, shortened
 * or foreign one is recognised:
 *
 *     rifec resume 2
 *     ...
 *     checksum: 0123456789abcdef0123456789abcdef
 */
#ifndef RIFEC_PIPELINE_RESUME_STATE_H
#define RIFEC_PIPELINE_RESUME_STATE_H

#include <stddef.h>

#include "media/digest.h"

enum state_kind {
    STATE_WHOLE,
    STATE_ABSENT,
    STATE_DAMAGED,
    STATE_OLD,   /* the settings of rifec 0.1, which have no checksum   */
    STATE_OTHER, /* whole, and in a format that this version cannot read */
};

/* *text is what lies between the first line and the last; NULL unless it is WHOLE.
 * Freed with free(). Errors: NOMEM. */
int state_parse(const char *data, size_t size, enum state_kind *kind, char **text);

/* The same of a file. Errors: OUTPUT, NOMEM. */
int state_load(const char *path, enum state_kind *kind, char **text);

/* Puts a file in its place, atomically. `text` is whole lines. Errors: OUTPUT, NOMEM. */
int state_save(const char *path, const char *text);

/* The checksum line of a file with this text. Errors: NOMEM. */
int state_digest(const char *text, uint8_t digest[DIGEST_SIZE]);

#endif
