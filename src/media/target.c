/* Paths, the .part file and the checks before it. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "media/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/album.h"
#include "media/av.h"
#include "media/pipe.h"

struct target {
    char *path, *part; /* part: written until committed; NULL: path itself */
    char *real;        /* where path leads, when it is a symbolic link     */
    bool nowhere, is_stdout, created, committed;
    bool (*stopped)(void);
    AVIOContext *pb;
    struct album *album; /* NULL: not pictures */
};

static bool same_file(const struct stat *a, const char *path)
{
    struct stat b;
    return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* out.mp4 -> out.part.mp4 */
static char *part_of(const char *path)
{
    const char *base = strrchr(path, '/');
    const char *dot = strrchr(base ? base : path, '.');
    int stem = (int)(dot ? dot - path : (ptrdiff_t)strlen(path));
    return av_asprintf("%.*s.part%s", stem, path, dot ? dot : "");
}

/* What a link points to, there or not: it is written, and the link stays. */
static char *follow(const char *path)
{
    char to[4096];
    ssize_t length = readlink(path, to, sizeof to - 1);
    if (length <= 0)
        return av_strdup(path);
    to[length] = '\0';
    char *real = realpath(path, NULL);
    char *copy = real ? av_strdup(real) : NULL;
    free(real);
    if (copy)
        return copy;
    const char *slash = to[0] == '/' ? NULL : strrchr(path, '/');
    return av_asprintf("%.*s%s", slash ? (int)(slash - path) + 1 : 0, path, to);
}

static int check_file(struct target *t, const struct target_params *p)
{
    int err = 0;
    struct stat st;
    if (stat(t->part, &st) == 0) { /* of a killed run, or the input's own name */
        if (same_file(&st, p->input))
            FAIL(RIFEC_ERR_OUTPUT,
                 "%s: would be written by way of the input, %s; give "
                 "another name",
                 p->path, t->part);
        if (!p->overwrite && !p->resume)
            FAIL(RIFEC_ERR_OUTPUT,
                 "%s: is in the way, left by a killed run? -y replaces it", t->part);
    }
    if (stat(p->path, &st) != 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        FAIL(RIFEC_ERR_OUTPUT, "%s: is a directory; give a file name", p->path);
    if (same_file(&st, p->input))
        FAIL(RIFEC_ERR_OUTPUT, "%s: is the input itself; give another name", p->path);
    if (!S_ISREG(st.st_mode))
        av_freep(&t->part);
    else if (!p->overwrite)
        FAIL(RIFEC_ERR_OUTPUT, "%s: already exists; -y replaces it", p->path);
fail:
    return err;
}

int target_open(struct target **out, const struct target_params *p)
{
    int err = 0;
    *out = NULL;
    struct target *t = calloc(1, sizeof *t);
    if (!t)
        return mem_fail("the output file");
    t->nowhere = p->nowhere;
    t->is_stdout = !p->nowhere && !strcmp(p->path, "-");
    t->stopped = p->stopped;
    t->path = av_strdup(t->is_stdout ? "stdout" : p->path);
    t->real = follow(p->path);
    t->part = t->is_stdout || !t->real ? NULL : part_of(t->real);
    if (!t->path || !t->real || (!t->part && !t->is_stdout))
        TRY(mem_fail("a file name"));
    if (t->is_stdout && isatty(STDOUT_FILENO))
        FAIL(RIFEC_ERR_OUTPUT,
             "stdout is a terminal; send the video on with > FILE or | PROGRAM");
    if (p->pattern)
        TRY(album_open(&t->album, p->pattern, p->input_pictures, p->overwrite));
    else if (!t->nowhere && !t->is_stdout)
        TRY(check_file(t, p));
    *out = t;
    return 0;
fail:
    target_close(&t);
    return err;
}

const char *target_name(const struct target *t)
{
    return t->path;
}

bool target_is_file(const struct target *t)
{
    return t->part && !t->album && !t->nowhere;
}

bool target_is_stdout(const struct target *t)
{
    return t->is_stdout;
}

static int create_file(struct target *t)
{
    const char *path = t->part ? t->part : t->path;
    /* The protocol is named so that a colon in a file name stays one. */
    char *url = av_asprintf("file:%s", path);
    if (!url)
        return mem_fail("a file name");
    int e = avio_open(&t->pb, url, AVIO_FLAG_WRITE);
    av_free(url);
    if (e < 0)
        return av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot create it", path);
    t->created = true;
    return 0;
}

int target_create(struct target *t, AVIOContext **pb)
{
    int err = 0;
    if (t->album)
        err = album_create(t->album);
    else if (t->is_stdout)
        err = pipe_open_stdout(&t->pb, t->stopped);
    else if (!t->nowhere)
        err = create_file(t);
    *pb = t->pb;
    return err;
}

static int close_bytes(struct target *t)
{
    return t->is_stdout ? pipe_close(&t->pb) : avio_closep(&t->pb);
}

int target_add_picture(struct target *t, const uint8_t *data, size_t size)
{
    return album_add(t->album, data, size);
}

int target_commit(struct target *t)
{
    if (t->album)
        return album_commit(t->album);
    int e = close_bytes(t);
    if (e == AVERROR_EXIT)
        return RIFEC_ERR_ABORT;
    if (e < 0)
        return av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot write", t->path);
    if (t->created && t->part && rename(t->part, t->real) != 0) {
        log_error("%s: cannot rename %s to it: %s", t->path, t->part, strerror(errno));
        return RIFEC_ERR_OUTPUT;
    }
    t->committed = true;
    return 0;
}

void target_close(struct target **target)
{
    struct target *t = *target;
    if (!t)
        return;
    album_close(&t->album);
    close_bytes(t);
    if (t->created && !t->committed && t->part)
        unlink(t->part);
    av_free(t->path);
    av_free(t->real);
    av_free(t->part);
    free(t);
    *target = NULL;
}
