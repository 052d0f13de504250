/*
 * An output of pictures: frame00001.png and on. They are made in a folder of
 * their own, frame.part, beside where they belong, and moved there when all of
 * them are whole and on the disk.
 */
#ifndef RIFEC_MEDIA_OUT_ALBUM_H
#define RIFEC_MEDIA_OUT_ALBUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/pictures.h"

struct album;

/*
 * The name with %d that an output of pictures has, for av_free(), or NULL when
 * `path` is not one. A folder is one when the format is that of pictures
 * ("png"), or when none is given and the input is pictures (else NULL): then it
 * holds 00000001.png and on. NULL also without memory: then mem_fail() was called.
 */
char *album_pattern(const char *path, const char *format, const struct pictures *input);

/* True if images of such a name exist. */
bool album_exists(const char *pattern);

struct album_params {
    const char *pattern;
    bool overwrite; /* existing pictures are replaced, and keep their modes   */
    bool take_over; /* remove the temporary folder of an interrupted run      */
    bool *taken;    /* the names are another run's: see base/outfile.h        */
};

/* Checks that no output exists, and creates the folders. The temporary one is locked, so
 * that a second run with the same output fails here. Errors: OUTPUT, NOMEM. */
int album_open(struct album **out, const struct album_params *p);

/* The next picture, a whole file. Errors: OUTPUT, NOMEM. */
int album_add(struct album *a, const uint8_t *data, size_t size);

/* Syncs all pictures, moves them to where they belong, and syncs the folder. If one
 * cannot be moved, the earlier ones are removed and the pictures that they replaced are
 * restored. Errors: OUTPUT, NOMEM. */
int album_commit(struct album *a);

/* Removes pictures that were not committed. Accepts NULL. */
void album_close(struct album **a);

#endif
