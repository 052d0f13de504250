/* A table of atomic pointers. */
#include "base/unpublished.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/outfile.h"

#define PLACES 64

static _Atomic(const char *) places[PLACES];

void unpublished_add(const char *path)
{
    for (int i = 0; i < PLACES; i++) {
        const char *free_place = NULL;
        if (atomic_compare_exchange_strong(&places[i], &free_place, path))
            return;
    }
}

/* A path that found no place is in the table no more than one taken from it: whether
 * a handler runs is therefore counted apart. */
static atomic_bool handler_ran;

bool unpublished_drop(const char *path)
{
    for (int i = 0; i < PLACES; i++) {
        const char *expected = path;
        if (atomic_compare_exchange_strong(&places[i], &expected, NULL))
            return true;
    }
    return !atomic_load(&handler_ran);
}

void outfile_remove_unpublished(void)
{
    int saved = errno;
    atomic_store(&handler_ran, true);
    for (int i = 0; i < PLACES; i++) {
        const char *path = atomic_exchange(&places[i], NULL);
        if (path)
            unlink(path);
    }
    errno = saved;
}
