/*
 * Names of files that are written: where a symbolic link leads, and the temporary name.
 * Used by outfile.c and by code that must know the temporary name beforehand. The caller
 * frees returned strings with free().
 */
#ifndef RIFEC_BASE_OUTPATH_H
#define RIFEC_BASE_OUTPATH_H

/* The end of a chain of symbolic links, whether a file exists there or not; a copy of
 * `path` if it is not a link. NULL with errno (ENOMEM, ELOOP). */
char *outpath_follow(const char *path);

/* The folder of a file or folder: "." if the name has none. NULL: out of memory. */
char *outpath_folder(const char *path);

/* The name followed by an ending, such as out.mp4.resume; shortened if necessary, as
 * outpath_part() does. NULL: out of memory. */
char *outpath_beside(const char *path, const char *ending);

/*
 * The temporary name of a file, in the same folder: out.part.mp4 for out.mp4. A name
 * that would become too long for the file system is shortened, and a checksum of the
 * whole name keeps it apart from others that begin alike. Does not follow links.
 * NULL: out of memory.
 */
char *outpath_part(const char *path);

/*
 * The identity of a path, whatever its spelling: a file that exists, or a name that does
 * not exist yet in a folder that does. Links are followed, even dangling ones.
 */
struct outpath_id {
    unsigned long long device, inode; /* of the file, or else of its folder */
    char *rest;                       /* the name below it; "": a file      */
};

/* Returns 0, or -1 when out of memory. */
int outpath_identify(struct outpath_id *out, const char *path);
void outpath_id_free(struct outpath_id *id);

/* 0 if both are the same; else an order, for sorting. */
int outpath_id_compare(const struct outpath_id *a, const struct outpath_id *b);

/* Returns N for /dev/fd/N and /proc/self/fd/N, 1 and 2 for /dev/stdout and
 * /dev/stderr, and -1 for all others. Such a name leads to an open descriptor of the
 * process, even if that is a file: it is written directly and never replaced. */
int outpath_descriptor(const char *path);

#endif
