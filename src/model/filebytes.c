/*
 * Weights files are read, not mapped: one that is truncated while it is mapped ends the
 * process by SIGBUS, and reading 21 MB takes no longer than a few milliseconds.
 */
#define _POSIX_C_SOURCE 200809L
#include "model/filebytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* A training checkpoint, with the optimizer's state, is a tenth of this. */
#define BYTES_MAX ((int64_t)1 << 30)

static int read_all(int fd, unsigned char *to, size_t bytes, const char *path)
{
    for (size_t at = 0; at < bytes;) {
        ssize_t n = read(fd, to + at, bytes - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            log_error("%s: cannot read the model: %s", path, strerror(errno));
            return RIFEC_ERR_MODEL;
        }
        if (n == 0) {
            log_error("%s: truncated: it has only %zu of %zu bytes: is it still being "
                      "written?",
                      path, at, bytes);
            return RIFEC_ERR_MODEL;
        }
        at += (size_t)n;
    }
    return 0;
}

int filebytes_open(struct filebytes *m, const char *path)
{
    int err = 0;
    struct stat st;
    unsigned char *data = NULL;
    *m = (struct filebytes){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait */
    if (fd < 0 || fstat(fd, &st) < 0)
        FAIL(RIFEC_ERR_MODEL, "%s: cannot open the model: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        FAIL(RIFEC_ERR_MODEL, "%s: the model is not a regular file", path);
    if (st.st_size == 0)
        FAIL(RIFEC_ERR_MODEL, "%s: the model file is empty: fetch it again", path);
    if (st.st_size > BYTES_MAX)
        FAIL(RIFEC_ERR_MODEL, "%s: %lld MiB are too many for an IFNet model", path,
             (long long)(st.st_size >> 20));
    data = mem_alloc((size_t)st.st_size);
    if (!data)
        TRY(mem_fail("the model file"));
    TRY(read_all(fd, data, (size_t)st.st_size, path));
    *m = (struct filebytes){ data, (size_t)st.st_size, true };
    data = NULL;
fail:
    mem_free(data);
    if (fd >= 0)
        close(fd);
    return err;
}

struct filebytes filebytes_lend(const void *data, size_t bytes)
{
    return (struct filebytes){ data, bytes, false };
}

void filebytes_close(struct filebytes *m)
{
    if (m->is_ours)
        mem_free((void *)(uintptr_t)m->data);
    *m = (struct filebytes){ 0 };
}
