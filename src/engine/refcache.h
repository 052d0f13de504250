/*
 * The resident source frames and their slots. A source frame is uploaded and converted
 * exactly once, whatever the number of in-betweens made from it.
 */
#ifndef RIFEC_ENGINE_REFCACHE_H
#define RIFEC_ENGINE_REFCACHE_H

#include <stdint.h>

#define REFCACHE_SLOTS_MAX 16

struct refcache {
    int slots;
    int64_t seq[REFCACHE_SLOTS_MAX]; /* REFCACHE_EMPTY, or the frame in this slot */
};

#define REFCACHE_EMPTY INT64_MIN

/* 2 .. REFCACHE_SLOTS_MAX slots. */
void refcache_init(struct refcache *c, int slots);

/* Returns the slot for a new frame: an empty one, or the oldest, which becomes empty. */
int refcache_evict(struct refcache *c);

/* The frame is in the slot now. */
void refcache_set(struct refcache *c, int slot, int64_t seq);

/* Returns its slot, or -1. */
int refcache_find(const struct refcache *c, int64_t seq);

/* The newest resident frame, or REFCACHE_EMPTY. */
int64_t refcache_newest(const struct refcache *c);

#endif
