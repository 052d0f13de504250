/*
 * flock(), which tells a living writer from a dead one: the kernel lets go of a lock
 * when its process dies, however it dies. Shared by outfile.c and outfolder.c.
 */
#ifndef RIFEC_BASE_OUTLOCK_H
#define RIFEC_BASE_OUTLOCK_H

#include <stdbool.h>

/* Takes the lock, with so many tries 1 ms apart. False if another process holds it; a
 * file system without locks refuses nobody. */
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
