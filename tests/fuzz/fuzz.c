/* Shared by the harnesses: the log, copies, a file. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "rifec/error.h"
#include "rifec/log.h"

static atomic_int errors, warnings;
static char path[1024];
static int file = -1;

static void count_errors(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    MUST(line && *line && !strchr(line, '\n'));
    errors += level == RIFEC_LOG_ERROR;
    warnings += level == RIFEC_LOG_WARNING;
}

void fuzz_begin(void)
{
    errors = warnings = 0;
    rifec_log_set(RIFEC_LOG_DEBUG, count_errors, NULL);
}

void fuzz_judge(int err)
{
    MUST(err <= 0 && err != RIFEC_ERR_INTERNAL);
    MUST(err == 0 || err == RIFEC_ERR_ABORT || errors > 0);
}

bool fuzz_warned(void)
{
    return warnings > 0;
}

uint8_t *fuzz_copy(const void *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    MUST(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

char *fuzz_text(const void *data, size_t size)
{
    char *text = malloc(size + 1);
    MUST(text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static void remove_file(void)
{
    unlink(path);
}

static void make_file(void)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/rifec-fuzz-XXXXXX", folder ? folder : "/tmp");
    file = mkstemp(path);
    MUST(file >= 0);
    atexit(remove_file);
}

const char *fuzz_file(const void *data, size_t size)
{
    if (file < 0)
        make_file();
    MUST(ftruncate(file, 0) == 0);
    MUST(pwrite(file, data, size, 0) == (ssize_t)size);
    return path;
}
