/* Locks, and who holds them. */
#define _DEFAULT_SOURCE
#include "base/outlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/outpath.h"

#define FOLDER_TRIES 1000 /* a second: nobody holds a folder's lock for longer */

bool outlock_take(int fd, int tries)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return true;
        if (--tries <= 0)
            return false;
        nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
    }
    return true;
}

void outlock_release(int fd)
{
    if (fd >= 0)
        flock(fd, LOCK_UN);
}

int outlock_folder(const char *path_of_file)
{
    char *folder = outpath_folder(path_of_file);
    if (!folder)
        mem_fail("the name of a folder");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    if (fd >= 0)
        outlock_take(fd, FOLDER_TRIES);
    return fd;
}

/* The process ID from the kernel's list, or 0. */
static long holder(int fd)
{
    struct stat st;
    char line[256];
    long found = 0;
    FILE *locks = fstat(fd, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
    while (locks && fgets(line, sizeof line, locks)) {
        long pid;
        unsigned major_number, minor_number;
        unsigned long long inode;
        if (sscanf(line, "%*d: FLOCK %*s %*s %ld %x:%x:%llu", &pid, &major_number,
                   &minor_number, &inode) != 4 ||
            inode != (unsigned long long)st.st_ino)
            continue;
        /* Btrfs and overlayfs show other device numbers there than stat() does. */
        bool sure = major_number == major(st.st_dev) && minor_number == minor(st.st_dev);
        if (sure || !found)
            found = pid;
        if (sure)
            break;
    }
    if (locks)
        fclose(locks);
    return found;
}

void outlock_name_holder(int fd, char *text, int size)
{
    long pid = holder(fd);
    if (pid > 0)
        snprintf(text, (size_t)size, "process %ld", pid);
    else
        snprintf(text, (size_t)size, "another process");
}

bool outlock_leads_to(const char *path, int fd)
{
    struct stat at, open_file;
    return lstat(path, &at) == 0 && fstat(fd, &open_file) == 0 &&
           at.st_dev == open_file.st_dev && at.st_ino == open_file.st_ino;
}
