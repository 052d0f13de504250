/*
 * The pipeline with --resume and an engine that only copies: whatever happens to the
 * folder of a stopped run, the next run makes the same film as an undisturbed run, or
 * refuses. Nearly all segments here have one frame, so that less than a frame's work may
 * be lost.
 *
 * usage: resuming CLIP
 */
#define _GNU_SOURCE /* nftw(), syscall() */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "copy_engine.h"
#include "pipeline/pipeline.h"
#include "rifec/log.h"

#define EACH_FRAME 1e-9
/* Runs that take ten times as long test other faults. */
#if defined(__SANITIZE_THREAD__)
#define FLIPS 3
#elif defined(__SANITIZE_ADDRESS__)
#define FLIPS 10
#else
#define FLIPS 40
#endif
#define KEPT 15 /* frames in the folder that stopped() leaves */

static const char *clip;
static char folder[] = "/tmp/rifec-resuming-XXXXXX";
static char errors[4096], warnings[4096];
static int warning_count;

/* --- the world around the pipeline ----------------------------------------- */

static void append(char *to, size_t size, const char *line)
{
    size_t used = strlen(to);
    snprintf(to + used, size - used, "%s\n", line);
}

static void on_message(void *opaque, enum rifec_log_level level, const char *line)
{
    (void)opaque;
    if (level == RIFEC_LOG_ERROR)
        append(errors, sizeof errors, line);
    if (level != RIFEC_LOG_WARNING)
        return;
    warning_count++;
    append(warnings, sizeof warnings, line);
}

/* Where a process kills itself: before a file gets this name, at the nth removal of a
 * file in a folder, or at the nth call that changes a folder or syncs. */
static const char *dies_at_name;
static int dies_at_removal, dies_at_event;

static void count_down(int *events)
{
    if (*events && --*events == 0)
        kill(getpid(), SIGKILL);
}

/* This test has no power loss, but thousands of segments. */
int fsync(int fd)
{
    (void)fd;
    count_down(&dies_at_event);
    return 0;
}

int rename(const char *from, const char *to)
{
    if (dies_at_name && strstr(to, dies_at_name))
        kill(getpid(), SIGKILL);
    count_down(&dies_at_event);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int fd, const char *name, int flags)
{
    count_down(&dies_at_removal);
    count_down(&dies_at_event);
    return (int)syscall(SYS_unlinkat, fd, name, flags);
}

/* --- files: all tests work in `folder` -------------------------------------- */

struct bytes {
    char *data;
    size_t size;
};

static struct bytes load(const char *path)
{
    struct stat st;
    struct bytes b = { NULL, 0 };
    FILE *f = fopen(path, "rb");
    if (f && fstat(fileno(f), &st) == 0) {
        b.data = malloc((size_t)st.st_size + 1);
        b.size = fread(b.data, 1, (size_t)st.st_size, f);
        b.data[b.size] = '\0';
    }
    if (f)
        fclose(f);
    return b;
}

static void store(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

static void copy_file(const char *from, const char *to)
{
    struct bytes b = load(from);
    CHECK(b.data != NULL);
    store(to, b.data, b.size);
    free(b.data);
}

static void flip(const char *path, size_t bit)
{
    struct bytes b = load(path);
    if (!CHECK(b.data && b.size > bit / 8))
        return;
    b.data[bit / 8] ^= (char)(1 << bit % 8);
    store(path, b.data, b.size);
    free(b.data);
}

static bool equal(const char *path, const char *other)
{
    struct bytes a = load(path), b = load(other);
    bool is = a.data && b.data && a.size == b.size && !memcmp(a.data, b.data, a.size);
    free(a.data);
    free(b.data);
    return is;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level ? remove(path) : 0;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int entries(const char *path)
{
    int count = 0;
    DIR *d = opendir(path);
    while (d && readdir(d))
        count++;
    if (d)
        closedir(d);
    return count - 2;
}

/* Removes everything except the input and once.mp4, which was made without a stop. */
static void clear(void)
{
    errors[0] = warnings[0] = '\0';
    warning_count = 0;
    nftw("out.mp4.resume", remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    rmdir("out.mp4.resume");
    unlink("out.mp4");
    unlink("out.part.mp4");
}

/* --- runs ------------------------------------------------------------------ */

static struct pipeline_options options(void)
{
    return (struct pipeline_options){
        .input.path = "in.mp4",
        .output.path = "out.mp4",
        .rate.factor = { 2, 1 },
        .encoder.codec = "mpeg4",
        .output.resume_settings = "--codec=mpeg4\n--factor=2\n",
        .rate.frames = 24,
        .output.keep_s = EACH_FRAME,
    };
}

static struct pipeline_report report;

static int run(const struct pipeline_options *opt)
{
    struct progress progress = { .mode = PROGRESS_OFF };
    int err = pipeline_run(opt, &progress, &report);
    pipeline_report_close(&report);
    return err;
}

static pid_t in_background(const struct pipeline_options *opt)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(-run(opt));
    return pid;
}

static int status_of(pid_t pid)
{
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

static void stop_before(const struct pipeline_options *opt, const char *name)
{
    clear();
    dies_at_name = name;
    int status = status_of(in_background(opt));
    dies_at_name = NULL;
    CHECK(WIFSIGNALED(status));
    CHECK(!exists("out.mp4") && exists("out.part.mp4"));
}

/* Kills a run when this many segments are in the folder. */
static void stop_at(const struct pipeline_options *opt, int segments)
{
    char name[32];
    snprintf(name, sizeof name, "/%06d.segment", segments);
    stop_before(opt, name);
}

static void stopped(void)
{
    struct pipeline_options opt = options();
    stop_at(&opt, KEPT);
}

/* Continues with this many frames of the stopped run, and makes the same film. */
static void goes_on(int frames)
{
    struct pipeline_options opt = options();
    CHECK_INT(run(&opt), 0);
    CHECK_INT(report.out.frames_resumed, frames);
    CHECK(equal("out.mp4", "once.mp4"));
    CHECK(!exists("out.mp4.resume") && !exists("out.part.mp4"));
}

static void refuses(const struct pipeline_options *opt, int err, const char *words)
{
    errors[0] = '\0';
    CHECK_INT(run(opt), err);
    if (!CHECK(strstr(errors, words) != NULL))
        fprintf(stderr, "no '%s' in: %s", words, errors);
}

/* --- tests ----------------------------------------------------------------- */

static void test_stop_makes_no_difference(void)
{
    stopped();
    goes_on(KEPT);
    CHECK_INT(warning_count, 0);
    /* With all frames kept, the sound still ends with the picture. */
    struct pipeline_options opt = options();
    stop_before(&opt, "/finished");
    goes_on(24);
    /* If frames are fast, segments have 240. */
    clear();
    if (FLIPS < 10) /* they are not, under the thread sanitizer */
        return;
    opt.rate.factor.num = 22;
    opt.rate.frames = 500;
    opt.encoder.codec = NULL;
    opt.encoder.preset = "ultrafast";
    opt.output.keep_s = 0;
    CHECK_INT(run(&opt), 0);
    rename("out.mp4", "long.mp4");
    stop_at(&opt, 2);
    CHECK_INT(run(&opt), 0);
    CHECK_INT(report.out.frames_resumed, 480);
    CHECK(equal("out.mp4", "long.mp4"));
    unlink("long.mp4");
}

/* A slow job keeps work before it has made 240 frames. */
static void test_work_is_kept_by_time(void)
{
    struct pipeline_options opt = options();
    clear();
    opt.output.keep_s = 0.1;
    copy_engine_takes_us = 100000;
    copy_engine_fails_at = 11;
    CHECK_INT(run(&opt), RIFEC_ERR_DEVICE);
    copy_engine_fails_at = -1;
    copy_engine_takes_us = 0;
    CHECK(report.resumable > 0 && exists("out.mp4.resume/000000.segment"));
    int64_t kept = report.resumable;
    CHECK_INT(run(&opt), 0);
    CHECK_INT(report.out.frames_resumed, kept);
    CHECK_INT(report.out.frames_written, report.out.frames_planned);
    clear();
    opt.output.keep_s = 0; /* a minute is too long for this test */
    copy_engine_fails_at = 11;
    CHECK_INT(run(&opt), RIFEC_ERR_DEVICE);
    copy_engine_fails_at = -1;
    CHECK(report.resumable == 0 && !exists("out.mp4.resume"));
}

/* Prints the seed, in case it ever fails. */
static void test_flipped_bits_make_no_difference(void)
{
    unsigned seed = 12;
    stopped();
    CHECK(rename("out.mp4.resume", "kept.resume") == 0);
    for (int i = 0; i < FLIPS; i++) {
        char path[64], from[64];
        clear();
        CHECK(mkdir("out.mp4.resume", 0700) == 0);
        copy_file("kept.resume/settings", "out.mp4.resume/settings");
        for (int k = 0; k < KEPT; k++) {
            snprintf(from, sizeof from, "kept.resume/%06d.segment", k);
            snprintf(path, sizeof path, "out.mp4.resume/%06d.segment", k);
            copy_file(from, path);
        }
        int damaged = (int)((seed = seed * 1664525 + 1013904223) >> 16) % KEPT;
        snprintf(path, sizeof path, "out.mp4.resume/%06d.segment", damaged);
        struct stat st;
        CHECK(stat(path, &st) == 0);
        seed = seed * 1664525 + 1013904223;
        flip(path, (seed >> 8) % (8 * (size_t)st.st_size));
        goes_on(damaged);
        if (!CHECK(warning_count == 1 && strstr(warnings, path)))
            fprintf(stderr, "flip %d, seed %u, in %s: %s\n", i, seed, path, warnings);
    }
    nftw("kept.resume", remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    rmdir("kept.resume");
}

static void test_wrong_segments_are_made_again(void)
{
    struct pipeline_options opt = options();
    stopped(); /* two have changed places */
    CHECK(rename("out.mp4.resume/000003.segment", "out.mp4.resume/x") == 0);
    CHECK(rename("out.mp4.resume/000004.segment", "out.mp4.resume/000003.segment") == 0);
    CHECK(rename("out.mp4.resume/x", "out.mp4.resume/000004.segment") == 0);
    goes_on(3);
    CHECK(warning_count == 1 && strstr(warnings, "another segment"));
    opt.output.resume_settings =
        "--codec=mpeg4\n--factor=2\n--x=1\n"; /* settings of another job */
    stop_at(&opt, 6);
    CHECK(rename("out.mp4.resume/000005.segment", "foreign") == 0);
    stopped();
    CHECK(rename("foreign", "out.mp4.resume/000005.segment") == 0);
    goes_on(5);
    CHECK(warning_count == 1 && strstr(warnings, "another job"));
    stopped();
    CHECK(truncate("out.mp4.resume/000007.segment", 100) == 0);
    goes_on(7);
    CHECK(warning_count == 1 && strstr(warnings, "cut short"));
    stopped();
    CHECK(truncate("out.mp4.resume/000000.segment", 0) == 0);
    goes_on(0);
    CHECK_INT(warning_count, 1);
    stopped(); /* a missing file is not damage */
    unlink("out.mp4.resume/000009.segment");
    goes_on(9);
    CHECK_INT(warning_count, 0);
}

static void test_settings_are_restored(void)
{
    static const char settings[] = "out.mp4.resume/settings";
    struct pipeline_options opt = options();
    for (int i = 0; i < 4; i++) {
        stopped();
        struct stat st;
        CHECK(stat(settings, &st) == 0);
        if (i == 0)
            CHECK(truncate(settings, 0) == 0);
        else if (i == 1)
            CHECK(truncate(settings, st.st_size / 2) == 0);
        else if (i == 2)
            CHECK(unlink(settings) == 0);
        else
            flip(settings, 4 * (size_t)st.st_size);
        goes_on(KEPT);
        CHECK(warning_count == 1 && strstr(warnings, "settings"));
    }
    stopped(); /* but only these settings */
    CHECK(truncate(settings, 0) == 0);
    opt.output.resume_settings = "--codec=mpeg4\n--factor=2\n--x=1\n";
    refuses(&opt, RIFEC_ERR_USAGE, "delete the folder");
    CHECK(exists("out.mp4.resume/000014.segment"));
    for (int i = 0; i < KEPT; i++) { /* or if any segment shows them */
        char path[64];
        snprintf(path, sizeof path, "out.mp4.resume/%06d.segment", i);
        flip(path, 0);
    }
    opt = options();
    refuses(&opt, RIFEC_ERR_USAGE, "damaged, too");
    CHECK(exists("out.mp4.resume/000014.segment"));
    clear(); /* if nothing was kept, nothing is lost */
    CHECK(mkdir("out.mp4.resume", 0700) == 0);
    store(settings, "", 0);
    goes_on(0);
}

static void test_folder_of_0_1_is_left_alone(void)
{
    static const char settings[] = "rifec: 0.1.0, segments of 240 frames\nmodel: x\n";
    static const char segment[] = "rifec segment 1\n\0\0\0\0\0\0\0\0";
    struct pipeline_options opt = options();
    for (int i = 0; i < 3; i++) {
        clear();
        CHECK(mkdir("out.mp4.resume", 0700) == 0);
        if (i != 1)
            store("out.mp4.resume/settings", settings, i == 2 ? 0 : sizeof settings - 1);
        if (i)
            store("out.mp4.resume/000000.segment", segment, sizeof segment);
        refuses(&opt, RIFEC_ERR_USAGE, "rifec 0.1");
        CHECK_INT(entries("out.mp4.resume"), i == 2 ? 2 : 1);
    }
}

/* One bit in its middle, with all its times as before. */
static void test_edited_input_is_noticed(void)
{
    struct pipeline_options opt = options();
    struct stat st;
    stopped();
    CHECK(stat("in.mp4", &st) == 0);
    flip("in.mp4", 4 * (size_t)st.st_size + 1);
    CHECK(utimensat(AT_FDCWD, "in.mp4", (struct timespec[]){ st.st_atim, st.st_mtim },
                    0) == 0);
    refuses(&opt, RIFEC_ERR_USAGE, "another input");
    flip("in.mp4", 4 * (size_t)st.st_size + 1);
    CHECK(exists("out.mp4.resume/000014.segment"));
    /* Its end, from which no kept frame is made, counts as well. */
    flip("in.mp4", 8 * (size_t)st.st_size - 1);
    refuses(&opt, RIFEC_ERR_USAGE, "another input");
    flip("in.mp4", 8 * (size_t)st.st_size - 1);
    /* A copy is the same input, whatever its name and times. */
    copy_file("in.mp4", "copy.mp4");
    opt.input.path = "copy.mp4";
    CHECK_INT(run(&opt), 0);
    CHECK_INT(report.out.frames_resumed, KEPT);
    CHECK(equal("out.mp4", "once.mp4"));
    unlink("copy.mp4");
}

static void test_scene_list_is_an_input(void)
{
    struct pipeline_options opt = options();
    store("cuts", "0.5\n", 4);
    opt.content.scene_list = "cuts";
    stop_at(&opt, 3);
    store("cuts", "0.6\n", 4);
    refuses(&opt, RIFEC_ERR_USAGE, "scene list");
    store("cuts", "0.5\n", 4);
    CHECK_INT(run(&opt), 0);
    CHECK_INT(report.out.frames_resumed, 3);
    unlink("cuts");
}

/* The run is killed after the output has its name: the same command finds it finished. */
static void test_finished_job_is_recognised(void)
{
    struct pipeline_options opt = options();
    for (int at = 1; at < 100; at += at < 3 ? 1 : 10) {
        clear();
        dies_at_removal = at;
        int status = status_of(in_background(&opt));
        dies_at_removal = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break; /* fewer calls than that */
        CHECK(WIFSIGNALED(status));
        CHECK(equal("out.mp4", "once.mp4") && exists("out.mp4.resume/finished"));
        if (at == 2) { /* the same name and content, but another file */
            copy_file("out.mp4", "x");
            CHECK(rename("x", "out.mp4") == 0);
            refuses(&opt, RIFEC_ERR_OUTPUT, "exists");
            continue;
        }
        struct pipeline_options other = opt;
        other.output.resume_settings = "--codec=mpeg4\n--factor=3\n";
        refuses(&other, RIFEC_ERR_OUTPUT, "exists");
        CHECK_INT(run(&opt), 0);
        CHECK(report.finished_before && !exists("out.mp4.resume"));
        CHECK(equal("out.mp4", "once.mp4"));
        refuses(&opt, RIFEC_ERR_OUTPUT, "exists");
        CHECK(!exists("out.mp4.resume"));
    }
}

static void test_second_run_is_refused(void)
{
    struct pipeline_options opt = options();
    char pid_text[32];
    clear();
    copy_engine_takes_us = 400000;
    pid_t pid = in_background(&opt);
    copy_engine_takes_us = 0;
    for (int i = 0; i < 500 && !exists("out.mp4.resume/000000.segment"); i++)
        usleep(10000);
    snprintf(pid_text, sizeof pid_text, "process %ld", (long)pid);
    errors[0] = '\0';
    CHECK_INT(run(&opt), RIFEC_ERR_OUTPUT);
    CHECK(strstr(errors, pid_text) != NULL);
    kill(pid, SIGKILL);
    CHECK(WIFSIGNALED(status_of(pid)));
    CHECK(exists("out.mp4.resume/000000.segment"));
    CHECK_INT(run(&opt), 0); /* the dead run holds no lock */
    CHECK(report.out.frames_resumed > 0);
    CHECK(equal("out.mp4", "once.mp4") && !exists("out.mp4.resume"));
}

static void test_killed_again_and_again(void)
{
    struct pipeline_options opt = options();
    unsigned seed = 5;
    int status, kills = 0;
    clear();
    do {
        seed = seed * 1664525 + 1013904223;
        dies_at_event = 4 + (int)(seed >> 16) % 16;
        status = status_of(in_background(&opt));
        kills += WIFSIGNALED(status);
    } while (WIFSIGNALED(status) && kills < 100);
    dies_at_event = 0;
    CHECK(kills > 3 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(equal("out.mp4", "once.mp4") && !exists("out.mp4.resume"));
    CHECK(!exists("out.part.mp4"));
}

int main(int argc, char **argv)
{
    if (argc != 2 || !mkdtemp(folder))
        return 2;
    clip = argv[1];
    rifec_log_set(RIFEC_LOG_INFO, on_message, NULL);
    CHECK(chdir(folder) == 0);
    copy_file(clip, "in.mp4");
    struct pipeline_options opt = options();
    CHECK_INT(run(&opt), 0);
    CHECK_INT(report.out.frames_written, 24);
    CHECK(rename("out.mp4", "once.mp4") == 0);
    test_stop_makes_no_difference();
    test_work_is_kept_by_time();
    test_flipped_bits_make_no_difference();
    test_wrong_segments_are_made_again();
    test_settings_are_restored();
    test_folder_of_0_1_is_left_alone();
    test_edited_input_is_noticed();
    test_scene_list_is_an_input();
    test_finished_job_is_recognised();
    test_second_run_is_refused();
    test_killed_again_and_again();
    clear();
    unlink("in.mp4");
    unlink("once.mp4");
    rmdir(folder);
    return check_result();
}
