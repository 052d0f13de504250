/*
 * Temporary file, lock, sync, rename.
 *
 * Locks decide who may remove a temporary file: a live writer holds the lock of the file
 * it writes. An existing file under the temporary name is opened without being changed;
 * it is removed only by a process that gets its lock and finds that the name still leads
 * to it. Files are always created with O_EXCL, so an existing file, which may be a hard
 * link to something precious, is never truncated.
 *
 * Between O_EXCL and flock() a new file looks dead. The folder's own lock closes that
 * gap. Where a folder cannot be locked (no permission to read it, NFS), the checks
 * after locking and before publishing still keep two writers from harming each other:
 * one of them fails.
 */
#define _GNU_SOURCE /* O_NOFOLLOW, O_CLOEXEC */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outdisk.h"
#include "base/outlock.h"
#include "base/outpath.h"
#include "base/unpublished.h"

#define CREATE_TRIES 100  /* against others who create and remove the same name */
#define LOCK_TRIES   1000 /* 1 ms apart, for a file that was just created       */

struct outfile {
    char *path; /* as asked for, for messages */
    char *real; /* where a link leads         */
    char *part;
    int fd, folder; /* folder: -1 if it cannot be opened */
    bool replace, clear_part;
    enum rifec_log_level level;
    bool *taken;               /* the caller's, or NULL              */
    bool created;              /* the temporary file exists and is ours */
    struct unpublished listed; /* for a crash handler; path NULL: is not */
    bool handler_has_it;
};

static int cannot(enum rifec_log_level level, const char *path, const char *what)
{
    int error = errno;
    log_line(level, "%s: cannot %s: %s", path, what, strerror(error));
    return error == ENOMEM ? RIFEC_ERR_NOMEM : RIFEC_ERR_OUTPUT;
}

/* FAIL() for failures that the caller may not report. */
#define REFUSE(...)                                                                      \
    do {                                                                                 \
        log_line(f->level, __VA_ARGS__);                                                 \
        err = RIFEC_ERR_OUTPUT;                                                          \
        goto fail;                                                                       \
    } while (0)

/* --- a file under the temporary name
 * ------------------------------------------------------- */

/* Not an error for a caller that then continues with something else. */
static enum rifec_log_level level_of_taken(const struct outfile *f)
{
    if (f->taken)
        *f->taken = true;
    return f->taken ? RIFEC_LOG_INFO : f->level;
}

static int check_final(const struct outfile *f)
{
    int err = 0;
    struct stat st;
    if (lstat(f->real, &st) != 0)
        return 0; /* if it cannot be examined, creating it will report why */
    if (S_ISDIR(st.st_mode))
        REFUSE("%s: is a directory; give a file name", f->path);
    if (!S_ISREG(st.st_mode))
        REFUSE("%s: is not a regular file", f->path);
    if (!f->replace) {
        log_line(level_of_taken(f), "%s: already exists%s", f->path,
                 f->taken ? ", skipped" : "; -y replaces it");
        err = RIFEC_ERR_OUTPUT;
    }
fail:
    return err;
}

static int say_busy(const struct outfile *f, int fd)
{
    char who[48];
    outlock_name_holder(fd, who, sizeof who);
    log_line(level_of_taken(f), "%s: %s is writing it, as %s%s", f->path, who, f->part,
             f->taken ? "; skipped"
                      : "; wait until it has finished, or give another name");
    return RIFEC_ERR_OUTPUT;
}

/* Handles a regular file under the temporary name: removes it if its writer is dead
 * and the caller allows that. */
static int clear_file(const struct outfile *f)
{
    int err = 0;
    int fd = open(f->part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        fd = open(f->part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT && errno != ELOOP)
            TRY(cannot(f->level, f->part, "open it"));
        return 0; /* it has gone, or has become a link: look again */
    }
    if (!outlock_take(fd, 1))
        TRY(say_busy(f, fd));
    if (!outlock_leads_to(f->part, fd))
        goto fail; /* it has become another file: look again */
    if (!f->clear_part)
        REFUSE("%s: exists, probably from an interrupted run; -y replaces it", f->part);
    if (unlink(f->part) != 0 && errno != ENOENT)
        TRY(cannot(f->level, f->part, "remove it"));
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
        return errno == ENOENT ? 0 : cannot(f->level, f->part, "examine it");
    if (S_ISREG(st.st_mode))
        return clear_file(f);
    if (!S_ISLNK(st.st_mode))
        REFUSE("%s: exists and is not a regular file; remove it, or give another name",
               f->part);
    if (!f->replace || !f->clear_part)
        REFUSE("%s: exists and is a symbolic link; -y removes the link", f->part);
    if (unlink(f->part) != 0 && errno != ENOENT)
        err = cannot(f->level, f->part, "remove it");
fail:
    return err;
}

/* --- create ------------------------------------------------------------------- */

static int create_part(struct outfile *f)
{
    int err = 0;
    for (int i = 0; i < CREATE_TRIES; i++) {
        f->fd = open(f->part, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_RDWR, 0666);
        if (f->fd >= 0) {
            f->created =
                outlock_take(f->fd, LOCK_TRIES) && outlock_leads_to(f->part, f->fd);
            if (f->created)
                return 0;
            close(f->fd);
            f->fd = -1;
        } else if (errno != EEXIST) {
            return cannot(f->level, f->path, "create it");
        } else {
            TRY(clear_way(f));
        }
    }
    REFUSE("%s: other processes keep creating and removing %s", f->path, f->part);
fail:
    return err;
}

static int find_names(struct outfile *f, const char *path)
{
    int err = 0;
    f->path = strdup(path);
    f->real = outpath_follow(path);
    if (f->path && !f->real && errno != ENOMEM)
        TRY(cannot(f->level, path, "follow the symbolic link"));
    f->part = f->real ? outpath_part(f->real) : NULL;
    if (!f->path || !f->part)
        TRY(mem_fail("a file name"));
fail:
    return err;
}

int outfile_create(struct outfile **out, const struct outfile_params *p)
{
    int err = 0;
    struct outfile *f = *out = calloc(1, sizeof *f);
    if (!f)
        return mem_fail("the output file");
    f->fd = f->folder = -1;
    f->replace = p->replace;
    f->clear_part = p->take_over || (p->replace && !p->keep_part);
    f->taken = p->taken;
    f->level = p->optional ? RIFEC_LOG_VERBOSE : RIFEC_LOG_ERROR;
    TRY(find_names(f, p->path));
    TRY(check_final(f));
    f->folder = outlock_folder(f->real);
    TRY(create_part(f));
    f->listed.path = f->part;
    unpublished_add(&f->listed);
    TRY(check_final(f)); /* a writer that was alive just now may have published */
    if (f->replace)
        outdisk_keep_mode(f->fd, f->real); /* before any data: may be private */
fail:
    outlock_release(f->folder);
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
            return cannot(f->level, f->path, "write");
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

/* --- publish ------------------------------------------------------------------ */

/* From here on a crash handler leaves the temporary name alone. */
static void unlist(struct outfile *f)
{
    if (f->listed.path && !unpublished_drop(&f->listed))
        f->handler_has_it = true;
    f->listed.path = f->handler_has_it ? f->part : NULL;
}

/* The file is complete and worth keeping, even if another program took its name. */
static int say_unnamed(struct outfile *f)
{
    if (errno != EEXIST && errno != EISDIR && errno != ENOTEMPTY)
        return cannot(f->level, f->path, "rename to it");
    f->created = false;
    log_line(
        f->level,
        "%s: another program created this file meanwhile, so it is not replaced; the "
        "finished output is %s",
        f->path, f->part);
    return RIFEC_ERR_OUTPUT;
}

int outfile_publish(struct outfile **file)
{
    int err = 0;
    struct outfile *f = *file;
    if (f->replace)
        outdisk_keep_mode(f->fd, f->real);
    if (outdisk_sync(f->fd) != 0)
        TRY(cannot(f->level, f->path, "write it to the disk"));
    if (!outlock_leads_to(f->part, f->fd))
        REFUSE("%s: another program removed or replaced %s meanwhile", f->path, f->part);
    unlist(f); /* soon the name may be another writer's */
    if (outdisk_move(f->part, f->real, f->replace) != 0)
        TRY(say_unnamed(f));
    f->created = false;
    if (f->folder >= 0 && outdisk_sync(f->folder) != 0)
        TRY(cannot(f->level, f->path, "write its folder to the disk"));
fail:
    outfile_discard(file);
    return err;
}

void outfile_discard(struct outfile **file)
{
    struct outfile *f = *file;
    *file = NULL;
    if (!f)
        return;
    if (f->created && outlock_leads_to(f->part, f->fd))
        unlink(f->part);
    unlist(f);
    if (f->fd >= 0)
        close(f->fd); /* the lock goes with it */
    if (f->folder >= 0)
        close(f->folder);
    free(f->path);
    free(f->real);
    if (f->handler_has_it)
        return;
    free(f->part);
    free(f);
}

/* --- small things ------------------------------------------------------------- */

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

static int sync_folder_of(const char *path)
{
    int err = 0;
    char *folder = outpath_folder(path);
    if (!folder)
        TRY(mem_fail("a file name"));
    if (outdisk_sync_folder(folder) != 0)
        err = cannot(RIFEC_LOG_ERROR, folder, "write the folder to the disk");
fail:
    free(folder);
    return err;
}

int outfile_remove(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return cannot(RIFEC_LOG_ERROR, path, "remove it");
    return sync_folder_of(path);
}

int outfile_make_folder(const char *path, bool *made)
{
    *made = mkdir(path, 0777) == 0;
    if (!*made && errno != EEXIST)
        return cannot(RIFEC_LOG_ERROR, path, "create the folder");
    return *made ? sync_folder_of(path) : 0;
}
