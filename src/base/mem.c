/* Aligned allocation and the arena. */
#define _POSIX_C_SOURCE 200809L
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

static size_t round_up(size_t bytes)
{
    return (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
}

void *mem_alloc(size_t bytes)
{
    return aligned_alloc(MEM_ALIGN, round_up(bytes ? bytes : 1));
}

void mem_free(void *p)
{
    free(p);
}

int mem_fail(const char *what)
{
    log_error("out of memory: cannot allocate %s", what);
    return RIFEC_ERR_NOMEM;
}

/* The number that follows `key` in a file, or begins it; SIZE_MAX if there is none. */
static size_t read_number(const char *path, const char *key)
{
    unsigned long long n;
    char line[128];
    size_t found = SIZE_MAX;
    FILE *file = fopen(path, "r");
    while (file && found == SIZE_MAX && fgets(line, sizeof line, file))
        if (!strncmp(line, key, strlen(key)) &&
            sscanf(line + strlen(key), "%llu", &n) == 1)
            found = (size_t)n;
    if (file)
        fclose(file);
    return found;
}

static size_t left_of(size_t limit, size_t used)
{
    if (limit == SIZE_MAX || used == SIZE_MAX)
        return SIZE_MAX;
    return limit > used ? limit - used : 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Of the container's limit. */
static size_t left_of_group(void)
{
    return left_of(read_number("/sys/fs/cgroup/memory.max", ""),
                   read_number("/sys/fs/cgroup/memory.current", ""));
}

/* Of the process's own limit, `ulimit -v`. */
static size_t left_of_process(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    size_t pages = read_number("/proc/self/statm", "");
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return left_of((size_t)limit.rlim_cur, pages == SIZE_MAX ? pages : pages * page);
}

size_t mem_available(void)
{
    size_t kib = read_number("/proc/meminfo", "MemAvailable:");
    size_t system = kib < SIZE_MAX >> 10 ? kib << 10 : SIZE_MAX;
    return smaller(system, smaller(left_of_group(), left_of_process()));
}

bool mem_is_short(size_t bytes)
{
    void *p = mem_available() >= bytes ? mem_alloc(bytes) : NULL;
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
