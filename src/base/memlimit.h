/*
 * The memory that this process may use under its limits: those of its control groups
 * (cgroup v1 and v2, with all parent groups), of Slurm where no group enforces them, and
 * of `ulimit -v` and `ulimit -d`.
 */
#ifndef RIFEC_BASE_MEMLIMIT_H
#define RIFEC_BASE_MEMLIMIT_H

#include <stddef.h>

struct memlimit {
    size_t left;    /* bytes; SIZE_MAX: no limit is known */
    const char *by; /* whose limit it is, as a phrase      */
};

/* The nearest of them, and of what the system has to spare without swapping. `root` is
 * put before the names of the files in /proc and /sys: "", or a folder of a test's. */
struct memlimit memlimit_read(const char *root);

#endif
