/*
 * The temporary files of this process, for a crash handler to remove. The one mutable
 * global besides the log: a signal handler cannot be handed anything else. The list
 * has a fixed number of places (files being written at one time are few); a file that
 * finds none is not removed after a crash.
 *
 * outfile_remove_unpublished() takes paths out of the list without a lock, from any
 * thread and from a signal handler.
 */
#ifndef RIFEC_BASE_UNPUBLISHED_H
#define RIFEC_BASE_UNPUBLISHED_H

#include <stdbool.h>

/* Borrows `path` until unpublished_drop(). */
void unpublished_add(const char *path);

/* False when a crash handler has taken the path: then it must not be freed. */
bool unpublished_drop(const char *path);

#endif
