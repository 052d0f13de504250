/*
 * A temporary folder, for many files that are to appear together. Like a temporary file
 * it is newly created, locked while its writer lives, and removed with its contents;
 * files that do not end in the suffix are never removed. The caller moves its files out
 * of it.
 */
#ifndef RIFEC_BASE_OUTFOLDER_H
#define RIFEC_BASE_OUTFOLDER_H

#include <stdbool.h>

struct outfolder;

struct outfolder_params {
    const char *path;   /* of the folder, with or without a slash at its end       */
    const char *suffix; /* of the names of its files: ".png"                       */
    const char *name;   /* of the output, for messages                             */
    bool take_over;     /* remove one whose writer is dead, with its files         */
    bool *taken;        /* as in struct outfile_params: another process writes it  */
};

/* Creates it. Errors: OUTPUT, NOMEM. */
int outfolder_create(struct outfolder **out, const struct outfolder_params *p);

/* From now on it also holds files that are not this process's alone: after a crash it
 * stays. */
void outfolder_keep_after_crash(struct outfolder *f);

/* Removes the folder and its files. Accepts NULL. */
void outfolder_remove(struct outfolder **f);

#endif
