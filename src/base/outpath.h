/*
 * Names of files that are written: where a symbolic link leads, and the temporary
 * name. Used by outfile.c and whoever has to know the temporary name beforehand.
 * What is returned is freed with free().
 */
#ifndef RIFEC_BASE_OUTPATH_H
#define RIFEC_BASE_OUTPATH_H

/* Where a chain of symbolic links ends, whether a file exists there or not; a copy of
 * `path` if it is no link. NULL with errno (ENOMEM, ELOOP). */
char *outpath_follow(const char *path);

/* The folder of a file: "." if the name has none. NULL: out of memory. */
char *outpath_folder(const char *path);

/*
 * The temporary name of a file, in the same folder: out.part.mp4 for out.mp4. A name
 * that would become too long for the file system is shortened, and a checksum of the
 * whole name keeps it apart from others that begin alike. Does not follow links.
 * NULL: out of memory.
 */
char *outpath_part(const char *path);

/* N of /dev/fd/N and /proc/self/fd/N, 1 and 2 of /dev/stdout and /dev/stderr; else -1.
 * Such a name leads to what the process has open, even if that is a file: it is written
 * where it stands, and never replaced. */
int outpath_descriptor(const char *path);

#endif
