/*
 * Reads and stores each kind of value. Whether an encoder or a model makes sense is not
 * known here.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli/store.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/timecode.h"
#include "cli/generate.h"
#include "cli/number.h"
#include "cli/option_error.h"

#define FACTOR_MAX    1024 /* output frames per input frame                    */
#define DEDUP_RUN_MAX 100
#define SIZE_MAX_PX   65535
#define DEVICE_MAX    255

static void *field_of(struct options *opt, const struct option_row *row)
{
    return (char *)opt + row->field;
}

int store_input(struct options *opt, const struct option_row *row, const char *arg)
{
    (void)row;
    if (!arg[0])
        return option_fail(opt, "the name of an input is empty");
    size_t size = (size_t)(opt->input_count + 1) * sizeof *opt->inputs;
    const char **all = realloc(opt->inputs, size);
    if (!all)
        return option_no_memory(opt, "out of memory: cannot allocate the list of inputs");
    opt->inputs = all;
    opt->inputs[opt->input_count++] = arg;
    return 0;
}

int store_text(struct options *opt, const struct option_row *row, const char *arg)
{
    *(const char **)field_of(opt, row) = arg;
    return 0;
}

int store_bool(struct options *opt, const struct option_row *row, const char *arg)
{
    (void)arg;
    *(bool *)field_of(opt, row) = row->value;
    return 0;
}

/* The index of a word in "auto|cpu|cuda"; enumerations have the same order. */
static int choice_index(const char *choices, const char *word)
{
    size_t length = strlen(word);
    for (int i = 0;; i++) {
        size_t n = strcspn(choices, "|");
        if (n == length && !strncmp(choices, word, n))
            return i;
        if (!choices[n])
            return -1;
        choices += n + 1;
    }
}

_Static_assert(RIFEC_DEVICE_AUTO == 0 && RIFEC_DEVICE_CPU == 1 && RIFEC_DEVICE_CUDA == 2,
               "--device");
_Static_assert(PROGRESS_AUTO == 0 && PROGRESS_OFF == 1 && PROGRESS_JSON == 2,
               "--progress");
_Static_assert(RIFEC_LOG_QUIET == 0 && RIFEC_LOG_ERROR == 1 && RIFEC_LOG_WARNING == 2 &&
                   RIFEC_LOG_INFO == 3 && RIFEC_LOG_VERBOSE == 4 && RIFEC_LOG_DEBUG == 5,
               "--loglevel");
_Static_assert(GENERATE_MAN == 0 && GENERATE_BASH == 1 && GENERATE_ZSH == 2 &&
                   GENERATE_FISH == 3,
               "--generate");
_Static_assert(SCENE_AUTO == 0 && SCENE_OFF == 1, "--scene");
_Static_assert(ON_CUT_DUP == 0 && ON_CUT_BLEND == 1 && ON_CUT_SPLIT == 2, "--on-cut");
_Static_assert(DEDUP_HOLD == 0 && DEDUP_OFF == 1 && DEDUP_SMOOTH == 2, "--dedup");
_Static_assert(DEINTERLACE_REFUSE == 0 && DEINTERLACE_OFF == 1 &&
                   DEINTERLACE_BWDIF == 2 && DEINTERLACE_YADIF == 3 &&
                   DEINTERLACE_BOB == 4 && DEINTERLACE_AUTO == 5,
               "--deinterlace");
_Static_assert(HWACCEL_AUTO == 0 && HWACCEL_CUDA == 1 && HWACCEL_NONE == 2, "--hwaccel");
_Static_assert(TAIL_HOLD == 0 && TAIL_DROP == 1 && TAIL_LOOP == 2, "--tail");
_Static_assert(sizeof(enum rifec_device) == sizeof(int),
               "enumerations are stored as int");

int store_choice(struct options *opt, const struct option_row *row, const char *arg)
{
    int value = arg ? choice_index(row->arg, arg) : row->value;
    if (value < 0)
        return option_fail(opt, "--%s takes %s, not '%s'", row->name, row->arg, arg);
    *(int *)field_of(opt, row) = value;
    return 0;
}

/* Our levels, and FFmpeg's other names and numbers for them. */
int store_loglevel(struct options *opt, const struct option_row *row, const char *arg)
{
    static const struct {
        const char *theirs, *ours;
    } levels[] = { { "-8", "quiet" },   { "0", "error" },     { "panic", "error" },
                   { "8", "error" },    { "fatal", "error" }, { "16", "error" },
                   { "24", "warning" }, { "32", "info" },     { "40", "verbose" },
                   { "48", "debug" },   { "56", "debug" },    { "trace", "debug" } };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (!strcmp(arg, levels[i].theirs))
            return store_choice(opt, row, levels[i].ours);
    return store_choice(opt, row, arg);
}

/* An encoder; "copy" is not one. */
int store_codec(struct options *opt, const struct option_row *row, const char *arg)
{
    if (!strcmp(arg, "copy"))
        return option_fail(opt,
                           "the video cannot be copied, since new frames are encoded "
                           "into it; leave out -c:v copy");
    return store_text(opt, row, arg);
}

int store_scale(struct options *opt, const struct option_row *row, const char *arg)
{
    int index = choice_index(row->arg, arg);
    if (index < 0)
        return option_fail(opt, "--%s takes %s, not '%s'", row->name, row->arg, arg);
    opt->job.engine.scale = 0.25f * (float)(1 << index);
    return 0;
}

/* auto, cpu, cuda, cuda:N, or check. */
int store_device(struct options *opt, const struct option_row *row, const char *arg)
{
    int64_t index = 0;
    int value = choice_index("auto|cpu|cuda|check", arg);
    if (!strncmp(arg, "cuda:", 5)) {
        const char *s = arg + 5;
        value = number_integer(&s, DEVICE_MAX, &index) && !*s ? RIFEC_DEVICE_CUDA : -1;
    }
    if (value < 0)
        return option_fail(opt, "--%s takes %s, not '%s'", row->name, row->arg, arg);
    opt->job.engine.device = (enum rifec_device)value;
    opt->job.engine.device_index = (int)index;
    return 0;
}

/* auto, off, or rows. */
int store_tile(struct options *opt, const struct option_row *row, const char *arg)
{
    int64_t n = choice_index("auto|off", arg);
    const char *s = arg;
    if (n < 0 && (!number_integer(&s, RIFEC_SIZE_MAX, &n) || *s || n < RIFEC_TILE_MIN))
        return option_fail(
            opt, "--%s takes auto, off or a number of rows from %d to %d, not '%s'",
            row->name, RIFEC_TILE_MIN, RIFEC_SIZE_MAX, arg);
    opt->job.engine.tile = n >= RIFEC_TILE_MIN ? (int)n : n ? -1 : 0;
    return 0;
}

int store_integer(struct options *opt, const struct option_row *row, const char *arg)
{
    const char *s = arg;
    int64_t n;
    if (!number_integer(&s, row->value, &n) || *s)
        return option_fail(opt, "--%s takes a whole number from 0 to %d, not '%s'",
                           row->name, row->value, arg);
    *(int *)field_of(opt, row) = (int)n;
    return 0;
}

/* Counted from 0 on the command line and from 1 in the options, where 0 is none. */
int store_index(struct options *opt, const struct option_row *row, const char *arg)
{
    int err = store_integer(opt, row, arg);
    if (err == 0)
        ++*(int *)field_of(opt, row);
    return err;
}

/* Notes the fraction that a decimal became. */
static void note_fraction(struct options *opt, const struct option_row *row,
                          const char *arg, struct rational r)
{
    if (!strchr(arg, '/') && r.den > 1)
        option_note(opt, RIFEC_LOG_VERBOSE, "--%s %s is %lld/%lld", row->name, arg,
                    (long long)r.num, (long long)r.den);
}

int store_factor(struct options *opt, const struct option_row *row, const char *arg)
{
    struct rational f = { row->value, 1 };
    if (arg && !number_fraction(arg, &f))
        return option_fail(opt,
                           "--factor takes a number like 2, 2.5 or 5/2, up to %d on "
                           "either side of a fraction, not '%s'",
                           NUMBER_MAX, arg);
    if (f.num < f.den || f.num > FACTOR_MAX * f.den)
        return option_fail(opt, "--factor %s is not between 1 and %d", arg, FACTOR_MAX);
    opt->job.rate.factor = f;
    if (arg)
        note_fraction(opt, row, arg, f);
    return 0;
}

int store_time(struct options *opt, const struct option_row *row, const char *arg)
{
    if (!timecode_parse(arg, field_of(opt, row)))
        return option_fail(opt, "--%s takes seconds or HH:MM:SS.fff, not '%s'", row->name,
                           arg);
    if (*(int64_t *)field_of(opt, row) == 0 && strcmp(row->name, "ss") != 0)
        return option_fail(opt, "--%s 0 would leave nothing", row->name);
    return 0;
}

/* Between 0 and 1. */
int store_share(struct options *opt, const struct option_row *row, const char *arg)
{
    char *end;
    double v = strtod(arg, &end);
    if (*end || !(v > 0 && v <= 1))
        return option_fail(opt, "--%s takes a number above 0, up to 1, not '%s'",
                           row->name, arg);
    *(double *)field_of(opt, row) = v;
    return 0;
}

/* hold, off, smooth or smooth:K */
int store_dedup(struct options *opt, const struct option_row *row, const char *arg)
{
    int64_t run = 0;
    int value = choice_index("hold|off|smooth", arg);
    if (!strncmp(arg, "smooth:", 7)) {
        const char *s = arg + 7;
        value =
            number_integer(&s, DEDUP_RUN_MAX, &run) && !*s && run > 0 ? DEDUP_SMOOTH : -1;
    }
    if (value < 0)
        return option_fail(opt, "--%s takes %s, K from 1 to %d, not '%s'", row->name,
                           row->arg, DEDUP_RUN_MAX, arg);
    opt->job.content.dedup = (enum dedup)value;
    opt->job.content.dedup_run = (int)run;
    return 0;
}

int store_rate(struct options *opt, const struct option_row *row, const char *arg)
{
    static const struct {
        const char *name;
        struct rational rate;
    } names[] = { { "film", { 24000, 1001 } },
                  { "ntsc-film", { 24000, 1001 } },
                  { "ntsc", { 30000, 1001 } },
                  { "pal", { 25, 1 } } };
    struct rational *rate = field_of(opt, row), r = { 0, 1 };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(arg, names[i].name))
            r = names[i].rate;
    if (!r.num && (!number_rate(arg, &r) || !r.num))
        return option_fail(opt,
                           "--%s takes frames per second, like 60, 59.94, 60000/1001, "
                           "film, ntsc or pal, not '%s'",
                           row->name, arg);
    *rate = r;
    note_fraction(opt, row, arg, r);
    return 0;
}

/* Kept as text: FFmpeg reads it once more. */
int store_size(struct options *opt, const struct option_row *row, const char *arg)
{
    const char *s = arg;
    int64_t width, height = 0;
    bool ok = number_integer(&s, SIZE_MAX_PX, &width) && width > 0 && *s == 'x';
    if (ok) {
        s++;
        ok = number_integer(&s, SIZE_MAX_PX, &height) && height > 0 && !*s;
    }
    if (!ok)
        return option_fail(opt, "--%s takes WIDTHxHEIGHT, not '%s'", row->name, arg);
    return store_text(opt, row, arg);
}

int store_frames(struct options *opt, const struct option_row *row, const char *arg)
{
    const char *s = arg;
    int64_t n;
    if (!number_integer(&s, INT64_MAX / 100, &n) || *s || !n)
        return option_fail(opt, "--%s takes a whole number, 1 or more, not '%s'",
                           row->name, arg);
    opt->job.rate.frames = n;
    return 0;
}

int store_pair(struct options *opt, const struct option_row *row, const char *arg)
{
    const char *equals = strchr(arg, '=');
    if (!equals || equals == arg)
        return option_fail(opt, "--%s takes key=value, not '%s'", row->name, arg);
    size_t length = (size_t)(equals - arg);
    int n = opt->job.encoder.option_count;
    for (int i = 0; i < n; i++) {
        const char *key = opt->encoder_options[i].key;
        if (strlen(key) == length && !strncmp(key, arg, length))
            return option_fail(opt, "--%s %s is given twice", row->name, key);
    }
    struct encode_option *pairs =
        realloc(opt->encoder_options, (size_t)(n + 1) * sizeof *pairs);
    if (!pairs)
        return option_no_memory(opt,
                                "out of memory: cannot allocate the encoder's options");
    opt->encoder_options = pairs;
    char *key = strdup(arg);
    if (!key)
        return option_no_memory(opt, "out of memory: cannot allocate an encoder option");
    key[length] = '\0';
    pairs[n] = (struct encode_option){ key, key + length + 1 };
    opt->job.encoder.options = pairs;
    opt->job.encoder.option_count = n + 1;
    return 0;
}

/* man, a shell, or an option that takes names of FFmpeg's. */
int store_generate(struct options *opt, const struct option_row *row, const char *arg)
{
    opt->generate = choice_index("man|bash|zsh|fish", arg);
    for (int i = 0; opt->generate < 0 && i < option_row_count; i++)
        if (option_rows[i].values && !strcmp(option_rows[i].name, arg)) {
            opt->generate = GENERATE_VALUES;
            opt->generate_values = option_rows[i].values;
        }
    if (opt->generate < 0)
        return option_fail(opt,
                           "--%s takes man, bash, zsh, fish or the name of an option "
                           "that takes NAME, like codec, not '%s'",
                           row->name, arg);
    return 0;
}

/* A number above 0, up to the row's value. */
int store_bound(struct options *opt, const struct option_row *row, const char *arg)
{
    char *end;
    double v = strtod(arg, &end);
    if (*end || !(v > 0 && v <= row->value))
        return option_fail(opt, "--%s takes a number above 0, up to %d, not '%s'",
                           row->name, row->value, arg);
    *(double *)field_of(opt, row) = v;
    return 0;
}

static int whole_number(struct options *opt, const struct option_row *row,
                        const char *arg, int64_t least, int64_t *out)
{
    const char *s = arg;
    if (!number_integer(&s, 65535, out) || *s || *out < least)
        return option_fail(opt, "--%s takes a whole number from %lld to 65535, not '%s'",
                           row->name, (long long)least, arg);
    return 0;
}

int store_max_abs(struct options *opt, const struct option_row *row, const char *arg)
{
    int64_t n;
    int err = whole_number(opt, row, arg, 0, &n);
    if (err == 0)
        opt->comparison.max_abs = n + 1;
    return err;
}

int store_step(struct options *opt, const struct option_row *row, const char *arg)
{
    return whole_number(opt, row, arg, 1, &opt->comparison.step);
}

int store_tolerance(struct options *opt, const struct option_row *row, const char *arg)
{
    struct golden_tolerance tolerance;
    if (!golden_tolerance_parse(&tolerance, arg))
        return option_fail(opt,
                           "--%s takes exact, oneoff, oneoff=2, psnr=50, ssim=0.99 or "
                           "maxabs=4, not '%s'",
                           row->name, arg);
    return store_text(opt, row, arg);
}

int store_golden_report(struct options *opt, const struct option_row *row,
                        const char *arg)
{
    struct watch_options *w = &opt->job.watch;
    if (!golden_report_takes(arg))
        return option_fail(opt,
                           "--%s takes a name that ends in .html, .json or .xml, "
                           "not '%s'",
                           row->name, arg);
    if (w->golden_report_count == GOLDEN_REPORTS_MAX)
        return option_fail(opt, "--%s is given more than %d times", row->name,
                           GOLDEN_REPORTS_MAX);
    w->golden_reports[w->golden_report_count++] = arg;
    return 0;
}

int store_louder(struct options *opt, const struct option_row *row, const char *arg)
{
    (void)row;
    (void)arg;
    if (opt->log_level < RIFEC_LOG_DEBUG)
        opt->log_level++;
    return 0;
}
