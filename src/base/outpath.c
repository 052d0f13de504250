/* Links, folders and temporary names; and whether two names mean one file. */
#define _POSIX_C_SOURCE 200809L
#include "base/outpath.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/outfile.h"

#define LINKS_MAX     40 /* as many as Linux follows */
#define EXTENSION_MAX 32 /* longer ones are not an extension */

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static char *join(const char *a, size_t a_length, const char *b)
{
    char *text = malloc(a_length + strlen(b) + 1);
    if (text) {
        memcpy(text, a, a_length);
        strcpy(text + a_length, b);
    }
    return text;
}

char *outpath_follow(const char *path)
{
    char to[PATH_MAX];
    char *at = strdup(path);
    for (int i = 0; at && i < LINKS_MAX; i++) {
        ssize_t length = readlink(at, to, sizeof to - 1);
        if (length <= 0)
            return at;
        to[length] = '\0';
        size_t folder = to[0] == '/' ? 0 : (size_t)(last_component(at) - at);
        char *next = join(at, folder, to);
        free(at);
        at = next;
    }
    if (at)
        errno = ELOOP;
    free(at);
    return NULL;
}

char *outpath_folder(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--; /* a/b/ is in a */
    while (length && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    return length ? join(path, length, "") : strdup(".");
}

/* --- the temporary name ----------------------------------------------------- */

static size_t name_max(const char *path)
{
    char *folder = outpath_folder(path);
    if (!folder)
        mem_fail("the name of a folder");
    long max = folder ? pathconf(folder, _PC_NAME_MAX) : -1;
    free(folder);
    return max > 0 ? (size_t)max : 255;
}

/* FNV-1a. */
static uint32_t checksum(const char *text)
{
    uint32_t sum = 2166136261u;
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * 16777619u;
    return sum;
}

/* The name's first `stem` bytes and the ending; if that is too long, as many as fit, and
 * the checksum of the whole name before the ending. */
static char *with_ending(const char *path, size_t stem, const char *ending)
{
    const char *name = last_component(path);
    char sum[16] = "";
    size_t max = name_max(path);
    if (stem + strlen(ending) > max) {
        snprintf(sum, sizeof sum, ".%08x", (unsigned)checksum(name));
        size_t used = strlen(sum) + strlen(ending), room = max > used ? max - used : 0;
        stem = stem < room ? stem : room;
        while (stem && ((unsigned char)name[stem] & 0xc0) == 0x80)
            stem--; /* no half of a UTF-8 character */
    }
    size_t size = (size_t)(name - path) + stem + strlen(sum) + strlen(ending) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%.*s%s%s", (int)(name - path + (ptrdiff_t)stem), path, sum,
                 ending);
    return text;
}

char *outpath_beside(const char *path, const char *ending)
{
    return with_ending(path, strlen(last_component(path)), ending);
}

char *outpath_part(const char *path)
{
    const char *name = last_component(path), *dot = strrchr(name, '.');
    const char *extension = dot && strlen(dot) <= EXTENSION_MAX ? dot : "";
    char ending[EXTENSION_MAX + 16];
    snprintf(ending, sizeof ending, ".part%s", extension);
    return with_ending(path, strlen(name) - strlen(extension), ending);
}

/* --- open descriptors --------------------------------------------------------- */

int outpath_descriptor(const char *path)
{
    static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };
    if (!strcmp(path, "/dev/stdout"))
        return STDOUT_FILENO;
    if (!strcmp(path, "/dev/stderr"))
        return STDERR_FILENO;
    for (int i = 0; i < 2; i++) {
        const char *number = path + strlen(folders[i]);
        char *end;
        if (strncmp(path, folders[i], strlen(folders[i])) != 0 ||
            !isdigit((unsigned char)*number))
            continue;
        long fd = strtol(number, &end, 10);
        if (!*end && fd <= INT_MAX)
            return (int)fd;
    }
    return -1;
}

/* --- one file, two names ------------------------------------------------------ */

static void strip_slashes(char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
}

/* Takes the last component off *path and puts it before *rest; both are replaced. */
static int climb(char **path, char **rest)
{
    const char *name = last_component(*path);
    bool is_nothing = !name[0] || !strcmp(name, ".");
    char *folder = outpath_folder(*path), *longer = NULL;
    if (!is_nothing) {
        longer = malloc(strlen(name) + strlen(*rest) + 2);
        if (longer)
            snprintf(longer, strlen(name) + strlen(*rest) + 2, "%s%s%s", name,
                     **rest ? "/" : "", *rest);
    }
    if (!folder || (!is_nothing && !longer)) {
        free(folder);
        free(longer);
        return -1;
    }
    if (longer) {
        free(*rest);
        *rest = longer;
    }
    free(*path);
    *path = folder;
    return 0;
}

int outpath_identify(struct outpath_id *out, const char *path)
{
    struct stat st = { 0 };
    char *at = outpath_follow(path), *rest = strdup("");
    if (!at && errno == ELOOP)
        at = strdup(path);
    bool fails = !at || !rest;
    if (!fails)
        strip_slashes(at);
    while (!fails && stat(at, &st) != 0 && strcmp(at, ".") != 0 && strcmp(at, "/") != 0)
        fails = climb(&at, &rest) != 0;
    free(at);
    if (fails) {
        free(rest);
        rest = NULL;
    }
    *out = (struct outpath_id){ st.st_dev, st.st_ino, rest };
    return fails ? -1 : 0;
}

void outpath_id_free(struct outpath_id *id)
{
    free(id->rest);
    id->rest = NULL;
}

int outpath_id_compare(const struct outpath_id *a, const struct outpath_id *b)
{
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return strcmp(a->rest, b->rest);
}

bool outfile_same(const char *a, const char *b)
{
    struct outpath_id id_a, id_b = { 0 };
    bool found = outpath_identify(&id_a, a) == 0 && outpath_identify(&id_b, b) == 0;
    bool same = found && outpath_id_compare(&id_a, &id_b) == 0;
    if (!found)
        mem_fail("a file name");
    outpath_id_free(&id_a);
    outpath_id_free(&id_b);
    return same;
}
