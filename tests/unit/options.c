/*
 * The command line: each row has what a user types and the result, as fields or a
 * message. Messages are part of the interface; they are compared as a whole.
 */
#include "cli/options.h"

#include <stdlib.h>

#include "check.h"
#include "cli/option_table.h"
#include "optionline.h"

/* --- what is refused ------------------------------------------------------ */

#define FACTOR(typed)                                                                    \
    "--factor takes a number like 2, 2.5 or 5/2, up to 1000000 on either side of a "     \
    "fraction, not '" typed "'"
#define FPS(typed)                                                                       \
    "--fps takes frames per second, like 60, 59.94, 60000/1001, film, ntsc or pal, not " \
    "'" typed "'"

static const struct {
    const char *line, *error;
} refused[] = {
    { "", "no input: name one with -i FILE" },
    { "-i a", "no output: name one with -o FILE" },
    { "-i", "--input needs an argument: FILE" },
    { "-i a -o - --stats -", "-o - and --stats - would both write to stdout" },
    { "-i a b -o -", "-o - takes one input, but 'b' is a second one" },
    { "-i - a -i - -o b", "-i - is given twice, but there is only one stdin" },
    { "- -o b", "unexpected '-': write -i - for stdin" },
    { "-i a -o b -y --skip-existing",
      "--overwrite and --skip-existing contradict each other" },
    { "-i a -o - --skip-existing", "--skip-existing needs an output that is a file" },
    { "-i a -f null --skip-existing", "--skip-existing needs an output that is a file" },
    { "-i a -o -y", "--output needs an argument, but '-y' follows" },
    { "-i -a.mkv -o b", "--input needs an argument, but '-a.mkv' follows; write a file "
                        "of that name as './-a.mkv'" },
    { "-i a -o --x2", "--output needs an argument, but '--x2' follows" },

    { "-i a -o b --x2 -r 60", "--x2 and --fps contradict each other" },
    { "-i a -o b -r 60 --slowmo", "--fps and --slowmo contradict each other" },
    { "-i a -o b -r 60 --cfr", "--fps and --cfr contradict each other" },
    { "-i a -o b -r 0", FPS("0") },
    { "-i a -o b -r 0.0", FPS("0.0") },
    { "-i a -o b -r 59,94", FPS("59,94") },
    { "-i a -o b -r 16.6666666", FPS("16.6666666") },
    { "-i a -o b -r 60/0", FPS("60/0") },
    { "-i a -o b --ss 1:x", "--ss takes seconds or HH:MM:SS.fff, not '1:x'" },
    { "-i a -o b --ss 1:60", "--ss takes seconds or HH:MM:SS.fff, not '1:60'" },
    { "-i a -o b --ss 5 --to 5", "--to must be later than --ss" },
    { "-i a -o b --frames 0", "--frames takes a whole number, 1 or more, not '0'" },
    { "-i a -o b --scene-threshold 0",
      "--scene-threshold takes a number above 0, up to 1, "
      "not '0'" },
    { "-i a -o b --scene off --scene-list c",
      "--scene and --scene-list contradict each other" },
    { "-i a -o b --dedup smooth:0",
      "--dedup takes hold|off|smooth[:K], K from 1 to 100, not "
      "'smooth:0'" },
    { "-i a -o b --tail wag", "--tail takes hold|drop|loop, not 'wag'" },
    { "-i a -o b --x2 --x4", "--x2 and --x4 contradict each other" },
    { "-i a -o b --x2 -x 5/2", "--x2 and --factor contradict each other" },
    { "-i a -o b -x 2 -x 3", "--factor is given twice, the second time with '3'" },
    { "-i a -o b -y -n", "--overwrite and --no-overwrite contradict each other" },
    { "-i a -o b --fp16 --fp32", "--fp16 and --fp32 contradict each other" },
    { "-i a -o b --tf32 --fp16", "--tf32 and --fp16 contradict each other" },
    { "-i a -o b -q -v", "--quiet and --verbose contradict each other" },
    { "-i a -o b -e crf=18 --crf 18", "--crf and -e crf=... contradict each other" },
    { "-i a -o b --preset slow -e preset=fast",
      "--preset and -e preset=... contradict each other" },
    { "-i a -o b --crf 18 -b:v 4M", "--crf and --bitrate contradict each other" },
    { "-i a -o b -e b=4M --bitrate 4M", "--bitrate and -e b=... contradict each other" },
    { "-i a -o b -e tune=film -e tune=grain", "--enc-opt tune is given twice" },

    { "-i a -o b --factor 2,5", FACTOR("2,5") },
    { "-i a -o b --factor 2.", FACTOR("2.") },
    { "-i a -o b --factor .5", FACTOR(".5") },
    { "-i a -o b --factor 2.5.1", FACTOR("2.5.1") },
    { "-i a -o b --factor 1.3333333", FACTOR("1.3333333") },
    { "-i a -o b --factor 2.5/", FACTOR("2.5/") },
    { "-i a -o b --factor 5/2:1", FACTOR("5/2:1") },
    { "-i a -o b --factor 2.3333333333333335", FACTOR("2.3333333333333335") },
    { "-i a -o b --factor 0.5", "--factor 0.5 is not between 1 and 1024" },
    { "-i a -o b --factor 1024.5", "--factor 1024.5 is not between 1 and 1024" },
    { "-i a -o b --factor 5/0", FACTOR("5/0") },
    { "-i a -o b --factor 1000001/1000000", FACTOR("1000001/1000000") },
    { "-i a -o b --factor 99999999999999999999", FACTOR("99999999999999999999") },
    { "-i a -o b --factor -2", FACTOR("-2") },
    { "-i a -o b --factor 5/2/1", FACTOR("5/2/1") },
    { "-i a -o b --factor 1/2", "--factor 1/2 is not between 1 and 1024" },
    { "-i a -o b --factor 0", "--factor 0 is not between 1 and 1024" },
    { "-i a -o b --factor 1025", "--factor 1025 is not between 1 and 1024" },
    { "-i a -o b --factor 2049/2", "--factor 2049/2 is not between 1 and 1024" },

    { "-i a -o b --device gpu", "--device takes auto|cpu|cuda[:N]|check, not 'gpu'" },
    { "-i a -o b --device cp", "--device takes auto|cpu|cuda[:N]|check, not 'cp'" },
    { "-i a -o b --device cuda:", "--device takes auto|cpu|cuda[:N]|check, not 'cuda:'" },
    { "-i a -o b --device cuda:x",
      "--device takes auto|cpu|cuda[:N]|check, not 'cuda:x'" },
    { "-i a -o b --device cuda:256",
      "--device takes auto|cpu|cuda[:N]|check, not 'cuda:256'" },
    { "-i a -o b --device cpu:0", "--device takes auto|cpu|cuda[:N]|check, not 'cpu:0'" },
    { "-i a -o b --hwaccel vaapi", "--hwaccel takes auto|cuda|none, not 'vaapi'" },
    { "-i a -o b --scale 3", "--scale takes 0.25|0.5|1|2, not '3'" },
    { "-i a -o b --threads 1025",
      "--threads takes a whole number from 0 to 1024, not '1025'" },
    { "-i a -o b --threads 2x",
      "--threads takes a whole number from 0 to 1024, not '2x'" },
    { "-i a -o b --in-flight 9",
      "--in-flight takes a whole number from 0 to 8, not '9'" },
    { "-i a -o b --progress on", "--progress takes auto|off|json, not 'on'" },
    { "-i a -o b -e film", "--enc-opt takes key=value, not 'film'" },
    { "-i a -o b -e =film", "--enc-opt takes key=value, not '=film'" },
    { "-i a -o b --input-format rawvideo",
      "--input-format rawvideo needs --input-size WxH" },
    { "-i a -o b --input-size 64x48", "--input-size needs --input-format rawvideo" },
    { "-i a -o b --input-pix-fmt gray", "--input-pix-fmt needs --input-format rawvideo" },
    { "-i a -o b --input-size 64", "--input-size takes WIDTHxHEIGHT, not '64'" },
    { "-i a -o b --input-size 64x0", "--input-size takes WIDTHxHEIGHT, not '64x0'" },
    { "-i a -o b --input-size 64x48x", "--input-size takes WIDTHxHEIGHT, not '64x48x'" },

    { "-i a -o b --outptu c", "unknown option '--outptu': did you mean '--output'?" },
    { "-i a -o b --presets slow",
      "unknown option '--presets': did you mean '--preset'?" },
    { "-i a -o b --cfs 18", "unknown option '--cfs': did you mean '--cfr'?" },
    { "-i a -o b --zigzag 60", "unknown option '--zigzag'" },
    { "-i a -o b --x", "'--x' could mean --x2, --x3, --x4, --x8" },
    { "-i a -o b -z", "unknown option '-z'" },
    { "-i a -o b -yz", "unknown option '-yz'" },
    { "-i a -o b --x2=3", "--x2 takes no argument" },
    /* The first mistake is reported. */
    { "-i a -o b --x2 --x4 --bogus", "--x2 and --x4 contradict each other" },
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct options opt;
        int err = parse(&opt, refused[i].line);
        if (!CHECK_INT(err, RIFEC_ERR_USAGE) || !CHECK_STR(opt.error, refused[i].error))
            fprintf(stderr, "    rifec %s\n", refused[i].line);
        options_free(&opt);
    }
}

/* An empty word, from an empty variable in a script. The table cannot express it. */
static void test_empty_word(void)
{
    static const struct {
        const char *words[8], *error;
    } cases[] = {
        { { "rifec", "-i", "", "-o", "b" }, "--input: the argument is empty" },
        { { "rifec", "-i", "a", "-o", "" }, "--output: the argument is empty" },
        { { "rifec", "" }, "the name of an input is empty" },
        { { "rifec", "a", "b", "c", "" }, "the name of an input is empty" },
        { { "rifec", "a", "b", "c", "", "d" }, "the name of an input is empty" },
        { { "rifec", "a", "b", "c", "--", "" }, "the name of an input is empty" },
        { { "rifec", "-e", "a=1", "-e", "", "-e", "b=1" },
          "--enc-opt: the argument is empty" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *argv[9] = { NULL };
        int argc = 0;
        for (; argc < 8 && cases[i].words[argc]; argc++)
            argv[argc] = (char *)cases[i].words[argc];
        struct options opt;
        CHECK_INT(options_parse(&opt, argc, argv), RIFEC_ERR_USAGE);
        CHECK_STR(opt.error, cases[i].error);
        options_free(&opt);
    }
}

/* --- what is accepted ----------------------------------------------------- */

static const struct {
    const char *line, *meaning;
} accepted[] = {
    { "-i a -o b", "a > b x2/1" },
    { "--input a --output b", "a > b x2/1" },
    { "--input=a --output=b", "a > b x2/1" },
    { "-ia -ob", "a > b x2/1" },
    { "-i a -o b --x2 --fp16", "a > b x2/1 precision=2" },
    { "-i a -o b --x2 --x2", "a > b x2/1" },
    { "-i a -o b --x3", "a > b x3/1" },
    { "-i a -o b --x4", "a > b x4/1" },
    { "-i a -o b --x8", "a > b x8/1" },
    { "-i a -o b -x2", "a > b x2/1" },
    { "-i a -o b -x5/2", "a > b x5/2" },
    { "-i a -o b -x 1", "a > b x1/1" },
    { "-i a -o b --factor 10/4", "a > b x5/2" },
    { "-i a -o b --factor 2.5", "a > b x5/2" },
    { "-i a -o b -x1.5", "a > b x3/2" },
    { "-i a -o b -x 5:2", "a > b x5/2" },
    { "-i a -o b -r 24/1.001", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r 60000:1001", "a > b x1/1 fps=60000/1001" },
    { "-i a -o b -x 2.0", "a > b x2/1" },
    { "-i a -o b -x 2.500000000", "a > b x5/2" },
    { "-i a -o b -x 1.001", "a > b x1001/1000" },
    { "-i a -o b --factor 1001/400", "a > b x1001/400" },
    { "-i a -o b --factor 1000000/999999", "a > b x1000000/999999" },
    { "-i a -o b --factor 1024", "a > b x1024/1" },

    { "-i a -o b -r 60", "a > b x1/1 fps=60/1" },
    { "-i a -o b --fps 60000/1001", "a > b x1/1 fps=60000/1001" },
    { "-i a -o b -r 23.976", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r 23.98", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r 23.97", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r 23.9760", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r 23.976023976023978", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r 14.985", "a > b x1/1 fps=15000/1001" },
    { "-i a -o b -r 14.99", "a > b x1/1 fps=15000/1001" },
    { "-i a -o b -r 29.97", "a > b x1/1 fps=30000/1001" },
    { "-i a -o b -r 29.98", "a > b x1/1 fps=30000/1001" },
    { "-i a -o b -r 29.970", "a > b x1/1 fps=30000/1001" },
    { "-i a -o b -r 47.95", "a > b x1/1 fps=48000/1001" },
    { "-i a -o b -r 47.952", "a > b x1/1 fps=48000/1001" },
    { "-i a -o b -r 59.94", "a > b x1/1 fps=60000/1001" },
    { "-i a -o b -r 59.9401", "a > b x1/1 fps=60000/1001" },
    { "-i a -o b -r 71.93", "a > b x1/1 fps=72000/1001" },
    { "-i a -o b -r 119.88", "a > b x1/1 fps=120000/1001" },
    { "-i a -o b -r 143.86", "a > b x1/1 fps=144000/1001" },
    { "-i a -o b -r 239.76", "a > b x1/1 fps=240000/1001" },
    { "-i a -o b -r 24.00", "a > b x1/1 fps=24/1" },
    { "-i a -o b -r 23.9", "a > b x1/1 fps=239/10" },
    { "-i a -o b -r 29.9", "a > b x1/1 fps=299/10" },
    { "-i a -o b -r 29.94", "a > b x1/1 fps=1497/50" },
    { "-i a -o b -r 23.95", "a > b x1/1 fps=479/20" },
    { "-i a -o b -r 5.00", "a > b x1/1 fps=5/1" },
    { "-i a -o b -r 4.99", "a > b x1/1 fps=499/100" },
    { "-i a -o b -r 9.99", "a > b x1/1 fps=10000/1001" },
    { "-i a -o b -r 24.5", "a > b x1/1 fps=49/2" },
    { "-i a -o b -r 12.50", "a > b x1/1 fps=25/2" },
    { "-i a -o b -r 0.5", "a > b x1/1 fps=1/2" },
    { "-i a -o b -r 23.980", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r 12.5", "a > b x1/1 fps=25/2" },
    { "-i a -o b -r 60.0", "a > b x1/1 fps=60/1" },
    { "-i a -o b -r film", "a > b x1/1 fps=24000/1001" },
    { "-i a -o b -r ntsc", "a > b x1/1 fps=30000/1001" },
    { "-i a -o b --x4 --slowmo --tail drop", "a > b x4/1 slowmo tail=1" },
    { "-i a -o b --cfr --tail loop", "a > b x2/1 cfr tail=2" },
    { "-i a -o b -ss 1.5 -to 1:02:03.25", "a > b x2/1 from=1500000 to=3723250000" },
    { "-i a -o b --ss 90 --frames 12", "a > b x2/1 from=90000000 frames=12" },
    { "-i a -o b --scene off --dedup off", "a > b x2/1 scene=1 dedup=1:0" },
    { "-i a -o b --scene-threshold 0.5 --on-cut split",
      "a > b x2/1 threshold=0.5 on_cut=2" },
    { "-i a -o b --scene-list c.txt --on-cut blend", "a > b x2/1 list=c.txt on_cut=1" },
    { "-i a -o b --strict", "a > b x2/1 strict" },
    { "-i a -o b --dedup smooth", "a > b x2/1 dedup=2:0" },
    { "-i a -o b --dedup smooth:4", "a > b x2/1 dedup=2:4" },
    { "-i a -o b -c:v libx265 --crf 20 --preset slow --pix-fmt yuv420p10le",
      "a > b x2/1 codec=libx265 crf=20 preset=slow pix_fmt=yuv420p10le" },
    { "-i a -o b --codec libx264", "a > b x2/1 codec=libx264" },
    { "-i a -o b -codec libx264 -crf 18 -preset fast -pix_fmt yuv420p -an -sn",
      "a > b x2/1 codec=libx264 crf=18 preset=fast pix_fmt=yuv420p no_audio no_subs" },
    { "-i a -o b --crf -1", "a > b x2/1 crf=-1" },
    { "-i a -o b -e tune=film -e x264-params=a=1:b=2 --enc-opt g=",
      "a > b x2/1 tune=film x264-params=a=1:b=2 g=" },

    { "-i a -o b -y -y", "a > b x2/1 overwrite" },
    { "-i a -o b -n", "a > b x2/1" },
    { "-i a -f null", "a > - x2/1 format=null" },
    { "-i a -o - -f null", "a > - x2/1 format=null" },
    { "-i - -o -", "- > - x2/1" },
    { "a b -o c", "a+b > c x2/1" },
    { "-i a b -i c -o d e --x3 f", "a+b+c+e+f > d x3/1" },
    { "-o d -- -a --x2", "-a+--x2 > d x2/1" },
    { "a -o d -k --skip-existing --name-template {n}{ext}",
      "a > d x2/1 keep_going skip_existing template={n}{ext}" },
    { "-i - -o - -f rawvideo --input-format rawvideo --input-size 64x48 --input-rate 24",
      "- > - x2/1 format=rawvideo input=rawvideo,64x48,(null),24/1" },
    { "-i a -o b --no-audio --no-subs", "a > b x2/1 no_audio no_subs" },

    { "-i a -o b --device cuda --fp32 --model m.safetensors --threads 3 --kernels c",
      "a > b x2/1 device=2 precision=1 model=m.safetensors threads=3 kernels=c" },
    { "-i a -o b --tf32", "a > b x2/1 precision=3" },
    { "-i a -o b --device auto --threads 0", "a > b x2/1" },
    { "-i a -o b --device check", "a > b x2/1 device=3" },
    { "-i a -o b --device cuda:0", "a > b x2/1 device=2" },
    { "-i a -o b --device cuda:3", "a > b x2/1 device=2 index=3" },
    { "-i a -o b --scale 0.25", "a > b x2/1 scale=0.25" },
    { "-i a -o b --scale 0.5", "a > b x2/1 scale=0.5" },
    { "-i a -o b --scale 1", "a > b x2/1 scale=1" },
    { "-i a -o b --scale 2", "a > b x2/1 scale=2" },

    { "-i a -o b --tf32 --in-flight 8 --no-graph --no-frame-cache",
      "a > b x2/1 precision=3 in_flight=8 no_graph no_frame_cache" },

    { "-i a -o b -q", "a > b x2/1 progress=1 log=1" },
    { "-i a -o b -q --progress json", "a > b x2/1 progress=2 log=1" },
    { "-i a -o b --loglevel quiet", "a > b x2/1 progress=1 log=0" },
    { "-i a -o b -loglevel debug", "a > b x2/1 log=5" },
    { "-i a -o b -v", "a > b x2/1 log=4" },
    { "-i a -o b -vv", "a > b x2/1 log=5" },
    { "-i a -o b -v -v -v", "a > b x2/1 log=5" },
    { "-i a -o b --progress off --stats -", "a > b x2/1 progress=1 stats=-" },
    { "-i a -f null --stats s.json", "a > - x2/1 format=null stats=s.json" },
    { "-i a -f null --stats -", "a > - x2/1 format=null stats=-" },
};

static void test_accepted(void)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        struct options opt;
        char text[1024] = "";
        int err = parse(&opt, accepted[i].line);
        if (!err)
            describe(&opt, text, sizeof text);
        if (!CHECK_STR(opt.error, "") || !CHECK_STR(text, accepted[i].meaning))
            fprintf(stderr, "    rifec %s\n", accepted[i].line);
        options_free(&opt);
    }
}

/* --help works whatever else is wrong; --version does not. */
static void test_help_and_version(void)
{
    const char *const lines[] = { "-h", "--help", "--bogus -h",
                                  "-i a --x2 --x4 --help x" };
    struct options opt;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        CHECK_INT(parse(&opt, lines[i]), 0);
        CHECK_INT(opt.help, strstr(lines[i], "--help") ? HELP_LONG : HELP_SHORT);
        options_free(&opt);
    }
    CHECK_INT(parse(&opt, "-V"), 0);
    CHECK(opt.version && !opt.help);
    options_free(&opt);
    CHECK_INT(parse(&opt, "--version --bogus"), RIFEC_ERR_USAGE);
    options_free(&opt);
    CHECK_INT(parse(&opt, "--list-devices"), 0);
    CHECK(opt.list_devices && !opt.doctor);
    options_free(&opt);
    CHECK_INT(parse(&opt, "--doctor --device cuda:1 --model m"), 0);
    CHECK(opt.doctor && !opt.list_devices);
    CHECK_INT(opt.job.engine.device_index, 1);
    options_free(&opt);
    CHECK_INT(parse(&opt, "--doctor --device cuda:x"), RIFEC_ERR_USAGE);
    options_free(&opt);
}

/* --- the text of --help --------------------------------------------------- */

/* Reads the lines, each of which fits a terminal. */
static int read_help(enum help_kind kind, char *text, size_t size)
{
    char line[256];
    int lines = 0;
    FILE *f = tmpfile();
    text[0] = '\0';
    if (!CHECK(f != NULL))
        return 0;
    options_help(kind, f);
    rewind(f);
    for (; fgets(line, sizeof line, f); lines++) {
        size_t length = strcspn(line, "\n");
        if (!CHECK(length <= 80) || !CHECK(length == 0 || line[length - 1] != ' '))
            fprintf(stderr, "    %s", line);
    }
    rewind(f);
    text[fread(text, 1, size - 1, f)] = '\0';
    fclose(f);
    return lines;
}

/* Every option appears once, in the order of the groups. */
static void test_help_text(void)
{
    char text[32768], name[64];
    read_help(HELP_LONG, text, sizeof text);
    CHECK(strstr(text, "\nExit status:\n") != NULL);
    for (int i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        snprintf(name, sizeof name, "--%s%s", row->name, row->arg ? " " : "");
        const char *at = strstr(text, name);
        if (!CHECK(at != NULL))
            fprintf(stderr, "    %s\n", name);
        CHECK(row->arg == NULL || !row->help || strstr(text, row->arg) != NULL);
        CHECK(i == 0 || row->group >= option_rows[i - 1].group);
    }
}

/* The short help fits one screen and names the long one and the manual. */
static void test_short_help(void)
{
    static const char *const named[] = {
        "-i, --input FILE", "-o, --output FILE", "--x2", "--help", "man rifec", "--doctor"
    };
    char text[4096];
    int lines = read_help(HELP_SHORT, text, sizeof text);
    CHECK(lines > 15 && lines <= 25);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (!CHECK(strstr(text, named[i]) != NULL))
            fprintf(stderr, "    %s\n", named[i]);
}

int main(void)
{
    test_refused();
    test_empty_word();
    test_accepted();
    test_help_and_version();
    test_help_text();
    test_short_help();
    return check_result();
}
