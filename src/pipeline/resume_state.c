/* Text with a checksum, to a file and back. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/resume_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outfile.h"

#define FIRST_LINE "rifec resume 2\n"
#define ANY_FORMAT "rifec resume "
#define OLD_FORMAT "rifec: "
#define LAST_LINE  "checksum: "
#define LAST_SIZE  (sizeof LAST_LINE - 1 + DIGEST_TEXT) /* with the end of the line */
#define SIZE_LIMIT (16 << 20)                           /* no settings are that long */

static bool begins(const char *data, size_t size, const char *with)
{
    return size >= strlen(with) && !memcmp(data, with, strlen(with));
}

/* Compares the last line with the digest of all lines before it. */
static int check_seal(const char *data, size_t size, bool *whole)
{
    int err = 0;
    uint8_t digest[DIGEST_SIZE];
    char line[LAST_SIZE + 1] = LAST_LINE;
    *whole = false;
    if (size < LAST_SIZE)
        return 0;
    TRY(digest_of(data, size - LAST_SIZE, digest));
    digest_text(digest, line + sizeof LAST_LINE - 1);
    line[LAST_SIZE - 1] = '\n';
    *whole = !memcmp(data + size - LAST_SIZE, line, LAST_SIZE);
fail:
    return err;
}

int state_parse(const char *data, size_t size, enum state_kind *kind, char **text)
{
    int err = 0;
    bool whole = false;
    size_t first = strlen(FIRST_LINE);
    *text = NULL;
    *kind = STATE_DAMAGED;
    if (begins(data, size, OLD_FORMAT))
        *kind = STATE_OLD;
    if (begins(data, size, ANY_FORMAT))
        TRY(check_seal(data, size, &whole));
    if (!whole)
        return 0;
    *kind = begins(data, size, FIRST_LINE) ? STATE_WHOLE : STATE_OTHER;
    if (*kind == STATE_WHOLE && (size < first + LAST_SIZE || memchr(data, 0, size)))
        *kind = STATE_DAMAGED;
    if (*kind != STATE_WHOLE)
        return 0;
    *text = strndup(data + first, size - first - LAST_SIZE);
    if (!*text)
        TRY(mem_fail("the resume settings"));
fail:
    return err;
}

/* All of a file; NULL if it is not a regular file, or too long to be ours. */
static int read_file(int fd, const char *path, char **out, size_t *size)
{
    int err = 0;
    struct stat st;
    size_t room;
    ssize_t n;
    *out = NULL;
    *size = 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SIZE_LIMIT)
        return 0;
    room = (size_t)st.st_size;
    *out = malloc(room + 1);
    if (!*out)
        TRY(mem_fail("the resume settings"));
    while (*size < room && (n = read(fd, *out + *size, room - *size)) != 0) {
        if (n < 0 && errno != EINTR)
            FAIL(RIFEC_ERR_OUTPUT, "%s: cannot read it: %s", path, strerror(errno));
        *size += n > 0 ? (size_t)n : 0;
    }
fail:
    if (err < 0) {
        free(*out);
        *out = NULL;
    }
    return err;
}

int state_load(const char *path, enum state_kind *kind, char **text)
{
    int err = 0;
    char *data = NULL;
    size_t size;
    *text = NULL;
    *kind = STATE_ABSENT;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0)
        FAIL(RIFEC_ERR_OUTPUT, "%s: cannot read it: %s", path, strerror(errno));
    TRY(read_file(fd, path, &data, &size));
    *kind = STATE_DAMAGED;
    if (data)
        TRY(state_parse(data, size, kind, text));
fail:
    if (fd >= 0)
        close(fd);
    free(data);
    return err;
}

int state_digest(const char *text, uint8_t digest[DIGEST_SIZE])
{
    char *all = av_asprintf(FIRST_LINE "%s", text);
    int err = all ? digest_of(all, strlen(all), digest) : mem_fail("the resume settings");
    av_free(all);
    return err;
}

int state_save(const char *path, const char *text)
{
    int err = 0;
    uint8_t digest[DIGEST_SIZE];
    char sum[DIGEST_TEXT];
    char *all = NULL;
    TRY(state_digest(text, digest));
    digest_text(digest, sum);
    all = av_asprintf(FIRST_LINE "%s" LAST_LINE "%s\n", text, sum);
    if (!all)
        TRY(mem_fail("the resume settings"));
    TRY(outfile_put(&(struct outfile_params){ .path = path, .replace = true }, all,
                    strlen(all)));
fail:
    av_free(all);
    return err;
}
