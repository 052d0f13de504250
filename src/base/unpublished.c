/* A table of atomic pointers; and removing without the C library's memory. */
#define _GNU_SOURCE /* struct dirent64, O_DIRECTORY */
#include "base/unpublished.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/outfile.h"

#define PLACES 64

static _Atomic(const struct unpublished *) places[PLACES];
/* An entry that found no place is not in the table either, and still belongs to its
 * owner. */
static atomic_bool handler_ran;

void unpublished_add(const struct unpublished *entry)
{
    for (int i = 0; i < PLACES; i++) {
        const struct unpublished *none = NULL;
        if (atomic_compare_exchange_strong(&places[i], &none, entry))
            return;
    }
}

bool unpublished_drop(const struct unpublished *entry)
{
    for (int i = 0; i < PLACES; i++) {
        const struct unpublished *expected = entry;
        if (atomic_compare_exchange_strong(&places[i], &expected, NULL))
            return true;
    }
    return !atomic_load(&handler_ran);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), k = strlen(suffix);
    return n >= k && !memcmp(name + n - k, suffix, k);
}

/* readdir() allocates, which a signal handler must not do. Returns true if any were
 * removed. */
static bool remove_files(int folder, const char *suffix)
{
    bool removed = false;
    _Alignas(struct dirent64) char entries[4096];
    long bytes;
    lseek(folder, 0, SEEK_SET);
    while ((bytes = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0)
        for (long at = 0; at < bytes;) {
            const struct dirent64 *e = (const struct dirent64 *)(entries + at);
            if (ends_in(e->d_name, suffix) && unlinkat(folder, e->d_name, 0) == 0)
                removed = true;
            at += e->d_reclen;
        }
    return removed;
}

void unpublished_remove(const struct unpublished *entry)
{
    if (!entry->suffix) {
        unlink(entry->path);
        return;
    }
    int folder = open(entry->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return;
    while (remove_files(folder, entry->suffix))
        ; /* removing may make a pass skip some */
    close(folder);
    rmdir(entry->path);
}

void outfile_remove_unpublished(void)
{
    int saved = errno;
    atomic_store(&handler_ran, true);
    for (int i = 0; i < PLACES; i++) {
        const struct unpublished *entry = atomic_exchange(&places[i], NULL);
        if (entry)
            unpublished_remove(entry);
    }
    errno = saved;
}
