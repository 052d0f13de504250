/* Writes the text of --stats: to a file, which is replaced as a whole, or to a stream. */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/outfile.h"
#include "base/outpath.h"
#include "cli/stats.h"

/* --- streams ---------------------------------------------------------------- */

static int descriptor_of(const char *path)
{
    return strcmp(path, "-") ? outpath_descriptor(path) : STDOUT_FILENO;
}

bool stats_is_stream(const char *path)
{
    struct stat st;
    return descriptor_of(path) >= 0 ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

static int say_failed(const char *path)
{
    log_error("%s: cannot write the statistics: %s", strcmp(path, "-") ? path : "stdout",
              strerror(errno));
    return RIFEC_ERR_OUTPUT;
}

static int write_stream(const char *path, const char *text)
{
    int fd = descriptor_of(path);
    fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : open(path, O_WRONLY | O_CLOEXEC);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f) {
        int err = say_failed(path);
        if (fd >= 0)
            close(fd);
        return err;
    }
    bool ok = fprintf(f, "%s\n", text) >= 0;
    ok = fclose(f) == 0 && ok;
    return ok ? 0 : say_failed(path);
}

/* --- files ------------------------------------------------------------------ */

/* Statistics of an earlier run may be replaced, and an empty file, as mktemp makes it.
 * Any other file belongs to somebody. */
static bool is_replaceable(const char *path)
{
    char start[256];
    int schema, end = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, start, sizeof start - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return n == 0;
    start[n] = '\0';
    return sscanf(start, " { \"schema\" : %d , \"tool\" : \"rifec\" , %n", &schema,
                  &end) == 1 &&
           end > 0;
}

static int file_params(struct outfile_params *p, const char *path, bool overwrite)
{
    struct stat st;
    bool exists = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    *p = (struct outfile_params){ .path = path,
                                  .replace = overwrite,
                                  .keep_part = !overwrite };
    if (!exists || overwrite)
        return 0;
    p->replace = is_replaceable(path);
    if (p->replace)
        return 0;
    log_error("%s: exists and is not a statistics file of rifec; -y replaces it", path);
    return RIFEC_ERR_OUTPUT;
}

int stats_check(const char *path, bool overwrite)
{
    int err = 0;
    struct outfile_params p;
    struct outfile *f = NULL;
    if (stats_is_stream(path))
        return 0; /* opening a pipe would wait for its reader */
    TRY(file_params(&p, path, overwrite));
    TRY(outfile_create(&f, &p));
fail:
    outfile_discard(&f);
    return err;
}

int stats_write(const char *path, const char *text, bool overwrite)
{
    int err = 0;
    struct outfile_params p;
    struct outfile *f = NULL;
    if (stats_is_stream(path))
        return write_stream(path, text);
    TRY(file_params(&p, path, overwrite));
    TRY(outfile_create(&f, &p));
    TRY(outfile_write(f, text, strlen(text)));
    TRY(outfile_write(f, "\n", 1));
    return outfile_publish(&f);
fail:
    outfile_discard(&f);
    return err;
}
