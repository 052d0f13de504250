/* Weights files are mapped: 21 MB are read once, and most of a file may be extras. */
#define _POSIX_C_SOURCE 200809L
#include "model/filemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

int filemap_open(struct filemap *m, const char *path)
{
    int err = 0;
    struct stat st;
    *m = (struct filemap){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait */
    if (fd < 0 || fstat(fd, &st) < 0)
        FAIL(RIFEC_ERR_MODEL, "%s: cannot open the model: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        FAIL(RIFEC_ERR_MODEL, "%s: the model is not a regular file", path);
    if (st.st_size == 0)
        FAIL(RIFEC_ERR_MODEL, "%s: the model file is empty: fetch it again", path);
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        FAIL(RIFEC_ERR_MODEL, "%s: cannot map the model: %s", path, strerror(errno));
    *m = (struct filemap){ p, (size_t)st.st_size, true };
fail:
    if (fd >= 0)
        close(fd);
    return err;
}

struct filemap filemap_lend(const void *data, size_t bytes)
{
    return (struct filemap){ data, bytes, false };
}

void filemap_close(struct filemap *m)
{
    if (m->is_mapped)
        munmap((void *)(uintptr_t)m->data, m->bytes);
    *m = (struct filemap){ 0 };
}
