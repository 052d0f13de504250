/* Aligned allocation and the arena. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/memlimit.h"

static atomic_ulong failures;

static size_t round_up(size_t bytes)
{
    return (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
}

void *mem_alloc(size_t bytes)
{
    if (bytes > SIZE_MAX - MEM_ALIGN)
        return NULL;
    return aligned_alloc(MEM_ALIGN, round_up(bytes ? bytes : 1));
}

void mem_free(void *p)
{
    free(p);
}

int mem_fail(const char *what)
{
    log_error("out of memory: cannot allocate %s", what);
    atomic_fetch_add(&failures, 1);
    return RIFEC_ERR_NOMEM;
}

unsigned long mem_failures(void)
{
    return atomic_load(&failures);
}

int mem_check(unsigned long before)
{
    return mem_failures() == before ? 0 : RIFEC_ERR_NOMEM; /* mem_fail() logged it */
}

size_t mem_available(const char **by)
{
    struct memlimit nearest = memlimit_read("");
    if (by)
        *by = nearest.by;
    return nearest.left;
}

bool mem_is_short(size_t bytes)
{
    void *p = mem_available(NULL) >= bytes ? mem_alloc(bytes) : NULL;
    mem_free(p);
    return !p;
}

size_t arena_reserve(struct arena *a, size_t bytes)
{
    size_t at = a->bytes;
    a->bytes += round_up(bytes);
    return at;
}

int arena_open(struct arena *a)
{
    a->base = mem_alloc(a->bytes);
    if (!a->base) {
        log_error("cannot allocate %zu MiB: try a smaller video or --scale 0.5",
                  a->bytes >> 20);
        return RIFEC_ERR_NOMEM;
    }
    return 0;
}

void *arena_at(const struct arena *a, size_t offset)
{
    return a->base + offset;
}

void arena_close(struct arena *a)
{
    mem_free(a->base);
    *a = (struct arena){ 0 };
}
