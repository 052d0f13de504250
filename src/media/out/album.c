/*
 * Many small files that appear together, or not at all. Images that are replaced change
 * places with the new ones, and stay in the temporary folder until all have moved, so a
 * failure half-way can be undone.
 */
#define _GNU_SOURCE /* sync_file_range */
#include "media/out/album.h"

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
#include "base/outdisk.h"
#include "base/outfile.h"
#include "base/outfolder.h"

struct album {
    char *pattern, *folder, *part; /* both folders end in a slash, or are ""  */
    struct picture_name name;      /* the pattern's                           */
    int64_t count;                 /* pictures made; the first is number 1    */
    int64_t moved;                 /* of these, have their names              */
    bool overwrite, made_folder, committed;
    struct outfolder *temporary;
};

static bool ends_in_slash(const char *path)
{
    size_t length = strlen(path);
    return length && path[length - 1] == '/';
}

static bool is_folder(const char *path)
{
    struct stat st;
    return ends_in_slash(path) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* Takes a name from an allocation that may have failed. */
static char *reported(char *name)
{
    if (!name)
        mem_fail("the name of a picture");
    return name;
}

char *album_pattern(const char *path, const char *format, const struct pictures *input)
{
    struct picture_name name;
    enum AVCodecID codec = format ? picture_codec(format) : AV_CODEC_ID_NONE;
    if (!is_folder(path)) {
        bool meant =
            picture_name_parse(&name, path) && (!format || codec == picture_codec(path));
        return meant ? reported(av_strdup(path)) : NULL;
    }
    if (format ? codec == AV_CODEC_ID_NONE : !input)
        return NULL;
    return reported(av_asprintf("%s%s%%08d.%s", path, ends_in_slash(path) ? "" : "/",
                                format ? format : strrchr(input->paths[0], '.') + 1));
}

/* --- names ---------------------------------------------------------------- */

static char *numbered(const struct album *a, const char *folder, int64_t number)
{
    return av_asprintf("%s%.*s%0*lld%s", folder, a->name.prefix_length,
                       a->pattern + a->name.folder_length, a->name.digits,
                       (long long)number, a->name.suffix);
}

/* Calls `visit` for each image of this name in the folder until it returns false. */
static void each(const struct album *a, const char *folder,
                 bool (*visit)(void *opaque, const char *path, int64_t number),
                 void *opaque)
{
    DIR *dir = opendir(folder[0] ? folder : ".");
    bool more = dir != NULL;
    for (struct dirent *e; more && (e = readdir(dir));) {
        int64_t number = picture_name_number(&a->name, e->d_name);
        char *path = number < 0 ? NULL : reported(av_asprintf("%s%s", folder, e->d_name));
        if (path)
            more = visit(opaque, path, number);
        av_free(path);
    }
    if (dir)
        closedir(dir);
}

static bool keep_path(void *opaque, const char *path, int64_t number)
{
    (void)number;
    *(char **)opaque = reported(av_strdup(path));
    return false;
}

struct older {
    int64_t behind, count, first;
};

static bool count_older(void *opaque, const char *path, int64_t number)
{
    (void)path;
    struct older *o = opaque;
    if (number > o->behind) {
        o->count++;
        o->first = number < o->first ? number : o->first;
    }
    return true;
}

static int open_names(struct album **out, const char *pattern)
{
    struct album *a = calloc(1, sizeof *a);
    *out = a;
    if (!a)
        return mem_fail("a set of pictures");
    a->pattern = av_strdup(pattern);
    if (!a->pattern || !picture_name_parse(&a->name, a->pattern))
        return mem_fail("a file name");
    a->folder = av_strndup(pattern, (size_t)a->name.folder_length);
    a->part = av_asprintf("%.*s%s.part/", a->name.folder_length + a->name.prefix_length,
                          pattern, a->name.prefix_length ? "" : "pictures");
    return a->folder && a->part ? 0 : mem_fail("a file name");
}

bool album_exists(const char *pattern)
{
    struct album *a = NULL;
    char *there = NULL;
    if (picture_name_parse(&(struct picture_name){ 0 }, pattern) &&
        open_names(&a, pattern) == 0)
        each(a, a->folder, keep_path, &there);
    bool found = there != NULL;
    av_free(there);
    album_close(&a);
    return found;
}

/* --- opening -------------------------------------------------------------- */

static int check_existing(const struct album *a, const struct album_params *p)
{
    char *there = NULL;
    each(a, a->folder, keep_path, &there);
    bool refuse = there && !p->overwrite;
    if (refuse && p->taken)
        *p->taken = true;
    if (refuse)
        log_line(p->taken ? RIFEC_LOG_INFO : RIFEC_LOG_ERROR, "%s: already exists%s",
                 there, p->taken ? ", skipped" : "; -y replaces pictures");
    av_free(there);
    return refuse ? RIFEC_ERR_OUTPUT : 0;
}

int album_open(struct album **out, const struct album_params *p)
{
    int err = 0;
    TRY(open_names(out, p->pattern));
    struct album *a = *out;
    a->overwrite = p->overwrite;
    TRY(check_existing(a, p));
    if (a->folder[0])
        TRY(outfile_make_folder(a->folder, &a->made_folder));
    TRY(outfolder_create(&a->temporary, &(struct outfolder_params){
                                            .path = a->part,
                                            .suffix = a->name.suffix,
                                            .name = a->pattern,
                                            .take_over = p->overwrite || p->take_over,
                                            .taken = p->taken,
                                        }));
    TRY(check_existing(a, p)); /* another run may have finished just now */
fail:
    if (err < 0)
        album_close(out);
    return err;
}

/* --- the pictures --------------------------------------------------------- */

static int say_failed(const char *path, const char *what)
{
    log_error("%s: cannot %s: %s", path, what, strerror(errno));
    return RIFEC_ERR_OUTPUT;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR)
            return -1;
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int album_add(struct album *a, const uint8_t *data, size_t size)
{
    int err = 0, fd = -1;
    char *path = numbered(a, a->part, ++a->count);
    if (!path)
        return mem_fail("a file name");
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        TRY(say_failed(path, "create it"));
    if (write_all(fd, data, size) != 0)
        TRY(say_failed(path, "write"));
    /* Starts writing it to the disk; album_commit() waits until that has finished. */
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
fail:
    if (fd >= 0 && close(fd) != 0 && err == 0)
        err = say_failed(path, "write");
    av_free(path);
    return err;
}

/* --- the end -------------------------------------------------------------- */

/* Both paths of a picture, for av_free(). */
static int paths_of(const struct album *a, int64_t number, char **from, char **to)
{
    *from = numbered(a, a->part, number);
    *to = numbered(a, a->folder, number);
    return *from && *to ? 0 : mem_fail("a file name");
}

static int sync_picture(const struct album *a, int64_t number)
{
    int err = 0, fd = -1;
    char *from, *to;
    TRY(paths_of(a, number, &from, &to));
    fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        TRY(say_failed(from, "open it"));
    if (a->overwrite)
        outdisk_keep_mode(fd, to);
    if (outdisk_sync(fd) != 0)
        TRY(say_failed(from, "write it to the disk"));
fail:
    if (fd >= 0)
        close(fd);
    av_free(from);
    av_free(to);
    return err;
}

/* The replaced image takes the place of the new one in the temporary folder. */
static int replace(const struct album *a, const char *from, const char *to)
{
    int err = 0;
    struct stat st;
    char *spare = av_asprintf("%sspare%s", a->part, a->name.suffix);
    if (!spare)
        return mem_fail("a file name");
    if (lstat(to, &st) == 0 && S_ISDIR(st.st_mode))
        FAIL(RIFEC_ERR_OUTPUT, "%s: is a directory, which a picture cannot replace", to);
    if (outdisk_exchange(from, to, spare) != 0)
        err = say_failed(to, "replace it");
fail:
    av_free(spare);
    return err;
}

static int move(const struct album *a, int64_t number)
{
    int err = 0;
    char *from, *to;
    TRY(paths_of(a, number, &from, &to));
    if (outdisk_move(from, to, false) != 0) {
        if (errno != EEXIST)
            TRY(say_failed(to, "move the picture there"));
        if (!a->overwrite)
            FAIL(RIFEC_ERR_OUTPUT,
                 "%s: another program created it meanwhile; -y replaces pictures", to);
        TRY(replace(a, from, to));
    }
fail:
    av_free(from);
    av_free(to);
    return err;
}

/* Removes the new picture, or puts the old one back over it. */
static void undo(const struct album *a, int64_t number)
{
    struct stat st;
    char *from, *to;
    if (paths_of(a, number, &from, &to) == 0) {
        bool was_replaced = lstat(from, &st) == 0;
        if ((was_replaced ? rename(from, to) : unlink(to)) != 0)
            say_failed(to, "restore what was there");
    }
    av_free(from);
    av_free(to);
}

int album_commit(struct album *a)
{
    int err = 0;
    const char *folder = a->folder[0] ? a->folder : ".";
    for (int64_t i = 1; i <= a->count; i++)
        TRY(sync_picture(a, i));
    outfolder_keep_after_crash(a->temporary); /* may hold replaced images */
    for (; a->moved < a->count; a->moved++)
        TRY(move(a, a->moved + 1));
    if (outdisk_sync_folder(folder) != 0)
        TRY(say_failed(folder, "write the folder to the disk"));
    a->committed = true;
    struct older older = { .behind = a->count, .first = INT64_MAX };
    each(a, a->folder, count_older, &older);
    if (older.count)
        log_warning("%s: %lld older pictures, from number %lld on, remain in the folder",
                    a->pattern, (long long)older.count, (long long)older.first);
fail:
    for (; err < 0 && a->moved > 0; a->moved--)
        undo(a, a->moved);
    return err;
}

void album_close(struct album **album)
{
    struct album *a = *album;
    if (!a)
        return;
    outfolder_remove(&a->temporary);
    if (a->made_folder && !a->committed)
        rmdir(a->folder);
    av_free(a->pattern);
    av_free(a->folder);
    av_free(a->part);
    free(a);
    *album = NULL;
}
