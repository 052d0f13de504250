/* A file in memory, to read: mapped, or lent by the caller. */
#ifndef RIFEC_MODEL_FILEMAP_H
#define RIFEC_MODEL_FILEMAP_H

#include <stdbool.h>
#include <stddef.h>

struct filemap {
    const unsigned char *data;
    size_t bytes;
    bool is_mapped;
};

/* Maps a regular file that is not empty. RIFEC_ERR_MODEL, logged; *m is empty then. */
int filemap_open(struct filemap *m, const char *path);

/* Memory of the caller's, which must outlive it. */
struct filemap filemap_lend(const void *data, size_t bytes);

/* Accepts one that is empty or closed. */
void filemap_close(struct filemap *m);

#endif
