/*
 * Memory: aligned blocks, and an arena that is planned first, allocated once
 * and pointed into. All sizes are known at open; nothing is allocated per
 * frame.
 */
#ifndef RIFEC_BASE_MEM_H
#define RIFEC_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#define MEM_ALIGN 64 /* a cache line, and the widest vector */

/* Aligned to MEM_ALIGN; NULL when out of memory. Free it with mem_free(). */
void *mem_alloc(size_t bytes);
void mem_free(void *p);

/*
 * Call this after an allocation, ours or a library's, returned NULL: it logs "out of
 * memory: cannot allocate `what`" and returns RIFEC_ERR_NOMEM, so that no lack of memory
 * ends a job without a message. Callers further up only pass the code on.
 */
int mem_fail(const char *what);

/*
 * A safety net: mem_fail() counts its calls in this process. mem_check() returns
 * RIFEC_ERR_NOMEM if the count is no longer `before`. So a job does not publish its
 * output if an allocation failed in a function that cannot return an error.
 */
unsigned long mem_failures(void);
int mem_check(unsigned long before);

/* True if `bytes` cannot be allocated now. Libraries report a lack of memory and a
 * damaged file that asks for an absurd amount with the same code; this tells which it
 * is. */
bool mem_is_short(size_t bytes);

/* Bytes that could be allocated now without swapping: what the system has to spare, or
 * less when a limit is nearer (base/memlimit.h). *by, unless it is NULL: whose limit
 * that is, as a phrase. SIZE_MAX when unknown. */
size_t mem_available(const char **by);

/*
 * Plan: each arena_reserve() returns the offset of a block. arena_open() then
 * allocates the whole, arena_at() turns offsets into pointers.
 */
struct arena {
    size_t bytes; /* planned so far */
    unsigned char *base;
};

size_t arena_reserve(struct arena *a, size_t bytes);
int arena_open(struct arena *a);
void *arena_at(const struct arena *a, size_t offset);
void arena_close(struct arena *a);

#endif
