/*
 * Where the output goes: a file, a device, pictures, standard output or
 * nowhere; and that a file has its name only when it is whole.
 *
 * A file is written as out.part.EXT and renamed by target_commit(), pictures
 * are made in a folder of their own and moved; a device or a named pipe is
 * written in place.
 */
#ifndef RIFEC_MEDIA_TARGET_H
#define RIFEC_MEDIA_TARGET_H

#include <stdbool.h>

#include <libavformat/avio.h>

#include "media/pictures.h"

struct target;

struct target_params {
    const char *path;  /* "-": standard output                              */
    const char *input; /* never written over                                */
    const struct pictures *input_pictures; /* the same, or NULL */
    const char *pattern;   /* of pictures, see album.h; NULL: not pictures */
    bool nowhere;          /* the format writes nothing                         */
    bool overwrite;        /* replace what is there                             */
    bool resume;           /* replace what a stopped run left of it             */
    bool (*stopped)(void); /* ends a wait for standard output's reader; or NULL */
};

/* Decides and checks; creates nothing. Errors: OUTPUT, NOMEM. */
int target_open(struct target **out, const struct target_params *p);

/* For messages: the final name, or "stdout". */
const char *target_name(const struct target *t);

/* True for one file with a name: no pictures, no device, no pipe. */
bool target_is_file(const struct target *t);

bool target_is_stdout(const struct target *t);

/* Creates what is written; *pb is the target's own, NULL when nowhere. */
int target_create(struct target *t, AVIOContext **pb);

/* The next picture, when the output is pictures. Errors: OUTPUT, NOMEM. */
int target_add_picture(struct target *t, const uint8_t *data, size_t size);

/* After the last byte: closes and gives it its final name. Errors: OUTPUT. */
int target_commit(struct target *t);

/* What was not committed is removed. Accepts NULL. */
void target_close(struct target **t);

#endif
