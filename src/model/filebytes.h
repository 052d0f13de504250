/* The bytes of a file, in memory: read from it, or lent by the caller. */
#ifndef RIFEC_MODEL_FILEBYTES_H
#define RIFEC_MODEL_FILEBYTES_H

#include <stdbool.h>
#include <stddef.h>

struct filebytes {
    const unsigned char *data;
    size_t bytes;
    bool is_ours; /* to be freed */
};

/* Reads a regular file that is not empty. RIFEC_ERR_MODEL or RIFEC_ERR_NOMEM, logged;
 * *m is empty then. */
int filebytes_open(struct filebytes *m, const char *path);

/* Memory of the caller's, which must outlive it. */
struct filebytes filebytes_lend(const void *data, size_t bytes);

/* Accepts one that is empty or closed. */
void filebytes_close(struct filebytes *m);

#endif
