/* fsync(), renameat2() and what stands in for them. */
#define _GNU_SOURCE /* renameat2 */
#include "base/outdisk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

int outdisk_sync(int fd)
{
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    return 0;
}

int outdisk_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : -1;
    int result = outdisk_sync(fd), saved = errno;
    close(fd);
    errno = saved;
    return result;
}

static bool is_unknown(int error)
{
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

int outdisk_move(const char *from, const char *to, bool replace)
{
    struct stat st;
    if (replace)
        return rename(from, to);
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (!is_unknown(errno))
        return -1;
    if (link(from, to) == 0) /* atomic as well */
        return unlink(from);
    if (errno == EEXIST)
        return -1;
    if (lstat(to, &st) == 0) { /* no links here: the best possible */
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

int outdisk_exchange(const char *a, const char *b, const char *spare)
{
    if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0)
        return 0;
    if (!is_unknown(errno) || rename(a, spare) != 0)
        return -1;
    bool b_moved = rename(b, a) == 0;
    if (b_moved && rename(spare, b) == 0)
        return 0;
    int saved = errno;
    if (b_moved)
        rename(a, b);
    rename(spare, a);
    errno = saved;
    return -1;
}

void outdisk_keep_mode(int fd, const char *existing)
{
    struct stat old, new;
    if (lstat(existing, &old) != 0 || !S_ISREG(old.st_mode) || fstat(fd, &new) != 0)
        return;
    mode_t mode = old.st_mode & 0777;
    if (old.st_gid != new.st_gid && fchown(fd, (uid_t)-1, old.st_gid) != 0)
        mode = (mode & 0707) | (mode & 07) << 3;
    if (old.st_uid != new.st_uid && fchown(fd, old.st_uid, (gid_t)-1) != 0)
        log_verbose("%s: cannot keep the file's owner: %s", existing, strerror(errno));
    if (mode != (new.st_mode & 0777) && fchmod(fd, mode) != 0)
        log_verbose("%s: cannot keep the file's mode: %s", existing, strerror(errno));
}
