/* mkdir() and a lock, as outfile.c does it for files. */
#define _GNU_SOURCE /* O_DIRECTORY, O_NOFOLLOW */
#include "base/outfolder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outlock.h"
#include "base/unpublished.h"

#define CREATE_TRIES 100
#define LOCK_TRIES   1000

struct outfolder {
    char *path, *suffix;
    int fd;
    bool created, is_listed, handler_has_it;
    struct unpublished entry;
};

static int cannot(const char *path, const char *what)
{
    log_error("%s: cannot %s: %s", path, what, strerror(errno));
    return errno == ENOMEM ? RIFEC_ERR_NOMEM : RIFEC_ERR_OUTPUT;
}

static int open_folder(const struct outfolder *f)
{
    return open(f->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int say_busy(const struct outfolder *f, const struct outfolder_params *p, int fd)
{
    char who[48];
    outlock_name_holder(fd, who, sizeof who);
    if (p->taken)
        *p->taken = true;
    log_line(p->taken ? RIFEC_LOG_INFO : RIFEC_LOG_ERROR, "%s: %s is writing it, in %s%s",
             p->name, who, f->path,
             p->taken ? "; skipped"
                      : "; wait until it has finished, or give another name");
    return RIFEC_ERR_OUTPUT;
}

/* Removes an existing folder of that name if a dead run left it. */
static int clear_way(const struct outfolder *f, const struct outfolder_params *p)
{
    int err = 0, fd = open_folder(f);
    if (fd < 0) {
        if (errno == ENOENT)
            return 0;
        if (errno == ENOTDIR || errno == ELOOP)
            FAIL(RIFEC_ERR_OUTPUT,
                 "%s: exists and is not a folder; remove it, or give another name",
                 f->path);
        TRY(cannot(f->path, "open the folder"));
    }
    if (!outlock_take(fd, 1))
        TRY(say_busy(f, p, fd));
    if (!outlock_leads_to(f->path, fd))
        goto fail; /* it has become another: look again */
    if (!p->take_over)
        FAIL(RIFEC_ERR_OUTPUT,
             "%s: exists, probably from an interrupted run; -y replaces it", f->path);
    unpublished_remove(&f->entry);
    if (outlock_leads_to(f->path, fd))
        FAIL(RIFEC_ERR_OUTPUT,
             "%s: contains files that rifec did not write; remove it, or give another "
             "name",
             f->path);
    log_info("%s: removed; an interrupted run had left it", f->path);
fail:
    if (fd >= 0)
        close(fd);
    return err;
}

static int create(struct outfolder *f, const struct outfolder_params *p)
{
    int err = 0;
    for (int i = 0; i < CREATE_TRIES; i++) {
        if (mkdir(f->path, 0777) == 0) {
            f->fd = open_folder(f);
            f->created = f->fd >= 0 && outlock_take(f->fd, LOCK_TRIES) &&
                         outlock_leads_to(f->path, f->fd);
            if (f->created)
                return 0;
            if (f->fd >= 0)
                close(f->fd);
            f->fd = -1;
        } else if (errno != EEXIST) {
            return cannot(f->path, "create the folder");
        } else {
            TRY(clear_way(f, p));
        }
    }
    FAIL(RIFEC_ERR_OUTPUT, "%s: other processes keep creating and removing it", f->path);
fail:
    return err;
}

int outfolder_create(struct outfolder **out, const struct outfolder_params *p)
{
    int err = 0, parent = -1;
    struct outfolder *f = *out = calloc(1, sizeof *f);
    if (f) {
        f->fd = -1;
        f->path = strdup(p->path);
        f->suffix = strdup(p->suffix);
    }
    if (!f || !f->path || !f->suffix)
        TRY(mem_fail("a temporary folder"));
    size_t length = strlen(f->path);
    while (length > 1 && f->path[length - 1] == '/')
        f->path[--length] = '\0'; /* a link under the name is not followed */
    f->entry = (struct unpublished){ f->path, f->suffix };
    parent = outlock_folder(f->path);
    TRY(create(f, p));
    unpublished_add(&f->entry);
    f->is_listed = true;
fail:
    if (parent >= 0)
        close(parent); /* its lock goes with it */
    if (err < 0)
        outfolder_remove(out);
    return err;
}

void outfolder_keep_after_crash(struct outfolder *f)
{
    if (f->is_listed && !unpublished_drop(&f->entry))
        f->handler_has_it = true;
    f->is_listed = false;
}

void outfolder_remove(struct outfolder **folder)
{
    struct outfolder *f = *folder;
    *folder = NULL;
    if (!f)
        return;
    outfolder_keep_after_crash(f);
    if (f->created && outlock_leads_to(f->path, f->fd))
        unpublished_remove(&f->entry);
    if (f->fd >= 0)
        close(f->fd);
    if (f->handler_has_it)
        return;
    free(f->path);
    free(f->suffix);
    free(f);
}
