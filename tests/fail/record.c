/*
 * A library to preload: what a program does to files below the folder $RECORD_BELOW is
 * written to the file $RECORD, a line each, in its order:
 *
 *     create PATH        open() with O_CREAT, of a file that did not exist
 *     truncate PATH      open() with O_TRUNC, fopen() for writing
 *     write PATH         write() and its kin
 *     sync PATH          fsync(), fdatasync()
 *     rename FROM TO     rename() and its kin; also link(), whose FROM stays
 *     exchange A B       renameat2() with RENAME_EXCHANGE
 *     remove PATH        unlink() and its kin
 *
 * Paths are absolute. With RECORD_OLD=flags renameat2() knows no flags, as on some file
 * systems; with RECORD_OLD=links there are no hard links either. With RECORD_FAIL="sync
 * PATTERN" the calls of that kind whose path matches (fnmatch) fail with EIO and do
 * nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The real function, which ours calls. */
#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

static void absolute(char out[PATH_MAX], int folder, const char *path)
{
    char link[64], base[PATH_MAX] = "";
    if (path[0] == '/') {
        snprintf(out, PATH_MAX, "%s", path);
        return;
    }
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base))
            base[0] = '\0';
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t n = readlink(link, base, sizeof base - 1);
        base[n > 0 ? n : 0] = '\0';
    }
    if (path[0])
        strncat(base, "/", sizeof base - strlen(base) - 1);
    strncat(base, path, sizeof base - strlen(base) - 1);
    snprintf(out, PATH_MAX, "%s", base);
}

static bool is_below(const char *path)
{
    const char *below = getenv("RECORD_BELOW");
    return below && !strncmp(path, below, strlen(below));
}

static bool must_fail(const char *what, const char *path)
{
    const char *fail = getenv("RECORD_FAIL");
    size_t n = strlen(what);
    return fail && !strncmp(fail, what, n) && fail[n] == ' ' &&
           fnmatch(fail + n + 1, path, 0) == 0;
}

/* Returns false if the call has to fail. The record itself is written without our
 * functions. */
static bool record(const char *what, int folder, const char *path, int folder2,
                   const char *path2)
{
    int saved = errno;
    char a[PATH_MAX], b[PATH_MAX] = "", line[2 * PATH_MAX + 32];
    const char *to = getenv("RECORD");
    absolute(a, folder, path);
    if (path2)
        absolute(b, folder2, path2);
    bool fails = must_fail(what, a);
    if (to && (is_below(a) || (path2 && is_below(b)))) {
        int n = snprintf(line, sizeof line, "%s%s %s%s%s\n", fails ? "failed-" : "", what,
                         a, path2 ? " " : "", b);
        int fd = (int)syscall(SYS_openat, AT_FDCWD, to,
                              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        if (fd >= 0) {
            syscall(SYS_write, fd, line, (size_t)n);
            syscall(SYS_close, fd);
        }
    }
    errno = fails ? EIO : saved;
    return !fails;
}

static bool record_fd(const char *what, int fd)
{
    return record(what, fd, "", 0, NULL);
}

/* --- open ------------------------------------------------------------------- */

static int open_any(int folder, const char *path, int flags, int mode)
{
    bool is_new = flags & O_CREAT && faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW);
    if (is_new && !record("create", folder, path, 0, NULL))
        return -1;
    if (!is_new && flags & O_TRUNC && !record("truncate", folder, path, 0, NULL))
        return -1;
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE_OF_OPEN()                                                                   \
    int mode = 0;                                                                        \
    if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {                                \
        va_list args;                                                                    \
        va_start(args, flags);                                                           \
        mode = va_arg(args, int);                                                        \
        va_end(args);                                                                    \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF_OPEN()
    return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF_OPEN()
    return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF_OPEN()
    return open_any(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_OF_OPEN()
    return open_any(folder, path, flags, mode);
}

static FILE *fopen_any(const char *name, const char *path, const char *mode)
{
    if (mode[0] == 'w') {
        bool is_new = access(path, F_OK) != 0;
        if (!record(is_new ? "create" : "truncate", AT_FDCWD, path, 0, NULL))
            return NULL;
    }
    return REAL(name, FILE * (*)(const char *, const char *))(path, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    return fopen_any("fopen", path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return fopen_any("fopen64", path, mode);
}

/* --- write, sync -------------------------------------------------------------- */

ssize_t write(int fd, const void *data, size_t size)
{
    return record_fd("write", fd) ? syscall(SYS_write, fd, data, size) : -1;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return record_fd("write", fd) ? syscall(SYS_writev, fd, parts, count) : -1;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return record_fd("write", fd) ? REAL("pwrite", ssize_t(*)(int, const void *, size_t,
                                                              off_t))(fd, data, size, at)
                                  : -1;
}

int fsync(int fd)
{
    return record_fd("sync", fd) ? (int)syscall(SYS_fsync, fd) : -1;
}

int fdatasync(int fd)
{
    return record_fd("sync", fd) ? (int)syscall(SYS_fdatasync, fd) : -1;
}

/* --- names -------------------------------------------------------------------- */

int renameat2(int folder, const char *from, int folder2, const char *to, unsigned flags)
{
    const char *what = flags & RENAME_EXCHANGE ? "exchange" : "rename";
    if (flags && getenv("RECORD_OLD")) {
        errno = EINVAL;
        return -1;
    }
    /* Records only renames that succeed: without -y the name may be taken. */
    bool taken = flags & RENAME_NOREPLACE &&
                 faccessat(folder2, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (!taken && !record(what, folder, from, folder2, to))
        return -1;
    return (int)syscall(SYS_renameat2, folder, from, folder2, to, flags);
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int folder, const char *from, int folder2, const char *to)
{
    return renameat2(folder, from, folder2, to, 0);
}

int link(const char *from, const char *to)
{
    const char *old = getenv("RECORD_OLD");
    if (old && !strcmp(old, "links")) {
        errno = EPERM;
        return -1;
    }
    return record("rename", AT_FDCWD, from, AT_FDCWD, to)
               ? (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0)
               : -1;
}

int unlinkat(int folder, const char *path, int flags)
{
    return record("remove", folder, path, 0, NULL)
               ? (int)syscall(SYS_unlinkat, folder, path, flags)
               : -1;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    int result = unlinkat(AT_FDCWD, path, 0);
    return result != 0 && errno == EISDIR ? unlinkat(AT_FDCWD, path, AT_REMOVEDIR)
                                          : result;
}
