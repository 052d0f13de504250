/* Limits on memory, read from trees of files that look like /proc and /sys. */
#define _DEFAULT_SOURCE
#include "base/memlimit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define MIB(n) ((size_t)(n) << 20)

static char root[64]; /* the folder of this case */

/* Writes a file and makes its folders. */
static void put(const char *path, const char *text)
{
    char name[512];
    snprintf(name, sizeof name, "%s%s", root, path);
    for (char *at = name + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = '\0';
        mkdir(name, 0777);
    }
    FILE *f = fopen(name, "w");
    if (CHECK(f != NULL)) {
        fputs(text, f);
        fclose(f);
    }
}

/* A tree with 8000 MiB free and no limit. */
static void begin(void)
{
    strcpy(root, "/tmp/rifec-limit-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
    put("/proc/meminfo", "MemTotal:       16384000 kB\nMemAvailable:    8192000 kB\n"
                         "CommitLimit:     2048000 kB\nCommitted_AS:    1024000 kB\n");
    put("/proc/sys/vm/overcommit_memory", "0\n");
    put("/proc/self/statm", "51200 25600 1000 10 0 12800 0\n"); /* 200, 100, 50 MiB */
}

static void leaves(size_t bytes, const char *by)
{
    char command[128];
    struct memlimit found = memlimit_read(root);
    CHECK_INT(found.left, bytes);
    CHECK_STR(found.by, by);
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK_INT(system(command), 0);
}

#define GROUP "the control group"
#define MOUNT2                                                                           \
    "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNT1                                                                           \
    "30 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"                \
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"

/* --- the system ------------------------------------------------------------------- */

static void system_alone(void)
{
    begin();
    leaves(MIB(8000), "the system");
    begin();
    put("/proc/sys/vm/overcommit_memory", "2\n");
    leaves(MIB(1000), "the system");
    strcpy(root, "/tmp/rifec-no-such-folder");
    struct memlimit none = memlimit_read(root);
    CHECK(none.left == SIZE_MAX);
}

/* --- version 2 -------------------------------------------------------------------- */

/* A service of systemd with MemoryMax=. */
static void version_2(void)
{
    begin();
    put("/proc/self/cgroup", "0::/system.slice/film.service\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/system.slice/film.service/memory.max", "1048576000\n");
    put("/sys/fs/cgroup/system.slice/film.service/memory.high", "max\n");
    put("/sys/fs/cgroup/system.slice/film.service/memory.current", "314572800\n");
    leaves(MIB(700), GROUP);
}

/* Memory that caches files is free for use. */
static void version_2_cache(void)
{
    begin();
    put("/proc/self/cgroup", "0::/a\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/a/memory.max", "1048576000\n");
    put("/sys/fs/cgroup/a/memory.current", "1048576000\n");
    put("/sys/fs/cgroup/a/memory.stat",
        "anon 1\nactive_file 7\ninactive_file 524288000\n");
    leaves(MIB(500), GROUP);
}

/* The tightest limit of all parent groups counts, with the memory of their other
 * members. */
static void version_2_nested(void)
{
    begin();
    put("/proc/self/cgroup", "0::/slurm/job_7/step_0\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n");
    put("/sys/fs/cgroup/slurm/job_7/step_0/memory.current", "104857600\n");
    put("/sys/fs/cgroup/slurm/job_7/memory.max", "419430400\n");
    put("/sys/fs/cgroup/slurm/job_7/memory.current", "209715200\n");
    put("/sys/fs/cgroup/slurm/memory.max", "2097152000\n");
    put("/sys/fs/cgroup/slurm/memory.current", "209715200\n");
    leaves(MIB(200), GROUP);
}

static void version_2_high(void)
{
    begin();
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/a/b/memory.max", "2097152000\n");
    put("/sys/fs/cgroup/a/b/memory.current", "104857600\n");
    put("/sys/fs/cgroup/a/memory.high", "209715200\n");
    put("/sys/fs/cgroup/a/memory.current", "104857600\n");
    leaves(MIB(100), GROUP);
}

/* In a container with its own namespace, its group looks like the root. */
static void version_2_container(void)
{
    begin();
    put("/proc/self/cgroup", "0::/\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/memory.max", "1048576000\n");
    put("/sys/fs/cgroup/memory.current", "1048576\n");
    leaves(MIB(999), GROUP);
    begin(); /* a process that was moved out of the namespace's root */
    put("/proc/self/cgroup", "0::/../other\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/memory.max", "1048576000\n");
    put("/sys/fs/cgroup/memory.current", "1048576\n");
    leaves(MIB(999), GROUP);
}

static void used_up(void)
{
    begin();
    put("/proc/self/cgroup", "0::/a\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/a/memory.max", "1000\n");
    put("/sys/fs/cgroup/a/memory.current", "2000\n");
    leaves(0, GROUP);
}

/* --- version 1 -------------------------------------------------------------------- */

static void version_1(void)
{
    begin();
    put("/proc/self/cgroup", "9:name=systemd:/x\n3:cpu,memory:/lxc/a\n0::/\n");
    put("/proc/self/mountinfo", MOUNT1);
    put("/sys/fs/cgroup/memory/lxc/a/memory.limit_in_bytes", "346030080\n");
    put("/sys/fs/cgroup/memory/lxc/a/memory.usage_in_bytes", "31457280\n");
    put("/sys/fs/cgroup/memory/lxc/a/memory.stat",
        "inactive_file 1\ntotal_inactive_file 1048576\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "31457280\n");
    leaves(MIB(301), GROUP);
}

static void version_1_parent(void)
{
    begin();
    put("/proc/self/cgroup", "4:memory:/jobs/7\n");
    put("/proc/self/mountinfo", MOUNT1);
    put("/sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/jobs/7/memory.usage_in_bytes", "1048576\n");
    put("/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "104857600\n");
    put("/sys/fs/cgroup/memory/jobs/memory.usage_in_bytes", "52428800\n");
    leaves(MIB(50), GROUP);
}

/* Docker mounts a container's own group in place of the root. */
static void version_1_container(void)
{
    begin();
    put("/proc/self/cgroup", "4:memory:/docker/0123\n");
    put("/proc/self/mountinfo",
        "35 31 0:32 /docker/0123 /sys/fs/cgroup/memory ro - cgroup "
        "cgroup rw,memory\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1048576\n");
    leaves(MIB(99), GROUP);
    begin(); /* sometimes the path does not exist inside the container */
    put("/proc/self/cgroup", "4:memory:/kubepods/pod1/0123\n");
    put("/proc/self/mountinfo", "35 31 0:32 /../.. /sys/fs/cgroup/memory ro - cgroup "
                                "cgroup rw,memory\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1048576\n");
    leaves(MIB(99), GROUP);
}

/* Both versions, and a mount point that mountinfo has to escape. */
static void hybrid(void)
{
    begin();
    put("/proc/self/cgroup", "4:memory:/a\n0::/b\n");
    put("/proc/self/mountinfo",
        "35 31 0:32 / /mnt/my\\040groups rw - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put("/mnt/my groups/a/memory.limit_in_bytes", "104857600\n");
    put("/mnt/my groups/a/memory.usage_in_bytes", "0\n");
    put("/sys/fs/cgroup/unified/b/memory.max", "52428800\n");
    put("/sys/fs/cgroup/unified/b/memory.current", "0\n");
    leaves(MIB(50), GROUP);
}

/* --- Slurm, ulimit ---------------------------------------------------------------- */

static void slurm(void)
{
    setenv("SLURM_MEM_PER_NODE", "4000", 1);
    begin();
    leaves(MIB(3900), "Slurm");
    setenv("SLURM_MEM_PER_NODE", "0", 1);
    begin();
    leaves(MIB(8000), "the system");
    unsetenv("SLURM_MEM_PER_NODE");
    setenv("SLURM_MEM_PER_CPU", "1000", 1);
    begin();
    leaves(MIB(900), "Slurm");
    setenv("SLURM_CPUS_ON_NODE", "4", 1);
    begin();
    leaves(MIB(3900), "Slurm");
    begin(); /* in the end the group's limit counts */
    put("/proc/self/cgroup", "0::/a\n");
    put("/proc/self/mountinfo", MOUNT2);
    put("/sys/fs/cgroup/a/memory.max", "1048576000\n");
    put("/sys/fs/cgroup/a/memory.current", "0\n");
    leaves(MIB(1000), GROUP);
    unsetenv("SLURM_MEM_PER_CPU");
    unsetenv("SLURM_CPUS_ON_NODE");
}

/* A limit far above anything in use, and a process that uses nearly all of it. */
static void ulimit_of(int resource, const char *statm, const char *by)
{
    struct rlimit before, limit;
    if (!CHECK(getrlimit(resource, &before) == 0))
        return;
    limit = before;
    limit.rlim_cur = (rlim_t)1 << 47;
    if (before.rlim_cur < limit.rlim_cur || setrlimit(resource, &limit) != 0)
        return; /* limited already */
    begin();
    put("/proc/self/statm", statm);
    leaves(MIB(300), by);
    setrlimit(resource, &before);
}

static void ulimits(void)
{
    char statm[128];
    long page = sysconf(_SC_PAGESIZE);
    unsigned long long pages = (((unsigned long long)1 << 47) - MIB(300)) / (size_t)page;
    snprintf(statm, sizeof statm, "%llu 10 10 10 0 10 0\n", pages);
    ulimit_of(RLIMIT_AS, statm, "ulimit -v");
    snprintf(statm, sizeof statm, "10 10 10 10 0 %llu 0\n", pages);
    ulimit_of(RLIMIT_DATA, statm, "ulimit -d");
}

int main(void)
{
    unsetenv("SLURM_MEM_PER_NODE");
    unsetenv("SLURM_MEM_PER_CPU");
    unsetenv("SLURM_CPUS_ON_NODE");
    system_alone();
    version_2();
    version_2_cache();
    version_2_nested();
    version_2_high();
    version_2_container();
    used_up();
    version_1();
    version_1_parent();
    version_1_container();
    hybrid();
    slurm();
    ulimits();
    return check_result();
}
