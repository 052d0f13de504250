/*
 * Temporary file, lock, sync, rename.
 *
 * Who may remove whose temporary file is decided by flock(): a living writer holds the
 * lock of the file it writes, and the kernel lets go of it when the writer dies. What
 * is found in the way is opened without being changed; only who gets its lock, and
 * sees that the name still leads to it, removes it. Creating is always by O_EXCL, so a
 * file is never truncated: it may be a hard link to something precious.
 *
 * Between O_EXCL and flock() a new file looks dead. The folder's own lock, held while
 * one of us looks and creates, closes that gap. Where a folder cannot be locked (no
 * permission to read it, NFS) the checks after locking and before publishing still
 * keep two writers from harming each other: one of them fails.
 */
#define _GNU_SOURCE /* renameat2 */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/outpath.h"
#include "base/unpublished.h"

#define LOCK_TRIES 1000 /* 1 ms apart: the lock of a folder is held for a shorter time   \
                         */

struct outfile {
    char *path; /* as asked for, for messages */
    char *real; /* where a link leads         */
    char *part;
    int fd, folder; /* folder: -1 if it cannot be opened */
    bool replace, take_over;
    bool created;            /* the temporary file is ours and is there         */
    bool listed, part_taken; /* for a crash handler; it has `part`, or did have */
};

static int cannot(const char *path, const char *what)
{
    log_error("%s: cannot %s: %s", path, what, strerror(errno));
    return errno == ENOMEM ? RIFEC_ERR_NOMEM : RIFEC_ERR_OUTPUT;
}

/* --- locks ------------------------------------------------------------------ */

/* False if somebody else holds it; a file system without locks refuses nobody. */
static bool lock(int fd, int tries)
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

/* The process that holds the lock of a file, or 0. */
static long lock_holder(int fd)
{
    struct stat st;
    char line[256];
    long holder = 0;
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
        if (sure || !holder)
            holder = pid;
        if (sure)
            break;
    }
    if (locks)
        fclose(locks);
    return holder;
}

static bool leads_to(const char *path, int fd)
{
    struct stat at, open_file;
    return lstat(path, &at) == 0 && fstat(fd, &open_file) == 0 &&
           at.st_dev == open_file.st_dev && at.st_ino == open_file.st_ino;
}

/* --- what is in the way ------------------------------------------------------- */

static int check_final(const struct outfile *f)
{
    int err = 0;
    struct stat st;
    if (lstat(f->real, &st) != 0) {
        if (errno != ENOENT)
            TRY(cannot(f->path, "look at it"));
        return 0;
    }
    if (S_ISDIR(st.st_mode))
        FAIL(RIFEC_ERR_OUTPUT, "%s: is a folder; give the name of a file", f->path);
    if (!S_ISREG(st.st_mode))
        FAIL(RIFEC_ERR_OUTPUT, "%s: is not a regular file", f->path);
    if (!f->replace)
        FAIL(RIFEC_ERR_OUTPUT, "%s: already exists; -y replaces it", f->path);
fail:
    return err;
}

static int say_busy(const struct outfile *f, int fd)
{
    long pid = lock_holder(fd);
    char who[48] = "another process";
    if (pid > 0)
        snprintf(who, sizeof who, "process %ld", pid);
    log_error("%s: %s is writing it, as %s; wait until it has finished, or give another "
              "name",
              f->path, who, f->part);
    return RIFEC_ERR_OUTPUT;
}

/* A regular file under the temporary name: removed if its writer is dead and the
 * caller wants that. */
static int clear_file(const struct outfile *f)
{
    int err = 0;
    int fd = open(f->part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        fd = open(f->part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT && errno != ELOOP)
            TRY(cannot(f->part, "open it"));
        return 0; /* has gone, or become a link: look again */
    }
    if (!lock(fd, 1))
        TRY(say_busy(f, fd));
    if (!leads_to(f->part, fd))
        goto fail; /* has become another file: look again */
    if (!f->replace && !f->take_over)
        FAIL(RIFEC_ERR_OUTPUT,
             "%s: exists, probably from an interrupted run; -y replaces it", f->part);
    if (unlink(f->part) != 0 && errno != ENOENT)
        TRY(cannot(f->part, "remove it"));
    if (!f->replace)
        log_info("%s: removed; an interrupted run had left it", f->part);
fail:
    if (fd >= 0)
        close(fd);
    return err;
}

static int clear_way(const struct outfile *f)
{
    int err = 0;
    struct stat st;
    if (lstat(f->part, &st) != 0)
        return errno == ENOENT ? 0 : cannot(f->part, "look at it");
    if (S_ISREG(st.st_mode))
        return clear_file(f);
    if (!S_ISLNK(st.st_mode))
        FAIL(RIFEC_ERR_OUTPUT, "%s: is in the way, and is not a regular file", f->part);
    if (!f->replace)
        FAIL(RIFEC_ERR_OUTPUT,
             "%s: is in the way, and is a symbolic link; -y removes the link", f->part);
    if (unlink(f->part) != 0 && errno != ENOENT)
        err = cannot(f->part, "remove it");
fail:
    return err;
}

/* --- create ------------------------------------------------------------------- */

/* A file that is replaced keeps its mode and, if permitted, its owner; already while
 * it is written, since it may be private. */
static void keep_mode(const struct outfile *f)
{
    struct stat old, new;
    if (!f->replace || lstat(f->real, &old) != 0 || !S_ISREG(old.st_mode) ||
        fstat(f->fd, &new) != 0)
        return;
    mode_t mode = old.st_mode & 0777;
    if (old.st_gid != new.st_gid && fchown(f->fd, (uid_t)-1, old.st_gid) != 0)
        mode &= ~(mode_t)070 | (mode & 07) << 3; /* another group: not more than all */
    if (old.st_uid != new.st_uid && fchown(f->fd, old.st_uid, (gid_t)-1) != 0)
        log_verbose("%s: the owner cannot be kept: %s", f->path, strerror(errno));
    if (mode != (new.st_mode & 0777) && fchmod(f->fd, mode) != 0)
        log_verbose("%s: the mode cannot be kept: %s", f->path, strerror(errno));
}

static int create_part(struct outfile *f)
{
    int err = 0;
    for (int i = 0; i < LOCK_TRIES; i++) {
        f->fd = open(f->part, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_RDWR, 0666);
        if (f->fd >= 0) {
            f->created = lock(f->fd, LOCK_TRIES) && leads_to(f->part, f->fd);
            if (f->created)
                return 0;
            close(f->fd);
            f->fd = -1;
        } else if (errno != EEXIST) {
            return cannot(f->path, "create it");
        } else {
            TRY(clear_way(f));
        }
    }
    FAIL(RIFEC_ERR_OUTPUT, "%s: other processes keep creating and removing %s", f->path,
         f->part);
fail:
    return err;
}

static int find_names(struct outfile *f, const char *path)
{
    int err = 0;
    char *folder = NULL;
    f->path = strdup(path);
    f->real = outpath_follow(path);
    if (f->path && !f->real && errno != ENOMEM)
        TRY(cannot(path, "follow the symbolic link"));
    f->part = f->real ? outpath_part(f->real) : NULL;
    folder = f->real ? outpath_folder(f->real) : NULL;
    if (!f->path || !f->part || !folder)
        FAIL(RIFEC_ERR_NOMEM, "%s: out of memory", path);
    f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
fail:
    free(folder);
    return err;
}

int outfile_create(struct outfile **out, const struct outfile_params *p)
{
    int err = 0;
    struct outfile *f = *out = calloc(1, sizeof *f);
    if (!f)
        FAIL(RIFEC_ERR_NOMEM, "%s: out of memory", p->path);
    f->fd = f->folder = -1;
    f->replace = p->replace;
    f->take_over = p->take_over;
    TRY(find_names(f, p->path));
    TRY(check_final(f));
    if (f->folder >= 0)
        lock(f->folder, LOCK_TRIES);
    TRY(create_part(f));
    unpublished_add(f->part);
    f->listed = true;
    TRY(check_final(f)); /* a writer that was alive just now may have published */
    keep_mode(f);
fail:
    if (f && f->folder >= 0)
        flock(f->folder, LOCK_UN);
    if (err < 0)
        outfile_discard(out);
    return err;
}

int outfile_fd(const struct outfile *f)
{
    return f->fd;
}

const char *outfile_part(const struct outfile *f)
{
    return f->part;
}

int outfile_write(struct outfile *f, const void *data, size_t size)
{
    for (const char *at = data; size;) {
        ssize_t n = write(f->fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cannot(f->path, "write");
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

/* --- publish ------------------------------------------------------------------ */

/* Some file systems have nothing to sync, and say so. */
static int sync_fd(int fd)
{
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    return 0;
}

/* rename() that fails with EEXIST, on file systems that have no such thing. */
static int move_anew(const char *from, const char *to)
{
    struct stat st;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -1;
    if (link(from, to) == 0)
        return unlink(from);
    if (errno == EEXIST)
        return -1;
    if (lstat(to, &st) == 0) { /* no links either */
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

/* The file is whole; a name that was taken meanwhile does not make it worthless. */
static int say_unnamed(struct outfile *f)
{
    if (errno != EEXIST && errno != EISDIR && errno != ENOTEMPTY)
        return cannot(f->path, "rename to it");
    f->created = false;
    log_error("%s: another program created it meanwhile, and it is left alone; the "
              "finished file is kept as %s",
              f->path, f->part);
    return RIFEC_ERR_OUTPUT;
}

/* From here on a crash handler leaves the temporary name alone. */
static void unlist(struct outfile *f)
{
    f->part_taken = f->listed ? !unpublished_drop(f->part) : f->part_taken;
    f->listed = false;
}

static void close_file(struct outfile **file)
{
    struct outfile *f = *file;
    unlist(f);
    if (f->fd >= 0)
        close(f->fd); /* the lock goes with it */
    if (f->folder >= 0)
        close(f->folder);
    free(f->path);
    free(f->real);
    if (!f->part_taken)
        free(f->part);
    free(f);
    *file = NULL;
}

int outfile_publish(struct outfile **file)
{
    int err = 0;
    struct outfile *f = *file;
    keep_mode(f);
    if (sync_fd(f->fd) != 0)
        TRY(cannot(f->path, "write it to the disk"));
    if (!leads_to(f->part, f->fd))
        FAIL(RIFEC_ERR_OUTPUT, "%s: another program removed or replaced %s meanwhile",
             f->path, f->part);
    unlist(f); /* soon the name may be another writer's */
    if ((f->replace ? rename : move_anew)(f->part, f->real) != 0)
        TRY(say_unnamed(f));
    f->created = false;
    if (f->folder >= 0 && sync_fd(f->folder) != 0)
        TRY(cannot(f->path, "write its folder to the disk"));
fail:
    outfile_discard(file);
    return err;
}

void outfile_discard(struct outfile **file)
{
    struct outfile *f = *file;
    if (!f)
        return;
    if (f->created && leads_to(f->part, f->fd))
        unlink(f->part);
    close_file(file);
}

int outfile_put(const struct outfile_params *p, const void *data, size_t size)
{
    int err = 0;
    struct outfile *f = NULL;
    TRY(outfile_create(&f, p));
    TRY(outfile_write(f, data, size));
    return outfile_publish(&f);
fail:
    outfile_discard(&f);
    return err;
}

int outfile_remove(const char *path)
{
    int err = 0, fd = -1;
    char *folder = outpath_folder(path);
    if (!folder)
        FAIL(RIFEC_ERR_NOMEM, "%s: out of memory", path);
    if (unlink(path) != 0 && errno != ENOENT)
        TRY(cannot(path, "remove it"));
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && sync_fd(fd) != 0)
        err = cannot(folder, "write the folder to the disk");
fail:
    if (fd >= 0)
        close(fd);
    free(folder);
    return err;
}
