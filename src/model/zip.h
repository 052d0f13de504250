/*
 * Finds the files in a ZIP archive whose files are stored as they are, which is how
 * PyTorch writes them (APPNOTE.TXT of PKWARE, ZIP64 included).
 */
#ifndef RIFEC_MODEL_ZIP_H
#define RIFEC_MODEL_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/filebytes.h"

struct zip {
    const struct filebytes *file;
    const char *name;         /* for messages */
    const unsigned char *at;  /* the directory's next entry */
    const unsigned char *end; /* of the directory           */
};

struct zip_entry {
    const char *name; /* not terminated */
    size_t name_length;
    const unsigned char *data;
    size_t bytes;
};

/* Finds the directory. RIFEC_ERR_MODEL, logged. `file` must outlive it. */
int zip_open(struct zip *z, const struct filebytes *file, const char *name);

/*
 * The next file: 1, or 0 after the last, or RIFEC_ERR_MODEL, logged, when the
 * directory is damaged or the file is compressed or reaches out of the archive.
 */
int zip_next(struct zip *z, struct zip_entry *entry);

#endif
