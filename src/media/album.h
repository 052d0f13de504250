/*
 * An output of pictures: frame00001.png and on. They are made in a folder of
 * their own, frame.part, beside where they belong, and moved there when all of
 * them are whole.
 */
#ifndef RIFEC_MEDIA_ALBUM_H
#define RIFEC_MEDIA_ALBUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/pictures.h"

struct album;

/*
 * The name with %d that an output of pictures has, for av_free(), or NULL when
 * `path` is not one. A folder is one when the format is that of pictures
 * ("png"), or when none is given and the input is pictures (else NULL): then it
 * holds 00000001.png and on.
 */
char *album_pattern(const char *path, const char *format, const struct pictures *input);

/* True when there are pictures of such a name. */
bool album_exists(const char *pattern);

/* Checks that there is nothing in the way; creates nothing. The input's pictures
 * are never written over. Errors: OUTPUT, NOMEM. */
int album_open(struct album **out, const char *pattern, const struct pictures *input,
               bool overwrite);

/* The rest may fail with OUTPUT or NOMEM. Creates the folders. */
int album_create(struct album *a);

/* The next picture, a whole file. */
int album_add(struct album *a, const uint8_t *data, size_t size);

/* Moves all to where they belong. */
int album_commit(struct album *a);

/* What was not committed is removed. Accepts NULL. */
void album_close(struct album **a);

#endif
