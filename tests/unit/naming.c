/* Names of outputs: each row has an input, a template and the result. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static const struct {
    const char *input, *folder, *name_template, *format;
    struct rational factor, rate;
    const char *path;
} named[] = {
    { "a.mp4", "out", NULL, NULL, { 2, 1 }, { 0 }, "out/a.2x.mp4" },
    { "a.mp4", "out/", NULL, NULL, { 5, 2 }, { 0 }, "out/a.5-2x.mp4" },
    { "in/a.b.mkv", "o", NULL, NULL, { 1, 1 }, { 60, 1 }, "o/a.b.60fps.mkv" },
    { "a.mkv", "o", NULL, NULL, { 1, 1 }, { 60000, 1001 }, "o/a.60000-1001fps.mkv" },
    { "in/a.avi", ".", "{n}-{stem}{ext}", NULL, { 2, 1 }, { 0 }, "./7-a.avi" },
    { "a.avi", "o", "{stem}{stem}", NULL, { 2, 1 }, { 0 }, "o/aa" },
    { "a.avi", "o", "plain", NULL, { 2, 1 }, { 0 }, "o/plain" },
    { "a.avi", "o", NULL, "mkv", { 2, 1 }, { 0 }, "o/a.2x.mkv" },
    { "a.avi", "o", NULL, "matroska", { 2, 1 }, { 0 }, "o/a.2x.mkv" },
    { "a.avi", "o", NULL, "yuv4mpegpipe", { 2, 1 }, { 0 }, "o/a.2x.y4m" },
    { "a.avi", "o", NULL, "png", { 2, 1 }, { 0 }, "o/a.2x/" },
    { "-", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/stdin.2x.y4m" },
    { "-", "o", NULL, "mp4", { 2, 1 }, { 0 }, "o/stdin.2x.mp4" },
    { ".hidden", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/.hidden.2x" },
    { "none", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/none.2x" },
    { "in.d/none", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/none.2x" },
    { "in/shot_%05d.png", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/shot.2x/" },
    { "in/%05d.png", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/in.2x/" },
    { "%05d.png", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/pictures.2x/" },
    { "in/%05d.png", "o", NULL, "mp4", { 2, 1 }, { 0 }, "o/in.2x.mp4" },
    { "a 50%.mkv", "o", NULL, NULL, { 2, 1 }, { 0 }, "o/a 50%.2x.mkv" },
};

static const struct {
    const char *name_template;
    int rate;
    const char *error;
} refused[] = {
    { "{name}", 0, "--name-template: {name} is none of {stem} {ext} {factor} {fps} {n}" },
    { "{}", 0, "--name-template: {} is none of {stem} {ext} {factor} {fps} {n}" },
    { "a{stem", 0, "--name-template: '{stem' is not closed" },
    { "a}b", 0, "--name-template: '}b' is not closed" },
    { "{stem{ext}", 0, "--name-template: '{stem{ext}' is not closed" },
    { "{stem}{fps}", 0, "--name-template: {fps} is known with --fps only" },
    { "{stem}{factor}", 60, "--name-template: {factor} is not known with --fps" },
};

static void test_named(void)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        char error[256] = "";
        struct naming n = { named[i].folder, named[i].name_template, 7 };
        struct pipeline_options job = { .input.path = named[i].input,
                                        .output.format = named[i].format,
                                        .rate.factor = named[i].factor,
                                        .rate.fps = named[i].rate };
        char *path = naming_make(&n, &job, error, sizeof error);
        CHECK_STR(path, named[i].path);
        CHECK_STR(error, "");
        free(path);
    }
}

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char error[256] = "";
        struct naming n = { "o", refused[i].name_template, 1 };
        struct pipeline_options job = { .input.path = "a.mp4",
                                        .rate.factor = { 2, 1 },
                                        .rate.fps = { refused[i].rate, 1 } };
        CHECK(naming_make(&n, &job, error, sizeof error) == NULL);
        CHECK_STR(error, refused[i].error);
    }
}

/* A folder keeps the dots in its name, and contains images. */
static void test_folders(void)
{
    char base[] = "naming-XXXXXX", folder[64], error[256] = "";
    if (!CHECK(mkdtemp(base) != NULL))
        return;
    snprintf(folder, sizeof folder, "%s/take.1/", base);
    CHECK(mkdir(folder, 0777) == 0);
    struct naming n = { "o", NULL, 1 };
    struct pipeline_options job = { .input.path = folder, .rate.factor = { 2, 1 } };
    char *path = naming_make(&n, &job, error, sizeof error);
    CHECK_STR(path, "o/take.1.2x/");
    free(path);
    CHECK(naming_is_folder(folder) && naming_is_folder("any/") && naming_is_folder("."));
    CHECK(!naming_is_folder("no/such/thing"));
    CHECK(naming_exists(base) && !naming_exists(folder));
    CHECK(!naming_exists("no%05d.png"));
    CHECK(naming_is_album(&job));
    job.output.format = "mp4";
    CHECK(!naming_is_album(&job));
    rmdir(folder);
    rmdir(base);
}

int main(void)
{
    test_named();
    test_refused();
    test_folders();
    return check_result();
}
