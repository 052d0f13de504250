/*
 * The steps between the last byte and the final name: sync, mode, rename. Functions that
 * return an int return 0, or -1 with errno; they log nothing.
 */
#ifndef RIFEC_BASE_OUTDISK_H
#define RIFEC_BASE_OUTDISK_H

#include <stdbool.h>

/* fsync(). A file system without sync is not an error. */
int outdisk_sync(int fd);

/* The same for a folder. If it may not be read, it cannot be synced, which is not an
 * error. */
int outdisk_sync_folder(const char *folder);

/* rename(), which replaces `to`; or, without `replace`, fails with EEXIST if `to`
 * exists. */
int outdisk_move(const char *from, const char *to, bool replace);

/* Exchanges the names of two files. `spare`, a name in a's folder, is used if the file
 * system cannot do it in one step. */
int outdisk_exchange(const char *a, const char *b, const char *spare);

/* Gives the file the mode of an existing regular file, and its owner and group if that
 * is permitted. Without the group, its rights become those of everybody. */
void outdisk_keep_mode(int fd, const char *existing);

#endif
