/* The JSON of --stats: other programs rely on its keys. */
#define _POSIX_C_SOURCE 200809L
#include "cli/stats.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "check.h"

static char typed[][16] = { "rifec", "-i", "caf\xc3\xa9.mp4", "-o", "bad\xff.mp4" };
static char *const argv[] = { typed[0], typed[1], typed[2], typed[3], typed[4], NULL };

static struct pipeline_options job = {
    .input.path = "caf\xc3\xa9.mp4",
    .output.path = "bad\xff.mp4",
    .rate.factor = { 5, 2 },
};

static struct pipeline_report report = {
    .in = { .codec = "h264",
            .pix_fmt = "yuv420p",
            .width = 640,
            .height = 360,
            .rate = { 24000, 1001 },
            .duration_s = 2.0,
            .frames = 48 },
    .out = { .path = "bad\xff.mp4",
             .format = "mp4",
             .codec = "libx264",
             .pix_fmt = "yuv420p",
             .rate = { 60, 1 },
             .duration_s = 2.0,
             .frames_planned = 120,
             .frames_written = 120,
             .frames_original = 48,
             .frames_synthesized = 71,
             .frames_held = 1 },
    .engine = { .backend = "cpu",
                .device = "CPU, 2 threads",
                .precision = "fp32",
                .model = "built-in",
                .model_sha256 = "00ff",
                .memory_bytes = 1 << 20,
                .frames_loaded = 12 },
    .timing = { .wall_s = 10,
                .decode_s = 0.5,
                .engine_s = 9.1234567,
                .encode_s = 2,
                .bottleneck = "engine" },
    .checked = true,
    .checks = { .frames_ok = true, .av_offset_ok = true, .duration_delta_us = 41708 },
    .warnings = 2,
};

static const char warnings[2][STATS_TEXT] = { "first", "second \"quoted\"" };

static cJSON *parsed(const struct stats *stats)
{
    char *text = stats_text(stats, false);
    cJSON *root = text ? cJSON_Parse(text) : NULL;
    free(text);
    if (!CHECK(root != NULL))
        exit(check_result());
    return root;
}

/* Returns the value at "timing.wall_s"; NULL if it does not exist. */
static const cJSON *at(const cJSON *item, const char *path)
{
    char key[64];
    for (; item && *path; path += strcspn(path, ".") + (strchr(path, '.') != NULL)) {
        snprintf(key, sizeof key, "%.*s", (int)strcspn(path, "."), path);
        item = cJSON_GetObjectItemCaseSensitive(item, key);
    }
    return item;
}

static void check_number(const cJSON *root, const char *path, double expected)
{
    const cJSON *item = at(root, path);
    if (!CHECK(cJSON_IsNumber(item) && item->valuedouble == expected))
        fprintf(stderr, "    %s\n", path);
}

static void check_text(const cJSON *root, const char *path, const char *expected)
{
    if (!CHECK_STR(cJSON_GetStringValue(at(root, path)), expected))
        fprintf(stderr, "    %s\n", path);
}

static void test_success(void)
{
    struct stats stats = { .argv = argv,
                           .job = &job,
                           .report = &report,
                           .warnings = warnings,
                           .warning_texts = 2 };
    cJSON *root = parsed(&stats);
    check_number(root, "schema", 2);
    check_text(root, "tool", "rifec");
    check_text(root, "version", rifec_version());
    CHECK_INT(cJSON_GetArraySize(at(root, "argv")), 5);
    check_text(root, "factor", "5/2");
    check_text(root, "input.path", "caf\xc3\xa9.mp4");
    check_text(root, "input.codec", "h264");
    check_number(root, "input.width", 640);
    check_number(root, "input.frames", 48);
    CHECK(cJSON_IsFalse(at(root, "input.damaged")));
    check_text(root, "output.path", "bad?.mp4"); /* JSON is UTF-8 */
    check_number(root, "output.frames_planned", 120);
    check_number(root, "output.frames_written", 120);
    check_number(root, "output.frames_original", 48);
    check_number(root, "output.frames_synthesized", 71);
    check_number(root, "output.frames_held", 1);
    check_number(root, "input.fps", 23.976024);
    check_text(root, "input.fps_exact", "24000/1001");
    check_number(root, "output.fps", 60);
    check_text(root, "output.fps_exact", "60/1");
    check_text(root, "device.backend", "cpu");
    check_text(root, "device.precision", "fp32");
    check_number(root, "device.frames_loaded", 12);
    check_text(root, "model.sha256", "00ff");
    check_number(root, "timing.fps_out", 12);
    check_number(root, "timing.engine_s", 9.123457);
    check_text(root, "timing.bottleneck", "engine");
    CHECK(cJSON_IsTrue(at(root, "checks.framecount_ok")));
    CHECK(cJSON_IsFalse(at(root, "checks.duration_ok")));
    CHECK(cJSON_IsTrue(at(root, "checks.av_offset_ok")));
    check_number(root, "checks.duration_delta_us", 41708);
    check_number(root, "checks.av_offset_us", 0);
    CHECK_INT(cJSON_GetArraySize(at(root, "warnings")), 2);
    check_number(root, "warning_count", 2);
    check_number(root, "exit", 0);
    CHECK(cJSON_IsNull(at(root, "error")));
    cJSON_Delete(root);
}

/* If the input does not open, unknown values are null, not 0 or "". */
static void test_failure(void)
{
    static const struct pipeline_report nothing;
    struct stats stats = { .argv = argv,
                           .job = &job,
                           .report = &nothing,
                           .exit_status = 3,
                           .error = "a.mp4: no such file" };
    cJSON *root = parsed(&stats);
    check_number(root, "exit", 3);
    check_text(root, "error", "a.mp4: no such file");
    check_text(root, "input.path", "caf\xc3\xa9.mp4");
    CHECK(cJSON_IsNull(at(root, "input.codec")));
    CHECK(cJSON_IsNull(at(root, "input.width")));
    CHECK(cJSON_IsNull(at(root, "input.fps")));
    CHECK(cJSON_IsNull(at(root, "input.fps_exact")));
    CHECK(cJSON_IsNull(at(root, "timing.wall_s")));
    CHECK(at(root, "checks.duration_delta_us") == NULL);
    CHECK(cJSON_IsFalse(at(root, "checks.framecount_ok")));
    cJSON_Delete(root);
}

/* Names may have any bytes; the JSON must still be UTF-8. */
static void test_bytes(void)
{
    static const char *const names[][2] = {
        { "a\xff", "a?" },
        { "\xc3\xa9\xc3", "\xc3\xa9?" },
        { "\xc0\xaf", "??" },           /* a slash, too long */
        { "\xe0\x80\xaf", "???" },      /* the same */
        { "\xed\xa0\x80", "???" },      /* half of a surrogate pair */
        { "\xf4\x90\x80\x80", "????" }, /* beyond U+10FFFF  */
        { "\xf0\x9f\x8e\x9e", "\xf0\x9f\x8e\x9e" },
        { "\"\\\n", "\"\\\n" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pipeline_options named = { .input.path = names[i][0], .output.path = "o" };
        static const struct pipeline_report nothing;
        struct stats stats = { .argv = argv, .job = &named, .report = &nothing };
        cJSON *root = parsed(&stats);
        check_text(root, "input.path", names[i][1]);
        cJSON_Delete(root);
    }
}

/* -f null has no file, whatever name was given. */
static void test_nowhere(void)
{
    static const struct pipeline_report nowhere = { .out = { .path = "x.mp4",
                                                             .nowhere = true } };
    struct stats stats = { .argv = argv, .job = &job, .report = &nowhere };
    cJSON *root = parsed(&stats);
    CHECK(cJSON_IsNull(at(root, "output.path")));
    cJSON_Delete(root);
}

/* The speed of this run: frames kept from an earlier run took no time. */
static void test_resumed(void)
{
    static const struct pipeline_report resumed = {
        .out = { .frames_written = 100, .frames_resumed = 60 }, .timing = { .wall_s = 10 }
    };
    struct stats stats = { .argv = argv, .job = &job, .report = &resumed };
    cJSON *root = parsed(&stats);
    check_number(root, "timing.fps_out", 4);
    cJSON_Delete(root);
}

static void put(const char *path, const char *content)
{
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(content, f) >= 0 && fclose(f) == 0);
}

static void test_file(void)
{
    struct stats stats = { .argv = argv, .job = &job, .report = &report };
    char *text = stats_text(&stats, true);
    char folder[] = "stats-XXXXXX", path[64], part[80];
    struct stat st;
    if (!CHECK(mkdtemp(folder) != NULL))
        return;
    snprintf(path, sizeof path, "%s/s.json", folder);
    snprintf(part, sizeof part, "%s/s.part.json", folder);

    CHECK_INT(stats_check(path, false), 0);
    CHECK(stat(path, &st) != 0); /* a check leaves no file */
    CHECK_INT(stats_write(path, text, false), 0);
    CHECK_INT(stats_write(path, text, false), 0); /* replaces */
    CHECK(stat(path, &st) == 0 && st.st_size > 500);
    CHECK(stat(part, &st) != 0);
    CHECK_INT(stats_check("-", false), 0);
    CHECK_INT(stats_write("/dev/null", text, false), 0); /* a device stays */
    CHECK(stat("/dev/null", &st) == 0 && !S_ISREG(st.st_mode));

    rifec_log_set(RIFEC_LOG_QUIET, NULL, NULL);
    CHECK_INT(stats_check(folder, false), RIFEC_ERR_OUTPUT);
    CHECK_INT(stats_check("no/such/folder/s.json", false), RIFEC_ERR_OUTPUT);
    CHECK_INT(stats_write("no/such/folder/s.json", text, false), RIFEC_ERR_OUTPUT);
    if (stat("/dev/full", &st) == 0)
        CHECK_INT(stats_write("/dev/full", text, false), RIFEC_ERR_OUTPUT);

    put(path, "{\"schema\": 1, \"tool\": \"another\"}"); /* not ours */
    CHECK_INT(stats_check(path, false), RIFEC_ERR_OUTPUT);
    CHECK_INT(stats_write(path, text, false), RIFEC_ERR_OUTPUT);
    CHECK(stat(path, &st) == 0 && st.st_size < 100);
    CHECK_INT(stats_write(path, text, true), 0);
    CHECK(stat(path, &st) == 0 && st.st_size > 500);
    free(text);
    text = stats_text(&stats, false); /* for one film: indented */
    CHECK_INT(stats_write(path, text, false), 0);
    CHECK_INT(stats_write(path, text, false), 0);
    put(path, ""); /* as after mktemp */
    CHECK_INT(stats_write(path, text, false), 0);
    put(part, "precious");
    CHECK_INT(stats_check(path, false), RIFEC_ERR_OUTPUT);
    CHECK(stat(part, &st) == 0 && st.st_size == 8);
    CHECK_INT(remove(part), 0);
    remove(path);
    rmdir(folder);
    free(text);
}

int main(void)
{
    test_success();
    test_failure();
    test_bytes();
    test_nowhere();
    test_resumed();
    test_file();
    return check_result();
}
