/* File descriptors, mostly 0 and 1, as FFmpeg's byte streams. */
#define _POSIX_C_SOURCE 200809L
#include "media/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "rifec/error.h"

#define BUFFER_BYTES (64 * 1024)
#define WAIT_MS      100 /* how long a Ctrl-C may go unnoticed */

struct end {
    int fd;
    size_t most; /* bytes that a write takes at once without waiting */
    bool (*stopped)(void);
};

/* Until the descriptor is ready, or asked to stop. */
static int wait_for(const struct end *e, short what)
{
    for (;;) {
        if (e->stopped && e->stopped())
            return AVERROR_EXIT;
        struct pollfd p = { .fd = e->fd, .events = what };
        int n = poll(&p, 1, WAIT_MS);
        if (n > 0)
            return 0; /* also for errors: the call that follows names them */
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return AVERROR(errno);
    }
}

static bool is_passing(int error)
{
    return error == EINTR || error == EAGAIN || error == EWOULDBLOCK;
}

static int read_some(void *opaque, uint8_t *buffer, int size)
{
    const struct end *e = opaque;
    for (;;) {
        int err = wait_for(e, POLLIN);
        if (err < 0)
            return err;
        ssize_t n = read(e->fd, buffer, (size_t)size);
        if (n > 0)
            return (int)n;
        if (n == 0)
            return AVERROR_EOF;
        if (!is_passing(errno))
            return AVERROR(errno);
    }
}

static int write_all(void *opaque, AVCOMPAT_WRITE_CONST uint8_t *buffer, int size)
{
    const struct end *e = opaque;
    for (int done = 0; done < size;) {
        int err = wait_for(e, POLLOUT);
        if (err < 0)
            return err;
        size_t left = (size_t)(size - done);
        ssize_t n = write(e->fd, buffer + done, left < e->most ? left : e->most);
        if (n >= 0)
            done += (int)n;
        else if (!is_passing(errno))
            return AVERROR(errno);
    }
    return size;
}

static int open_end(AVIOContext **out, int fd, bool writes, bool (*stopped)(void))
{
    *out = NULL;
    struct end *e = malloc(sizeof *e);
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (!e || !buffer)
        goto fail;
    struct stat st;
    bool may_wait = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
    *e = (struct end){ fd, may_wait ? PIPE_BUF : INT_MAX, stopped };
    *out = avio_alloc_context(buffer, BUFFER_BYTES, writes, e, writes ? NULL : read_some,
                              writes ? write_all : NULL, NULL);
    if (!*out)
        goto fail;
    (*out)->seekable = 0;
    return 0;
fail:
    av_free(buffer);
    free(e);
    return mem_fail("the buffer of a pipe");
}

int pipe_open_stdin(AVIOContext **out, bool (*stopped)(void))
{
    return open_end(out, STDIN_FILENO, false, stopped);
}

int pipe_open_named(AVIOContext **out, const char *path, bool (*stopped)(void))
{
    *out = NULL;
    /* A plain open() would wait for a writer, whatever happens. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        log_error("%s: cannot open it: %s", path, strerror(errno));
        return RIFEC_ERR_INPUT;
    }
    int err = open_end(out, fd, false, stopped);
    if (err < 0)
        close(fd);
    return err;
}

int pipe_open_output(AVIOContext **out, int fd, bool (*stopped)(void))
{
    *out = NULL;
    int own = fd > STDERR_FILENO ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : fd;
    if (own < 0) {
        log_error("/dev/fd/%d: cannot write to it: %s", fd, strerror(errno));
        return RIFEC_ERR_OUTPUT;
    }
    int err = open_end(out, own, true, stopped);
    if (err < 0 && own != fd)
        close(own);
    return err;
}

int pipe_close(AVIOContext **pb)
{
    if (!*pb)
        return 0;
    if ((*pb)->write_flag)
        avio_flush(*pb);
    int err = (*pb)->error, fd = ((struct end *)(*pb)->opaque)->fd;
    if (fd > STDERR_FILENO)
        close(fd);
    free((*pb)->opaque);
    av_freep(&(*pb)->buffer);
    avio_context_free(pb);
    return err;
}
