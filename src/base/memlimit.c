/*
 * The files under /proc and /sys that say how much memory there is, how much of it is
 * allowed and how much is in use.
 *
 * /proc/self/cgroup names our groups, each as a path in its hierarchy;
 * /proc/self/mountinfo says where which part of a hierarchy is mounted. In a container
 * the two may not match; then the place where it is mounted represents our group.
 */
#define _DEFAULT_SOURCE
#include "base/memlimit.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* --- reading ---------------------------------------------------------------------- */

/* The number that follows `key` in a file, or begins it; SIZE_MAX if there is none
 * ("max" is none). */
static size_t read_number(const char *root, const char *path, const char *key)
{
    unsigned long long n;
    char line[256], name[PATH_BYTES];
    size_t found = SIZE_MAX;
    if (snprintf(name, sizeof name, "%s%s", root, path) >= (int)sizeof name)
        return SIZE_MAX;
    FILE *file = fopen(name, "re");
    while (file && found == SIZE_MAX && fgets(line, sizeof line, file))
        if (!strncmp(line, key, strlen(key)) &&
            sscanf(line + strlen(key), "%llu", &n) == 1)
            found = (size_t)n;
    if (file)
        fclose(file);
    return found;
}

static size_t scaled(size_t n, size_t unit)
{
    return n < SIZE_MAX / unit ? n * unit : SIZE_MAX;
}

static size_t left_of(size_t limit, size_t used)
{
    if (limit == SIZE_MAX || used == SIZE_MAX)
        return SIZE_MAX;
    return limit > used ? limit - used : 0;
}

static void take(struct memlimit *nearest, size_t left, const char *by)
{
    if (left < nearest->left)
        *nearest = (struct memlimit){ left, by };
}

/* --- the machine ------------------------------------------------------------------ */

static void look_at_system(const char *root, struct memlimit *nearest)
{
    const char *info = "/proc/meminfo";
    take(nearest, scaled(read_number(root, info, "MemAvailable:"), 1024), "the system");
    /* A limit may be larger than the system's memory. */
    if (read_number(root, "/proc/sys/vm/overcommit_memory", "") == 2)
        take(nearest,
             scaled(left_of(read_number(root, info, "CommitLimit:"),
                            read_number(root, info, "Committed_AS:")),
                    1024),
             "the system");
}

/* --- control groups --------------------------------------------------------------- */

/* The names of one version's files. */
static const struct version {
    const char *type; /* in mountinfo */
    const char *limits[2], *used, *cached;
} v1 = { "cgroup",
         { "memory.limit_in_bytes", NULL },
         "memory.usage_in_bytes",
         "total_inactive_file " },
  v2 = { "cgroup2", { "memory.max", "memory.high" }, "memory.current", "inactive_file " };

static size_t group_number(const char *root, const char *group, const char *file,
                           const char *key)
{
    char path[PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", group, file);
    return read_number(root, path, key);
}

/* One group. Files that were read or written count as used until the memory is needed
 * for something else. */
static void look_at_group(const char *root, const char *group, const struct version *v,
                          struct memlimit *nearest)
{
    size_t used = group_number(root, group, v->used, "");
    size_t cached = group_number(root, group, "memory.stat", v->cached);
    if (used != SIZE_MAX && cached != SIZE_MAX)
        used = left_of(used, cached);
    for (int i = 0; i < 2 && v->limits[i]; i++)
        take(nearest, left_of(group_number(root, group, v->limits[i], ""), used),
             "the control group");
}

/* A group and all above it, up to where the hierarchy is mounted. */
static void look_at_groups(const char *root, const char *mount, const char *inside,
                           const struct version *v, struct memlimit *nearest)
{
    char group[PATH_BYTES];
    size_t top = strlen(mount);
    if (snprintf(group, sizeof group, "%s%s", mount, inside) >= (int)sizeof group)
        group[top] = '\0';
    for (;;) {
        look_at_group(root, group, v, nearest);
        if (strlen(group) <= top)
            return;
        *strrchr(group, '/') = '\0';
    }
}

/* mountinfo writes a blank as \040, and other special characters likewise. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *c = text; *c; c++) {
        bool octal = c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' &&
                     c[2] <= '7' && c[3] >= '0' && c[3] <= '7';
        *to++ = octal ? (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0')) : *c;
        c += octal ? 3 : 0;
    }
    *to = '\0';
}

/* A word in a list that is separated by commas. */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += n)
        if ((at == list || at[-1] == ',') && (!at[n] || strchr(",: \n", at[n])))
            return true;
    return false;
}

/* The rest of a group's path below the part of the hierarchy that is mounted; "" if the
 * group is not in that part. */
static const char *below(const char *path, const char *part)
{
    size_t n = strcmp(part, "/") ? strlen(part) : 0;
    if (strncmp(path, part, n) != 0 || (path[n] && path[n] != '/') ||
        !strncmp(path, "/..", 3))
        return "";
    return strcmp(path + n, "/") ? path + n : "";
}

/* A group of ours, wherever its hierarchy is mounted. */
static void look_at_mounts(const char *root, const char *path, const struct version *v,
                           struct memlimit *nearest)
{
    char name[PATH_BYTES], line[3 * PATH_BYTES], part[PATH_BYTES], mount[PATH_BYTES];
    char type[64], options[512];
    snprintf(name, sizeof name, "%s/proc/self/mountinfo", root);
    FILE *file = fopen(name, "re");
    while (file && fgets(line, sizeof line, file)) {
        const char *rest = strstr(line, " - ");
        if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", part, mount) != 2 ||
            sscanf(rest, " - %63s %*s %511s", type, options) != 2 ||
            strcmp(type, v->type) != 0 || (v == &v1 && !has_word(options, "memory")))
            continue;
        unescape(part);
        unescape(mount);
        look_at_groups(root, mount, below(path, part), v, nearest);
    }
    if (file)
        fclose(file);
}

/* A line is NUMBER:CONTROLLERS:PATH, in version 2 without controllers. */
static void look_at_cgroups(const char *root, struct memlimit *nearest)
{
    char name[PATH_BYTES], line[PATH_BYTES + 256];
    snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    FILE *file = fopen(name, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        if (!controllers[1])
            look_at_mounts(root, path, &v2, nearest);
        else if (has_word(controllers + 1, "memory"))
            look_at_mounts(root, path, &v1, nearest);
    }
    if (file)
        fclose(file);
}

/* --- the process ------------------------------------------------------------------ */

/* Fields of /proc/self/statm, in pages there. */
enum { STATM_SIZE = 0, STATM_RESIDENT = 1, STATM_DATA = 5 };

static size_t process_bytes(const char *root, int field)
{
    char name[PATH_BYTES];
    unsigned long long n[6];
    snprintf(name, sizeof name, "%s/proc/self/statm", root);
    FILE *file = fopen(name, "re");
    int found = file ? fscanf(file, "%llu %llu %llu %llu %llu %llu", &n[0], &n[1], &n[2],
                              &n[3], &n[4], &n[5])
                     : 0;
    if (file)
        fclose(file);
    return found == 6 ? scaled((size_t)n[field], (size_t)sysconf(_SC_PAGESIZE))
                      : SIZE_MAX;
}

static void look_at_ulimits(const char *root, struct memlimit *nearest)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        take(nearest, left_of((size_t)limit.rlim_cur, process_bytes(root, STATM_SIZE)),
             "ulimit -v");
    if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        take(nearest, left_of((size_t)limit.rlim_cur, process_bytes(root, STATM_DATA)),
             "ulimit -d");
}

/* MiB in an environment variable of Slurm's, in bytes; 0 means all of the machine. */
static size_t slurm_bytes(const char *variable)
{
    const char *text = getenv(variable);
    size_t mib = text ? (size_t)strtoull(text, NULL, 10) : 0;
    return mib ? scaled(mib, 1 << 20) : SIZE_MAX;
}

static void look_at_slurm(const char *root, struct memlimit *nearest)
{
    const char *cpus = getenv("SLURM_CPUS_ON_NODE");
    size_t count = cpus ? (size_t)strtoull(cpus, NULL, 10) : 1;
    size_t per_cpu = slurm_bytes("SLURM_MEM_PER_CPU");
    size_t used = process_bytes(root, STATM_RESIDENT);
    take(nearest, left_of(slurm_bytes("SLURM_MEM_PER_NODE"), used), "Slurm");
    take(nearest, left_of(scaled(per_cpu, count ? count : 1), used), "Slurm");
}

struct memlimit memlimit_read(const char *root)
{
    struct memlimit nearest = { SIZE_MAX, "nobody" };
    look_at_system(root, &nearest);
    look_at_cgroups(root, &nearest);
    look_at_slurm(root, &nearest);
    look_at_ulimits(root, &nearest);
    return nearest;
}
