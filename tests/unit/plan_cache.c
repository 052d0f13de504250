/*
 * The plans file: an entry is found again, and only on the same machine; a damaged,
 * missing or unwritable file costs only another measurement.
 */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "engine/cudnn/plan_cache.h"
#include "rifec/log.h"

static char folder[] = "/tmp/rifec-plans-XXXXXX";
static int warnings;

static void count_warnings(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque, (void)line;
    warnings += level <= RIFEC_LOG_WARNING;
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    if (CHECK(f != NULL)) {
        fputs(text, f);
        fclose(f);
    }
}

static void put(const char *path, const char *machine, const char *layer, double us)
{
    struct plan_cache *c = plan_cache_open(path, machine);
    plan_cache_put(c, layer, &(struct plan_entry){ "fused", "engine 4 knobs 24=8", us });
    plan_cache_save(c);
    plan_cache_close(&c);
    CHECK(c == NULL);
}

/* Returns the layer's microseconds in the file; -1: no entry. */
static double look_up(const char *path, const char *machine, const char *layer)
{
    struct plan_entry e;
    double us = -1;
    struct plan_cache *c = plan_cache_open(path, machine);
    if (plan_cache_get(c, layer, &e)) {
        CHECK_STR(e.method, "fused");
        CHECK_STR(e.algorithm, "engine 4 knobs 24=8");
        us = e.us;
    }
    plan_cache_close(&c);
    return us;
}

static void remembers(void)
{
    const char *path = in_folder("new/and/deep/plans.json");
    CHECK(look_up(path, "A", "resconv") == -1);
    put(path, "A", "resconv", 7.5);
    put(path, "A", "deconv", 6);
    put(path, "B", "resconv", 30);
    CHECK(look_up(path, "A", "resconv") == 7.5);
    CHECK(look_up(path, "A", "deconv") == 6);
    CHECK(look_up(path, "B", "resconv") == 30);
    CHECK(look_up(path, "B", "deconv") == -1);
    put(path, "A", "resconv", 7);
    CHECK(look_up(path, "A", "resconv") == 7);
    CHECK_INT(warnings, 0);
}

static void damaged(void)
{
    static const char *const texts[] = {
        "", "{", "[]", "nonsense", "{\"format\": 99, \"A\": {}}", "{\"format\": \"1\"}",
    };
    const char *path = in_folder("damaged.json");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_text(path, texts[i]);
        warnings = 0;
        CHECK(look_up(path, "A", "resconv") == -1);
        CHECK_INT(warnings, 1);
        put(path, "A", "resconv", 3);
        CHECK(look_up(path, "A", "resconv") == 3);
    }
}

/* The format is right, but values have other types. */
static void strange(void)
{
    static const char *const texts[] = {
        "{\"format\": 1, \"A\": 5}",
        "{\"format\": 1, \"A\": {\"resconv\": []}}",
        "{\"format\": 1, \"A\": {\"resconv\": {\"route\": 1, \"choice\": \"x\"}}}",
        "{\"format\": 1, \"A\": {\"resconv\": {\"route\": \"fused\"}}}",
    };
    const char *path = in_folder("strange.json");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_text(path, texts[i]);
        warnings = 0;
        CHECK(look_up(path, "A", "resconv") == -1);
        CHECK_INT(warnings, 0);
        put(path, "A", "resconv", 4);
        CHECK(look_up(path, "A", "resconv") == 4);
    }
}

/* A file in place of a folder, so not even root can write to it. */
static void unwritable(void)
{
    char path[300];
    snprintf(path, sizeof path, "%s/plans.json", in_folder("file"));
    write_text(in_folder("file"), "");
    warnings = 0;
    put(path, "A", "resconv", 5);
    CHECK(look_up(path, "A", "resconv") == -1);
    CHECK_INT(warnings, 0);
}

/* No file at all, and no memory. */
static void none(void)
{
    struct plan_entry e;
    struct plan_cache *nothing = NULL;
    put("", "A", "resconv", 5);
    CHECK(look_up("", "A", "resconv") == -1);
    CHECK(!plan_cache_get(nothing, "resconv", &e));
    plan_cache_put(nothing, "resconv", &(struct plan_entry){ "fused", "x", 1 });
    plan_cache_save(nothing);
    plan_cache_close(&nothing);
}

static void users(void)
{
    struct stat st;
    setenv("XDG_CACHE_HOME", folder, 1);
    put(NULL, "A", "resconv", 8);
    CHECK(stat(in_folder("rifec/cudnn-plans.json"), &st) == 0);
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", folder, 1);
    CHECK(look_up(NULL, "A", "resconv") == -1);
    put(NULL, "A", "resconv", 9);
    CHECK(look_up(NULL, "A", "resconv") == 9);
    CHECK(stat(in_folder(".cache/rifec/cudnn-plans.json"), &st) == 0);
    unsetenv("HOME");
    CHECK(look_up(NULL, "A", "resconv") == -1);
}

int main(void)
{
    if (!CHECK(mkdtemp(folder) != NULL))
        return 1;
    rifec_log_set(RIFEC_LOG_WARNING, count_warnings, NULL);
    remembers();
    damaged();
    strange();
    unwritable();
    none();
    users();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) | check_result();
}
