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

/* The lock of the folder that a file is created in, held for as long as it takes to
 * look at a name and to create it; so long others wait for it. The descriptor, or -1
 * where the folder cannot be opened: then there is none. */
int outlock_folder(const char *path_of_file);

/* For messages: "process 4711", or "another process" if it cannot be found out. */
void outlock_name_holder(int fd, char *text, int size);

/* True if `path` is the name of the open file, and no symbolic link to it. */
bool outlock_leads_to(const char *path, int fd);

#endif
