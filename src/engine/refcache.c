/* The slots of resident source frames. */
#include "engine/refcache.h"

void refcache_init(struct refcache *c, int slots)
{
    c->slots = slots;
    for (int i = 0; i < slots; i++)
        c->seq[i] = REFCACHE_EMPTY;
}

int refcache_evict(struct refcache *c)
{
    int oldest = 0; /* an empty slot counts as older than any frame */
    for (int i = 1; i < c->slots; i++)
        if (c->seq[i] < c->seq[oldest])
            oldest = i;
    c->seq[oldest] = REFCACHE_EMPTY;
    return oldest;
}

void refcache_set(struct refcache *c, int slot, int64_t seq)
{
    c->seq[slot] = seq;
}

int refcache_find(const struct refcache *c, int64_t seq)
{
    for (int i = 0; i < c->slots; i++)
        if (c->seq[i] == seq && seq != REFCACHE_EMPTY)
            return i;
    return -1;
}

int64_t refcache_newest(const struct refcache *c)
{
    int64_t newest = REFCACHE_EMPTY;
    for (int i = 0; i < c->slots; i++)
        if (c->seq[i] > newest)
            newest = c->seq[i];
    return newest;
}
