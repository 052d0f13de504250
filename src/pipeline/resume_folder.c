/* The names in the folder, its lock, and its removal. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/resume_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "base/outlock.h"
#include "base/outpath.h"

struct resume_folder {
    char *path;
    bool made; /* by this run          */
    int lock;  /* the open file, or -1 */
};

int folder_name(const char *output, char **out)
{
    char *name = outpath_beside(output, ".resume");
    *out = name ? av_strdup(name) : NULL;
    free(name);
    return *out ? 0 : mem_fail("a file name");
}

const char *folder_path(const struct resume_folder *f)
{
    return f->path;
}

int folder_file(const struct resume_folder *f, const char *name, char **out)
{
    *out = av_asprintf("%s/%s", f->path, name);
    return *out ? 0 : mem_fail("a file name");
}

int folder_segment(const struct resume_folder *f, int number, char **out)
{
    char name[32];
    snprintf(name, sizeof name, "%06d.segment", number);
    return folder_file(f, name, out);
}

/* A killed run leaves its lock file; a finished run removes it, perhaps just after we
 * opened it and before we lock it. */
static int lock(struct resume_folder *f)
{
    int err = 0;
    char who[48];
    char *path = NULL;
    TRY(folder_file(f, "lock", &path));
    do {
        if (f->lock >= 0)
            close(f->lock);
        f->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (f->lock < 0)
            FAIL(RIFEC_ERR_OUTPUT, "%s: cannot work in this folder: %s", f->path,
                 strerror(errno));
        if (!outlock_take(f->lock, 1)) {
            outlock_name_holder(f->lock, who, sizeof who);
            close(f->lock);
            f->lock = -1; /* not ours to remove */
            FAIL(RIFEC_ERR_OUTPUT,
                 "%s: is in use by %s, which makes the same output; wait until it has "
                 "finished, or give another name",
                 f->path, who);
        }
    } while (!outlock_leads_to(path, f->lock));
fail:
    av_free(path);
    return err;
}

int folder_open(struct resume_folder **out, const char *output)
{
    int err = 0;
    struct resume_folder *f = *out = calloc(1, sizeof *f);
    if (!f)
        return mem_fail("a file name");
    f->lock = -1;
    TRY(folder_name(output, &f->path));
    TRY(outfile_make_folder(f->path, &f->made));
    TRY(lock(f));
fail:
    if (err < 0)
        folder_close(out);
    return err;
}

/* --- what is in it -------------------------------------------------------- */

/* "000012.segment", and while it is written "000012.part.segment". */
static bool is_segment(const char *name, const char *end)
{
    size_t digits = strspn(name, "0123456789");
    return digits >= 6 && !strcmp(name + digits, end);
}

static bool is_ours(const char *name)
{
    static const char *const names[] = { "settings", "settings.part", "finished.part" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return is_segment(name, ".segment") || is_segment(name, ".part.segment");
}

int folder_has_segments(const struct resume_folder *f, bool *has)
{
    int err = 0;
    struct dirent *entry;
    DIR *folder = opendir(f->path);
    *has = false;
    if (!folder)
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot read the folder: %s", f->path,
             strerror(errno));
    while (!*has && (entry = readdir(folder)))
        *has = is_segment(entry->d_name, ".segment");
    closedir(folder);
fail:
    return err;
}

static void unlock(struct resume_folder *f)
{
    char *path = NULL;
    if (f->lock < 0)
        return;
    if (folder_file(f, "lock", &path) == 0)
        unlink(path);
    close(f->lock);
    f->lock = -1;
    av_free(path);
}

void folder_remove(struct resume_folder **folder)
{
    struct resume_folder *f = *folder;
    if (!f)
        return;
    struct dirent *entry;
    DIR *entries = opendir(f->path);
    while (entries && (entry = readdir(entries)))
        if (is_ours(entry->d_name))
            unlinkat(dirfd(entries), entry->d_name, 0);
    unlock(f);
    if (entries) {
        unlinkat(dirfd(entries), "finished", 0);
        closedir(entries);
    }
    rmdir(f->path); /* fails, as it should, if something else is in it */
    f->made = false;
    folder_close(folder);
}

void folder_close(struct resume_folder **folder)
{
    struct resume_folder *f = *folder;
    if (!f)
        return;
    unlock(f);
    if (f->made)
        rmdir(f->path); /* the same */
    av_free(f->path);
    free(f);
    *folder = NULL;
}
