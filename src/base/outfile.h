/*
 * One way to put a file in its place: everything rifec writes under a name goes
 * through here (films, pictures, statistics, resume state, segments, weights,
 * caches).
 *
 * A file is created beside its final name under a temporary one (out.part.mp4), with
 * O_EXCL and O_NOFOLLOW, and locked, so that a second run can tell a live writer from a
 * dead one (not on file systems without flock(), where only O_EXCL protects them).
 * outfile_publish() syncs the data, renames without replacing what must not be replaced,
 * and syncs the folder: after it returns 0 the file survives a power loss. A file that is
 * not published is removed.
 *
 * Devices, pipes and sockets are not for this: they are written in place.
 *
 * Each struct belongs to one thread at a time. Messages name the file; errors are
 * OUTPUT and NOMEM.
 */
#ifndef RIFEC_BASE_OUTFILE_H
#define RIFEC_BASE_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>

struct outfile;

struct outfile_params {
    const char *path; /* final name; a symbolic link is followed and stays a link   */
    bool replace;     /* an existing file is replaced; its mode is kept, and its owner
                         if permitted                                                */
    bool take_over;   /* remove a temporary file whose writer is dead (replace does) */
    bool keep_part;   /* even with replace: keep a dead run's temporary file, and fail */
    bool optional;    /* nothing depends on the file: failures are verbose messages     */
    bool *taken;      /* if not NULL, set to true when the file exists or another
                       * process is writing it. outfile_create() then still fails, but
                       * logs this as information, not as an error. */
};

/* Creates the temporary file. Fails (OUTPUT) when `path` exists and `replace` is false,
 * when another process is writing it (the message names its process ID), or when a dead
 * run's temporary file exists and nothing allows its removal. */
int outfile_create(struct outfile **out, const struct outfile_params *p);

/* The open descriptor, readable and writable; owned by the outfile. */
int outfile_fd(const struct outfile *f);

/* For messages: the temporary name. */
const char *outfile_part(const struct outfile *f);

/* Appends at the current position; all bytes or an error. */
int outfile_write(struct outfile *f, const void *data, size_t size);

/*
 * Syncs, renames to the final name, syncs the folder, frees. On failure the temporary
 * file is removed, with one exception: if another program took the final name meanwhile
 * and must not be replaced (or made a folder of it), the finished file, perhaps the work
 * of hours, stays under the temporary name, and the message says so. *f becomes NULL
 * always.
 */
int outfile_publish(struct outfile **f);

/* Closes and removes the temporary file. Accepts NULL. */
void outfile_discard(struct outfile **f);

/* A whole small file in one call: create, write, publish. */
int outfile_put(const struct outfile_params *p, const void *data, size_t size);

/* Removes a file and syncs its folder; a missing file is not an error. */
int outfile_remove(const char *path);

/* Creates a folder, so that it survives a power loss. *made: false if it existed. */
int outfile_make_folder(const char *path, bool *made);

/* True if both names lead to one file: the same device and inode, or, where neither
 * exists yet, the same folder and the same last component. */
bool outfile_same(const char *a, const char *b);

/* For crash handlers and atexit(): removes every temporary file of this process, and
 * its temporary folders of pictures.
 * Async-signal-safe. */
void outfile_remove_unpublished(void);

#endif
