/*
 * flock(), which distinguishes a live writer from a dead one: the kernel releases a lock
 * when its process dies. Shared by outfile.c and outfolder.c.
 */
#ifndef RIFEC_BASE_OUTLOCK_H
#define RIFEC_BASE_OUTLOCK_H

#include <stdbool.h>

/* Takes the lock, in up to `tries` attempts 1 ms apart. Returns false if another process
 * holds it, and always true on a file system without locks. */
bool outlock_take(int fd, int tries);
void outlock_release(int fd);

/* Takes the lock of the folder in which a file is created, for as long as it takes to
 * check a name and create it; other processes wait meanwhile. Returns the descriptor,
 * or -1 if the folder cannot be opened; then there is no lock. */
int outlock_folder(const char *path_of_file);

/* For messages: "process 4711", or "another process" if it cannot be found out. */
void outlock_name_holder(int fd, char *text, int size);

/* True if `path` is the name of the open file, and no symbolic link to it. */
bool outlock_leads_to(const char *path, int fd);

#endif
