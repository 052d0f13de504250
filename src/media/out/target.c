/* Which kind of output a path is, and its stream of bytes. */
#define _POSIX_C_SOURCE 200809L
#include "media/out/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/outfile.h"
#include "base/outpath.h"
#include "media/out/album.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/pipe.h"

#define BUFFER_BYTES (256 * 1024)

struct target {
    char *path;
    enum { NOWHERE, DESCRIPTOR, IN_PLACE, FILE_WITH_NAME, PICTURES } kind;
    int descriptor; /* of DESCRIPTOR, the process's own */
    bool (*stopped)(void);
    AVIOContext *pb;
    struct outfile *file; /* of FILE_WITH_NAME */
    struct album *album;  /* of PICTURES       */
};

/* --- opening ------------------------------------------------------------------ */

static bool is_in_place(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static void choose_kind(struct target *t, const struct target_params *p)
{
    t->descriptor = strcmp(p->path, "-") ? outpath_descriptor(p->path) : STDOUT_FILENO;
    t->kind = p->pattern             ? PICTURES
              : p->nowhere           ? NOWHERE
              : t->descriptor >= 0   ? DESCRIPTOR
              : is_in_place(p->path) ? IN_PLACE
                                     : FILE_WITH_NAME;
}

int target_open(struct target **out, const struct target_params *p)
{
    int err = 0;
    *out = NULL;
    struct target *t = calloc(1, sizeof *t);
    if (!t)
        return mem_fail("the output file");
    t->stopped = p->stopped;
    choose_kind(t, p);
    t->path =
        av_strdup(t->kind == DESCRIPTOR && !strcmp(p->path, "-") ? "stdout" : p->path);
    if (!t->path)
        TRY(mem_fail("a file name"));
    if (t->kind == DESCRIPTOR && isatty(t->descriptor))
        FAIL(RIFEC_ERR_OUTPUT,
             "%s is a terminal; redirect the video with > FILE or | PROGRAM", t->path);
    if (t->kind == PICTURES)
        TRY(album_open(&t->album, &(struct album_params){
                                      .pattern = p->pattern,
                                      .overwrite = p->overwrite,
                                      .take_over = p->take_over,
                                      .taken = p->taken,
                                  }));
    else if (t->kind == FILE_WITH_NAME)
        TRY(outfile_create(&t->file, &(struct outfile_params){
                                         .path = p->path,
                                         .replace = p->overwrite,
                                         .take_over = p->take_over,
                                         .taken = p->taken,
                                     }));
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
    return t->kind == FILE_WITH_NAME;
}

const char *target_part(const struct target *t)
{
    return target_is_file(t) ? outfile_part(t->file) : NULL;
}

bool target_is_stdout(const struct target *t)
{
    return t->kind == DESCRIPTOR;
}

/* --- the bytes of a file ------------------------------------------------------ */

static int write_file(void *opaque, AVCOMPAT_WRITE_CONST uint8_t *buffer, int size)
{
    int fd = outfile_fd(opaque);
    for (int done = 0; done < size;) {
        ssize_t n = write(fd, buffer + done, (size_t)(size - done));
        if (n >= 0)
            done += (int)n;
        else if (errno != EINTR)
            return AVERROR(errno);
    }
    return size;
}

static int64_t seek_file(void *opaque, int64_t offset, int whence)
{
    struct stat st;
    int fd = outfile_fd(opaque);
    if (whence & AVSEEK_SIZE)
        return fstat(fd, &st) == 0 ? st.st_size : AVERROR(errno);
    off_t at = lseek(fd, offset, whence & ~AVSEEK_FORCE);
    return at >= 0 ? at : AVERROR(errno);
}

static int open_bytes(struct target *t)
{
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (buffer)
        t->pb = avio_alloc_context(buffer, BUFFER_BYTES, 1, t->file, NULL, write_file,
                                   seek_file);
    if (!t->pb) {
        av_free(buffer);
        return mem_fail("the buffer of a file");
    }
    return 0;
}

static int open_in_place(struct target *t)
{
    /* The protocol is named so that a colon in a file name stays one. */
    char *url = av_asprintf("file:%s", t->path);
    if (!url)
        return mem_fail("a file name");
    int e = avio_open(&t->pb, url, AVIO_FLAG_WRITE);
    av_free(url);
    return e < 0 ? av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot open it", t->path) : 0;
}

int target_create(struct target *t, AVIOContext **pb)
{
    int err = 0;
    if (t->kind == DESCRIPTOR)
        err = pipe_open_output(&t->pb, t->descriptor, t->stopped);
    else if (t->kind == IN_PLACE)
        err = open_in_place(t);
    else if (t->kind == FILE_WITH_NAME)
        err = open_bytes(t);
    *pb = t->pb;
    return err;
}

int target_add_picture(struct target *t, const uint8_t *data, size_t size)
{
    return album_add(t->album, data, size);
}

/* --- the end ------------------------------------------------------------------ */

/* FFmpeg's code of the first failure. */
static int close_bytes(struct target *t)
{
    if (t->kind == DESCRIPTOR)
        return pipe_close(&t->pb);
    if (t->kind == IN_PLACE)
        return avio_closep(&t->pb);
    if (!t->pb)
        return 0;
    avio_flush(t->pb);
    int e = t->pb->error;
    av_freep(&t->pb->buffer);
    avio_context_free(&t->pb);
    return e;
}

int target_commit(struct target *t)
{
    if (t->kind == PICTURES)
        return album_commit(t->album);
    int e = close_bytes(t);
    if (e == AVERROR_EXIT)
        return RIFEC_ERR_ABORT;
    if (e < 0)
        return av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot write", t->path);
    return t->kind == FILE_WITH_NAME ? outfile_publish(&t->file) : 0;
}

void target_close(struct target **target)
{
    struct target *t = *target;
    if (!t)
        return;
    close_bytes(t);
    album_close(&t->album);
    outfile_discard(&t->file);
    av_free(t->path);
    free(t);
    *target = NULL;
}
