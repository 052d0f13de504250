/*
 * Keeps the fastest plans on disk, as measured: one JSON file with one object per machine
 * (GPU, driver, library versions), which has one entry per layer. Losing it costs a few
 * seconds, so nothing about it is an error.
 */
#ifndef RIFEC_ENGINE_CUDNN_PLAN_CACHE_H
#define RIFEC_ENGINE_CUDNN_PLAN_CACHE_H

struct plan_cache;

struct plan_entry {
    const char *method;    /* cudnn_candidate.h; "route" in the file         */
    const char *algorithm; /* the library's, as text; "choice" in the file   */
    double us;             /* microseconds it took                           */
};

/*
 * Reads the file if it exists; a damaged one is ignored with a warning. If path is NULL,
 * it is $XDG_CACHE_HOME/rifec/cudnn-plans.json or ~/.cache/rifec/...; "" means no file.
 * `machine` is copied. Returns NULL when out of memory, which the other functions accept.
 */
struct plan_cache *plan_cache_open(const char *path, const char *machine);
void plan_cache_close(struct plan_cache **c);

/* Returns 1 and the entry, whose strings are valid until the next call; or 0. */
int plan_cache_get(const struct plan_cache *c, const char *layer, struct plan_entry *e);
void plan_cache_put(struct plan_cache *c, const char *layer, const struct plan_entry *e);

/* Writes the file if anything changed, completely or not at all. */
void plan_cache_save(struct plan_cache *c);

#endif
