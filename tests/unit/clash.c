/* An output is never an input, the model, the list of cuts, another output or the
 * statistics, under any name. */
#define _POSIX_C_SOURCE 200809L
#include "pipeline/clash.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "message.h"
#include "rifec/error.h"

/* Inputs and outputs are lists of words. */
static const struct {
    const char *inputs, *outputs, *stats, *model, *cuts, *format;
    int code;
} cases[] = {
    { "a.mkv", "o.mkv", "s.json", "m.safetensors", "cuts.txt", .code = 0 },
    { "a.mkv b.mkv", "o/a.mkv o/b.mkv", "s.json", .code = 0 },
    /* the input */
    { "a.mkv", "a.mkv", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "./a.mkv", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "d/../a.mkv", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "soft.mkv", .code = RIFEC_ERR_OUTPUT },
    { "soft.mkv", "a.mkv", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "hard.mkv", .code = RIFEC_ERR_OUTPUT },
    { "a.part.mkv", "a2.mkv", .code = 0 },
    { "x.part.mkv", "x.mkv", .code = RIFEC_ERR_OUTPUT },
    { "x.part.mkv", "to_x.mkv", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv b.mkv", "o.mkv ./a.mkv", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "a.mkv", .format = "null" },
    { "a.mkv b.mkv", "- -", .format = "null" },
    /* the model, the list of cuts */
    { "a.mkv", "./m.safetensors", NULL, "m.safetensors", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "net.bin", NULL, "net.param", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "o.mkv", "net.param", "net.bin", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "d/flownet.bin", "d", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "d/o.mkv", "d/s.json", "d", .code = 0 },
    { "a.mkv", "cuts.txt", NULL, NULL, "./cuts.txt", .code = RIFEC_ERR_OUTPUT },
    /* the statistics */
    { "a.mkv", "o.mkv", "a.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "./a.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "hard.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "soft.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "./o.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "d/../o.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "x.mkv", "to_x.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "o.part.mkv", .code = RIFEC_ERR_USAGE },
    { "s.part.json", "o.mkv", "s.json", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "m.safetensors", "m.safetensors", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "o.mkv", "cuts.txt", NULL, "cuts.txt", .code = RIFEC_ERR_USAGE },
    { "a.mkv b.mkv", "o/a.mkv o/b.mkv", "./o//b.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "/dev/null", "/dev/null", .code = 0 },
    /* two outputs */
    { "a.mkv b.mkv", "o/a.mkv o/a.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv b.mkv", "new/a.mkv ./new//a.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv b.mkv", "d/a.mkv to_d/a.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv b.mkv", "x.mkv to_x.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv b.mkv", "x.mkv x.part.mkv", .code = RIFEC_ERR_USAGE },
    { "a.mkv b.mkv", "old1.mkv old2.mkv",
      .code = 0 }, /* hard links: each output replaces its own name */
    /* pictures */
    { "in/f%02d.png", "out/f%02d.png", .code = 0 },
    { "in/f%02d.png", "in/g%02d.png", .code = 0 },
    { "in/f%02d.png", "in/f%02d.png", .code = RIFEC_ERR_OUTPUT },
    { "in/f%02d.png", "./in//f%02d.png", .code = RIFEC_ERR_OUTPUT },
    { "in/f%02d.png", "to_in/f%02d.png", .code = RIFEC_ERR_OUTPUT },
    { "in", "in/f%02d.png", .code = RIFEC_ERR_OUTPUT },
    { "in", "in/g%02d.png", .code = 0 },
    { "in", "in/film.mkv", .code = 0 },
    { "links", "in/f%02d.png", .code = RIFEC_ERR_OUTPUT },
    { "links/l%d.png", "in/f%02d.png", .code = RIFEC_ERR_OUTPUT },
    { "a.mkv", "in/f%02d.png", "in/f01.png", .code = RIFEC_ERR_USAGE },
    { "a.mkv", "in/f%02d.png", "in/f99.png", .code = RIFEC_ERR_USAGE },
    { "in", "o.mkv", "in/f01.png", .code = RIFEC_ERR_USAGE },
    { "in/f%02d.png", "o.mkv", "in/f01.png", .code = RIFEC_ERR_USAGE },
    { "in/f01.png", "in/f%02d.png", .code = RIFEC_ERR_OUTPUT }, /* an animation */
    { "links/l1.png", "in/f%02d.png", .code = RIFEC_ERR_OUTPUT },
    { "numbers", "numbers/", .code = RIFEC_ERR_OUTPUT },
    { "numbers", "numbers/", .format = "jpg" },
    { "in", "numbers/", .code = 0 },
    { "in links", "o/a/ o/./a/", .code = RIFEC_ERR_USAGE },
    { "in links", "o/a/ o/b/", .code = 0 },
    { "a.mkv numbers", "numbers o/", .format = "png", .code = RIFEC_ERR_OUTPUT },
};

static int words(const char *text, const char **out, char *buffer)
{
    int n = 0;
    strcpy(buffer, text);
    for (char *w = strtok(buffer, " "); w; w = strtok(NULL, " "))
        out[n++] = w;
    return n;
}

static void touch(const char *path)
{
    FILE *f = fopen(path, "w");
    if (CHECK(f != NULL))
        fclose(f);
}

static void make_files(void)
{
    const char *const folders[] = { "d", "in", "links", "numbers" };
    const char *const files[] = { "a.mkv",      "b.mkv",      "x.part.mkv",
                                  "cuts.txt",   "old1.mkv",   "m.safetensors",
                                  "net.param",  "net.bin",    "d/flownet.bin",
                                  "in/f01.png", "in/f02.png", "numbers/00000001.png",
                                  "s.part.json" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        CHECK(mkdir(folders[i], 0777) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        touch(files[i]);
    CHECK(link("a.mkv", "hard.mkv") == 0 && link("old1.mkv", "old2.mkv") == 0);
    CHECK(symlink("a.mkv", "soft.mkv") == 0 && symlink("x.mkv", "to_x.mkv") == 0);
    CHECK(symlink("d", "to_d") == 0 && symlink("in", "to_in") == 0);
    CHECK(symlink("../in/f01.png", "links/l1.png") == 0);
}

int main(void)
{
    char folder[] = "/tmp/rifec-clash-XXXXXX", command[64];
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    rifec_log_set(RIFEC_LOG_INFO, keep_message, NULL);
    make_files();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char in[256], out[256];
        const char *inputs[8], *outputs[8];
        struct pipeline_options job = { .output.format = cases[i].format,
                                        .content.scene_list = cases[i].cuts,
                                        .engine.model = cases[i].model };
        int count = words(cases[i].inputs, inputs, in);
        CHECK_INT(words(cases[i].outputs, outputs, out), count);
        message[0] = '\0';
        int code = clash_check(&(struct clash_params){ .job = &job,
                                                       .inputs = inputs,
                                                       .outputs = (char *const *)outputs,
                                                       .count = count,
                                                       .stats = cases[i].stats });
        if (!CHECK_INT(code, cases[i].code) || (code < 0) != (message[0] != 0))
            fprintf(stderr, "  %s -> %s, --stats %s: %s\n", cases[i].inputs,
                    cases[i].outputs, cases[i].stats ? cases[i].stats : "none", message);
        if (getenv("SHOW"))
            fprintf(stderr, "%s\n", message);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK(chdir("/") == 0 && system(command) == 0);
    return check_result();
}
