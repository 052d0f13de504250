/*
 * Where the output goes: a file, a device, standard output or nowhere; and
 * that a file has its name only when it is whole.
 *
 * A file is written as out.part.EXT and renamed by target_commit(); a device
 * or a named pipe is written in place.
 */
#ifndef RIFEC_MEDIA_TARGET_H
#define RIFEC_MEDIA_TARGET_H

#include <stdbool.h>

#include <libavformat/avio.h>

struct target;

struct target_params {
    const char *path;      /* "-": standard output                              */
    const char *input;     /* never written over                                */
    bool nowhere;          /* the format writes nothing                         */
    bool overwrite;        /* replace what is there                             */
    bool (*stopped)(void); /* ends a wait for standard output's reader; or NULL */
};

/* Decides and checks; creates nothing. Errors: OUTPUT, NOMEM. */
int target_open(struct target **out, const struct target_params *p);

/* For messages: the final name, or "stdout". */
const char *target_name(const struct target *t);

bool target_is_stdout(const struct target *t);

/* Creates what is written; *pb is the target's own, NULL when nowhere. */
int target_create(struct target *t, AVIOContext **pb);

/* After the last byte: closes and gives it its final name. Errors: OUTPUT. */
int target_commit(struct target *t);

/* What was not committed is removed. Accepts NULL. */
void target_close(struct target **t);

#endif
