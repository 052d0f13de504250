/*
 * Where the output goes: a file, a device, pictures, standard output or
 * nowhere.
 *
 * A file is written under a temporary name by base/outfile.h, pictures in a
 * temporary folder by album.h; both get their names from target_commit(). Devices,
 * named pipes and open descriptors (/dev/fd/3) are written in place.
 */
#ifndef RIFEC_MEDIA_OUT_TARGET_H
#define RIFEC_MEDIA_OUT_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavformat/avio.h>

struct target;

struct target_params {
    const char *path;      /* "-": standard output                              */
    const char *pattern;   /* of pictures, see album.h; NULL: not pictures */
    bool nowhere;          /* the format writes nothing                         */
    bool overwrite;        /* replace an existing output                        */
    bool take_over;        /* remove what an interrupted run left of it         */
    bool *taken;           /* see base/outfile.h; or NULL                       */
    bool (*stopped)(void); /* ends a wait for standard output's reader; or NULL */
};

/*
 * Decides, checks, and takes the name: a file or a folder of pictures is created
 * under its temporary name and locked, so that a second run with the same output
 * fails before its work. Opens no device and no pipe. Errors: OUTPUT, NOMEM.
 */
int target_open(struct target **out, const struct target_params *p);

/* For messages: the final name, or "stdout". */
const char *target_name(const struct target *t);

/* True for one file with a name: no pictures, no device, no pipe. */
bool target_is_file(const struct target *t);

/* The name a file has until target_commit(); NULL: no file, or written in place. */
const char *target_part(const struct target *t);

bool target_is_stdout(const struct target *t);

/* Opens the stream of bytes; *pb is the target's own, NULL for pictures and nowhere. */
int target_create(struct target *t, AVIOContext **pb);

/* The next picture, when the output is pictures. Errors: OUTPUT, NOMEM. */
int target_add_picture(struct target *t, const uint8_t *data, size_t size);

/* After the last byte: syncs, closes and gives it its final name. Errors: OUTPUT. */
int target_commit(struct target *t);

/* Removes an output that was not committed. Accepts NULL. */
void target_close(struct target **t);

#endif
