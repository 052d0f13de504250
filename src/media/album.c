/* Many small files that appear together. */
#define _POSIX_C_SOURCE 200809L
#include "media/album.h"

#include <dirent.h>
#include <errno.h>
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

struct album {
    char *pattern, *folder, *part; /* both folders end in a slash, or are ""  */
    struct picture_name name;      /* the pattern's                           */
    int64_t count;                 /* pictures made; the first is number 1    */
    bool made_folder, made_part, committed;
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

char *album_pattern(const char *path, const char *format, const struct pictures *input)
{
    struct picture_name name;
    enum AVCodecID codec = format ? picture_codec(format) : AV_CODEC_ID_NONE;
    if (!is_folder(path)) {
        bool meant =
            picture_name_parse(&name, path) && (!format || codec == picture_codec(path));
        return meant ? av_strdup(path) : NULL;
    }
    if (format ? codec == AV_CODEC_ID_NONE : !input)
        return NULL;
    return av_asprintf("%s%s%%08d.%s", path, ends_in_slash(path) ? "" : "/",
                       format ? format : strrchr(input->paths[0], '.') + 1);
}

/* --- names ---------------------------------------------------------------- */

static char *numbered(const struct album *a, const char *folder, int64_t number)
{
    return av_asprintf("%s%.*s%0*lld%s", folder, a->name.prefix_length,
                       a->pattern + a->name.folder_length, a->name.digits,
                       (long long)number, a->name.suffix);
}

/* Calls `visit` for each picture of this name in the folder until it says no. */
static void each(const struct album *a, const char *folder,
                 bool (*visit)(void *opaque, const char *path, int64_t number),
                 void *opaque)
{
    DIR *dir = opendir(folder[0] ? folder : ".");
    bool more = dir != NULL;
    for (struct dirent *e; more && (e = readdir(dir));) {
        int64_t number = picture_name_number(&a->name, e->d_name);
        char *path = number < 0 ? NULL : av_asprintf("%s%s", folder, e->d_name);
        if (path)
            more = visit(opaque, path, number);
        av_free(path);
    }
    if (dir)
        closedir(dir);
}

static bool remove_one(void *opaque, const char *path, int64_t number)
{
    (void)opaque;
    (void)number;
    unlink(path);
    return true;
}

static bool keep_path(void *opaque, const char *path, int64_t number)
{
    (void)number;
    *(char **)opaque = av_strdup(path);
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

/* --- checks --------------------------------------------------------------- */

/* Would writing these names replace a picture of the input? */
static bool holds_input(const struct album *a, const struct pictures *input)
{
    struct stat in, out;
    const char *first = input->paths[0], *slash = strrchr(first, '/');
    char *folder = slash ? av_strndup(first, (size_t)(slash - first) + 1) : NULL;
    bool same = stat(folder ? folder : ".", &in) == 0 &&
                stat(a->folder[0] ? a->folder : ".", &out) == 0 &&
                in.st_dev == out.st_dev && in.st_ino == out.st_ino &&
                picture_name_number(&a->name, slash ? slash + 1 : first) >= 0;
    av_free(folder);
    return same;
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

static int check(const struct album *a, const struct pictures *input, bool overwrite)
{
    int err = 0;
    char *there = NULL;
    if (input && holds_input(a, input))
        FAIL(RIFEC_ERR_OUTPUT, "%s: the input's pictures have such names; give others",
             a->pattern);
    each(a, a->folder, keep_path, &there);
    if (there && !overwrite)
        FAIL(RIFEC_ERR_OUTPUT, "%s: already exists; -y replaces pictures", there);
fail:
    av_free(there);
    return err;
}

int album_open(struct album **out, const char *pattern, const struct pictures *input,
               bool overwrite)
{
    int err = open_names(out, pattern);
    if (err == 0)
        err = check(*out, input, overwrite);
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

static int make_folder(const char *path, bool *made)
{
    *made = mkdir(path, 0777) == 0;
    return *made || errno == EEXIST ? 0 : say_failed(path, "create the folder");
}

int album_create(struct album *a)
{
    int err = 0;
    if (a->folder[0])
        TRY(make_folder(a->folder, &a->made_folder));
    TRY(make_folder(a->part, &a->made_part));
    if (!a->made_part) /* left by a run that was killed */
        each(a, a->part, remove_one, NULL);
    a->made_part = true;
fail:
    return err;
}

int album_add(struct album *a, const uint8_t *data, size_t size)
{
    int err = 0;
    char *path = numbered(a, a->part, ++a->count);
    FILE *f = path ? fopen(path, "wb") : NULL;
    if (!path)
        return mem_fail("a file name");
    if (!f)
        TRY(say_failed(path, "create it"));
    if (fwrite(data, 1, size, f) != size)
        TRY(say_failed(path, "write"));
fail:
    if (f && fclose(f) != 0 && err == 0)
        err = say_failed(path, "write");
    av_free(path);
    return err;
}

static int move(const struct album *a, int64_t number)
{
    int err = 0;
    char *from = numbered(a, a->part, number), *to = numbered(a, a->folder, number);
    if (!from || !to)
        TRY(mem_fail("a file name"));
    if (rename(from, to) != 0)
        TRY(say_failed(to, "put the picture there"));
fail:
    av_free(from);
    av_free(to);
    return err;
}

int album_commit(struct album *a)
{
    int err = 0;
    for (int64_t i = 1; i <= a->count; i++)
        TRY(move(a, i));
    a->committed = true;
    struct older older = { .behind = a->count, .first = INT64_MAX };
    each(a, a->folder, count_older, &older);
    if (older.count)
        log_warning("%s: %lld older pictures, from number %lld on, were there before and "
                    "still are",
                    a->pattern, (long long)older.count, (long long)older.first);
fail:
    return err;
}

void album_close(struct album **album)
{
    struct album *a = *album;
    if (!a)
        return;
    if (a->made_part) {
        each(a, a->part, remove_one, NULL);
        rmdir(a->part);
    }
    if (a->made_folder && !a->committed)
        rmdir(a->folder);
    av_free(a->pattern);
    av_free(a->folder);
    av_free(a->part);
    free(a);
    *album = NULL;
}
