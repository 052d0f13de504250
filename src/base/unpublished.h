/*
 * The temporary files of this process, for a crash handler to remove. The one mutable
 * global besides the log: a signal handler cannot be handed anything else. The list
 * has a fixed number of places (files being written at one time are few); what finds
 * none is not removed after a crash.
 *
 * outfile_remove_unpublished() empties the list without a lock, from any thread and
 * from a signal handler.
 */
#ifndef RIFEC_BASE_UNPUBLISHED_H
#define RIFEC_BASE_UNPUBLISHED_H

#include <stdbool.h>

/* A file; or a folder, with those files in it whose names end in `suffix`. */
struct unpublished {
    const char *path, *suffix; /* suffix: NULL for a file */
};

/* Borrows the entry and its texts until unpublished_drop(). */
void unpublished_add(const struct unpublished *entry);

/* False if a crash handler has taken the entry: then it must not be freed. */
bool unpublished_drop(const struct unpublished *entry);

/* Removes the entry from the disk. Async-signal-safe. */
void unpublished_remove(const struct unpublished *entry);

#endif
