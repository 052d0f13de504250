/*
 * The option table, and how each kind of value is stored. Which encoder or model
 * options make sense is not known here.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli/option_table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/timecode.h"

#define FACTOR_MAX    1024    /* output frames per input frame                    */
#define INTEGER_MAX   1000000 /* numerator and denominator; leaves 43 bits of pts */
#define THREADS_MAX   1024
#define DEDUP_RUN_MAX 100
#define SIZE_MAX_PX   65535

int option_fail(struct options *opt, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!opt->error[0])
        vsnprintf(opt->error, sizeof opt->error, fmt, ap);
    va_end(ap);
    return RIFEC_ERR_USAGE;
}

/* --- storing a value ------------------------------------------------------ */

static void *field_of(struct options *opt, const struct option_row *row)
{
    return (char *)opt + row->field;
}

static int store_text(struct options *opt, const struct option_row *row, const char *arg)
{
    *(const char **)field_of(opt, row) = arg;
    return 0;
}

static int store_bool(struct options *opt, const struct option_row *row, const char *arg)
{
    (void)arg;
    *(bool *)field_of(opt, row) = row->value;
    return 0;
}

/* The place of a word in "auto|cpu|cuda"; enumerations are numbered alike. */
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
_Static_assert(SCENE_AUTO == 0 && SCENE_OFF == 1, "--scene");
_Static_assert(ON_CUT_DUP == 0 && ON_CUT_BLEND == 1 && ON_CUT_SPLIT == 2, "--on-cut");
_Static_assert(DEDUP_HOLD == 0 && DEDUP_OFF == 1 && DEDUP_SMOOTH == 2, "--dedup");
_Static_assert(DEINTERLACE_REFUSE == 0 && DEINTERLACE_OFF == 1 && DEINTERLACE_BWDIF == 2 &&
                   DEINTERLACE_YADIF == 3 && DEINTERLACE_BOB == 4,
               "--deinterlace");
_Static_assert(TAIL_HOLD == 0 && TAIL_DROP == 1 && TAIL_LOOP == 2, "--tail");
_Static_assert(sizeof(enum rifec_device) == sizeof(int),
               "enumerations are stored as int");

static int store_choice(struct options *opt, const struct option_row *row,
                        const char *arg)
{
    int value = arg ? choice_index(row->arg, arg) : row->value;
    if (value < 0)
        return option_fail(opt, "--%s takes %s, not '%s'", row->name, row->arg, arg);
    *(int *)field_of(opt, row) = value;
    return 0;
}

static int store_scale(struct options *opt, const struct option_row *row, const char *arg)
{
    int index = choice_index(row->arg, arg);
    if (index < 0)
        return option_fail(opt, "--%s takes %s, not '%s'", row->name, row->arg, arg);
    opt->job.engine.scale = 0.25f * (float)(1 << index);
    return 0;
}

/* Decimal digits only, and not past `max`; *s moves behind them. */
static bool read_integer(const char **s, int64_t max, int64_t *out)
{
    if (!isdigit((unsigned char)**s))
        return false;
    for (*out = 0; isdigit((unsigned char)**s); (*s)++) {
        *out = *out * 10 + (**s - '0');
        if (*out > max)
            return false;
    }
    return true;
}

static int store_integer(struct options *opt, const struct option_row *row,
                         const char *arg)
{
    const char *s = arg;
    int64_t n;
    if (!read_integer(&s, row->value, &n) || *s)
        return option_fail(opt, "--%s takes a whole number from 0 to %d, not '%s'",
                           row->name, row->value, arg);
    *(int *)field_of(opt, row) = (int)n;
    return 0;
}

static int store_factor(struct options *opt, const struct option_row *row,
                        const char *arg)
{
    struct rational f = { row->value, 1 };
    if (arg) {
        const char *s = arg;
        bool ok = read_integer(&s, INTEGER_MAX, &f.num);
        if (ok && *s == '/') {
            s++;
            ok = read_integer(&s, INTEGER_MAX, &f.den);
        }
        if (!ok || *s || !f.den)
            return option_fail(opt,
                               "--factor takes a whole number or a fraction like 5/2, "
                               "up to %d on either side, not '%s'",
                               INTEGER_MAX, arg);
        if (f.num < f.den || f.num > FACTOR_MAX * f.den)
            return option_fail(opt, "--factor %s is not between 1 and %d", arg,
                               FACTOR_MAX);
    }
    opt->job.factor = rational_reduce(f);
    return 0;
}

static int store_time(struct options *opt, const struct option_row *row, const char *arg)
{
    if (!timecode_parse(arg, field_of(opt, row)))
        return option_fail(opt, "--%s takes seconds or HH:MM:SS.fff, not '%s'", row->name,
                           arg);
    return 0;
}

/* Between 0 and 1. */
static int store_share(struct options *opt, const struct option_row *row, const char *arg)
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
static int store_dedup(struct options *opt, const struct option_row *row, const char *arg)
{
    int64_t run = 0;
    int value = choice_index("hold|off|smooth", arg);
    if (!strncmp(arg, "smooth:", 7)) {
        const char *s = arg + 7;
        value =
            read_integer(&s, DEDUP_RUN_MAX, &run) && !*s && run > 0 ? DEDUP_SMOOTH : -1;
    }
    if (value < 0)
        return option_fail(opt, "--%s takes %s, K from 1 to %d, not '%s'", row->name,
                           row->arg, DEDUP_RUN_MAX, arg);
    opt->job.dedup = (enum dedup)value;
    opt->job.dedup_run = (int)run;
    return 0;
}

/* 23.976 means 24000/1001, and so on: decimals that are a hundred-thousandth
 * from n*1000/1001. Any other decimal is taken at its word. */
static struct rational broadcast_rate(struct rational r)
{
    int64_t n = (r.num * 1001 + 500 * r.den) / (1000 * r.den);
    int64_t off = r.num * 1001 - n * 1000 * r.den;
    if (r.den > 1 && n && (off < 0 ? -off : off) * 100000 < n * 1000 * r.den)
        return (struct rational){ n * 1000, 1001 };
    return r;
}

static int store_rate(struct options *opt, const struct option_row *row, const char *arg)
{
    static const struct {
        const char *name;
        struct rational rate;
    } names[] = { { "film", { 24000, 1001 } },
                  { "ntsc", { 30000, 1001 } },
                  { "pal", { 25, 1 } } };
    struct rational r = { 0, 1 };
    struct rational *rate = field_of(opt, row);
    const char *s = arg;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(arg, names[i].name)) {
            *rate = names[i].rate;
            return 0;
        }
    bool ok = read_integer(&s, INTEGER_MAX, &r.num);
    if (ok && *s == '/') {
        s++;
        ok = read_integer(&s, INTEGER_MAX, &r.den);
    } else if (ok && *s == '.') {
        for (s++; isdigit((unsigned char)*s) && r.den < INTEGER_MAX; s++) {
            r.num = r.num * 10 + (*s - '0');
            r.den *= 10;
        }
        r = broadcast_rate(r);
    }
    if (!ok || *s || !r.num || !r.den)
        return option_fail(
            opt,
            "--%s takes frames per second, like 60, 24000/1001, 59.94, film, "
            "ntsc or pal, not '%s'",
            row->name, arg);
    *rate = rational_reduce(r);
    return 0;
}

/* Kept as text: FFmpeg reads it once more. */
static int store_size(struct options *opt, const struct option_row *row, const char *arg)
{
    const char *s = arg;
    int64_t width, height = 0;
    bool ok = read_integer(&s, SIZE_MAX_PX, &width) && width > 0 && *s == 'x';
    if (ok) {
        s++;
        ok = read_integer(&s, SIZE_MAX_PX, &height) && height > 0 && !*s;
    }
    if (!ok)
        return option_fail(opt, "--%s takes WIDTHxHEIGHT, not '%s'", row->name, arg);
    return store_text(opt, row, arg);
}

static int store_frames(struct options *opt, const struct option_row *row,
                        const char *arg)
{
    const char *s = arg;
    int64_t n;
    if (!read_integer(&s, INT64_MAX / 100, &n) || *s || !n)
        return option_fail(opt, "--%s takes a whole number from 1, not '%s'", row->name,
                           arg);
    opt->job.frames = n;
    return 0;
}

static int store_pair(struct options *opt, const struct option_row *row, const char *arg)
{
    const char *equals = strchr(arg, '=');
    if (!equals || equals == arg)
        return option_fail(opt, "--%s takes key=value, not '%s'", row->name, arg);
    size_t length = (size_t)(equals - arg);
    int n = opt->job.encoder_option_count;
    for (int i = 0; i < n; i++) {
        const char *key = opt->encoder_options[i].key;
        if (strlen(key) == length && !strncmp(key, arg, length))
            return option_fail(opt, "--%s %s is given twice", row->name, key);
    }
    struct key_value *pairs =
        realloc(opt->encoder_options, (size_t)(n + 1) * sizeof *pairs);
    if (!pairs)
        return option_fail(opt, "out of memory");
    opt->encoder_options = pairs;
    char *key = strdup(arg);
    if (!key)
        return option_fail(opt, "out of memory");
    key[length] = '\0';
    pairs[n] = (struct key_value){ key, key + length + 1 };
    opt->job.encoder_options = pairs;
    opt->job.encoder_option_count = n + 1;
    return 0;
}

static int store_louder(struct options *opt, const struct option_row *row,
                        const char *arg)
{
    (void)row;
    (void)arg;
    if (opt->log_level < RIFEC_LOG_DEBUG)
        opt->log_level++;
    return 0;
}

/* --- the table ------------------------------------------------------------ */

#define FIELD(member) .field = offsetof(struct options, member)

/* clang-format off */
const struct option_row option_rows[] = {
    { GROUP_FILES, .letter = 'i', .name = "input", .arg = "FILE",
      .help = "video to read; - is stdin, a folder or\nframe%05d.png are pictures", .store = store_text, FIELD(job.input) },
    { GROUP_FILES, .letter = 'o', .name = "output", .arg = "FILE",
      .help = "video to write; - is stdout, as YUV4MPEG;\nframe%05d.png or DIR/ are pictures",
      .store = store_text, FIELD(job.output) },
    { GROUP_FILES, .letter = 'f', .name = "format", .arg = "NAME",
      .initial = "from the extension",
      .help = "container: mp4, mkv, mov, webm, nut, rawvideo,\n...; png, tiff, jpg, ...: a folder of them;\nnull writes nothing",
      .store = store_text, FIELD(job.format) },
    { GROUP_FILES, SET_OVERWRITE, 'y', "overwrite", .help = "replace an existing output",
      .store = store_bool, FIELD(job.overwrite), .value = true },
    { GROUP_FILES, SET_OVERWRITE, 'n', "no-overwrite",
      .help = "refuse to (the default)",
      .store = store_bool, FIELD(job.overwrite), .value = false },
    { GROUP_FILES, .name = "input-format", .arg = "NAME", .initial = "found out",
      .help = "container of the input; rawvideo has none",
      .store = store_text, FIELD(job.input_format) },
    { GROUP_FILES, .name = "input-size", .arg = "WxH",
      .help = "size of raw video", .store = store_size, FIELD(job.input_size) },
    { GROUP_FILES, .name = "input-pix-fmt", .arg = "NAME", .initial = "yuv420p",
      .help = "pixel format of raw video",
      .store = store_text, FIELD(job.input_pix_fmt) },
    { GROUP_FILES, .name = "input-rate", .arg = "R|N/D", .initial = "25",
      .help = "frames per second of raw video and pictures",
      .store = store_rate, FIELD(job.input_rate) },
    { GROUP_FILES, .name = "no-audio", .alias = "an", .help = "leave audio out",
      .store = store_bool, FIELD(job.no_audio), .value = true },
    { GROUP_FILES, .name = "no-subs", .alias = "sn", .help = "leave subtitles out",
      .store = store_bool, FIELD(job.no_subs), .value = true },
    { GROUP_FILES, .name = "no-chapters", .help = "leave chapters out",
      .store = store_bool, FIELD(job.no_chapters), .value = true },
    { GROUP_FILES, .name = "no-attachments",
      .help = "leave fonts, cover pictures and data out",
      .store = store_bool, FIELD(job.no_attachments), .value = true },
    { GROUP_FILES, .name = "no-metadata", .help = "leave titles and other tags out",
      .store = store_bool, FIELD(job.no_metadata), .value = true },

    { GROUP_INPUT, .name = "deinterlace", .arg = "refuse|off|bwdif|yadif|bob",
      .initial = "refuse",
      .help = "input of two fields per frame: refuse it, take it\nas it is, or make a "
              "frame of each frame\n(bwdif, yadif) or of each field (bob)",
      .store = store_choice, FIELD(job.deinterlace) },
    { GROUP_INPUT, .name = "colorspace", .arg = "NAME", .initial = "what the input says",
      .help = "the input's matrix, by FFmpeg's name:\nbt709, smpte170m, bt2020nc, ...",
      .store = store_text, FIELD(job.color.matrix) },
    { GROUP_INPUT, .name = "range", .arg = "tv|pc", .initial = "what the input says",
      .help = "the input's range of values",
      .store = store_text, FIELD(job.color.range) },
    { GROUP_INPUT, .name = "primaries", .arg = "NAME",
      .help = "the input's primaries: bt709, bt2020, ...",
      .store = store_text, FIELD(job.color.primaries) },
    { GROUP_INPUT, .name = "trc", .arg = "NAME",
      .help = "the input's transfer: bt709, smpte2084, ...",
      .store = store_text, FIELD(job.color.transfer) },

    { GROUP_RATE, SET_FACTOR, .name = "x2",
      .help = "so many times the frames",
      .store = store_factor, .value = 2 },
    { GROUP_RATE, SET_FACTOR, .name = "x3", .store = store_factor, .value = 3 },
    { GROUP_RATE, SET_FACTOR, .name = "x4", .store = store_factor, .value = 4 },
    { GROUP_RATE, SET_FACTOR, .name = "x8", .store = store_factor, .value = 8 },
    { GROUP_RATE, SET_FACTOR, 'x', "factor", .arg = "N|N/D", .initial = "2",
      .help = "the same, any fraction from 1 to 1024:\n5/2 turns 24 fps into 60",
      .store = store_factor },

    { GROUP_RATE, SET_FACTOR, 'r', "fps", .arg = "R|N/D|film|ntsc",
      .help = "frames per second instead, up or down,\nsampled at their exact instants",
      .store = store_rate, FIELD(job.rate) },
    { GROUP_RATE, .name = "cfr",
      .help = "a constant rate from an input whose rate\nvaries: its average times the factor",
      .store = store_bool, FIELD(job.cfr), .value = true },
    { GROUP_RATE, .name = "slowmo",
      .help = "keep the rate, become so many times longer;\nleaves audio and subtitles out",
      .store = store_bool, FIELD(job.slowmo), .value = true },
    { GROUP_RATE, .name = "tail", .arg = "hold|drop|loop", .initial = "hold",
      .help = "the last frame: shown for its duration, once,\nor leading back to the first",
      .store = store_choice, FIELD(job.tail) },
    { GROUP_RATE, .name = "ss", .arg = "TIME",
      .help = "begin at this time of the input", .store = store_time, FIELD(job.from_us) },
    { GROUP_RATE, .name = "to", .arg = "TIME",
      .help = "end before this time of the input", .store = store_time, FIELD(job.to_us) },
    { GROUP_RATE, .name = "frames", .arg = "N",
      .help = "end after N output frames", .store = store_frames },

    { GROUP_CONTENT, SET_SCENE, .name = "scene", .arg = "auto|off", .initial = "auto",
      .help = "look for cuts: nothing is interpolated\nacross them",
      .store = store_choice, FIELD(job.scene) },
    { GROUP_CONTENT, .name = "scene-threshold", .arg = "F", .initial = "0.28",
      .help = "0 sees cuts everywhere, 1 nowhere",
      .store = store_share, FIELD(job.scene_threshold) },
    { GROUP_CONTENT, SET_SCENE, .name = "scene-list", .arg = "FILE",
      .help = "cuts at the times in this file, one a line,\ninstead of looking",
      .store = store_text, FIELD(job.scene_list) },
    { GROUP_CONTENT, .name = "on-cut", .arg = "dup|blend|split", .initial = "dup",
      .help = "between scenes: the earlier frame, a mix, or\nhalf of the time each",
      .store = store_choice, FIELD(job.on_cut) },
    { GROUP_CONTENT, .name = "dedup", .arg = "hold|off|smooth[:K]", .initial = "hold",
      .help = "repeated frames: the frame itself, no special\ncase, or motion through up to K "
              "of them (2)",
      .store = store_dedup },

    { GROUP_ENCODER, .name = "codec", .alias = "c:v", .arg = "NAME",
      .initial = "libx264 where the container takes it",
      .help = "video encoder, by FFmpeg's name",
      .store = store_text, FIELD(job.codec) },
    { GROUP_ENCODER, .name = "crf", .arg = "N", .initial = "16 for libx264",
      .help = "quality, lower is better",
      .store = store_text, FIELD(job.crf) },
    { GROUP_ENCODER, .name = "preset", .arg = "NAME", .initial = "the encoder's",
      .help = "speed against size", .store = store_text, FIELD(job.preset) },
    { GROUP_ENCODER, .name = "pix-fmt", .alias = "pix_fmt", .arg = "NAME",
      .initial = "the input's, or the nearest",
      .help = "pixel format", .store = store_text, FIELD(job.pix_fmt) },
    { GROUP_ENCODER, .letter = 'e', .name = "enc-opt", .arg = "KEY=VALUE",
      .repeats = true, .help = "any other encoder option; repeatable", .store = store_pair },

    { GROUP_ENGINE, .name = "device", .arg = "auto|cpu|cuda", .initial = "auto",
      .help = "auto takes CUDA when it is there",
      .store = store_choice, FIELD(job.engine.device) },
    { GROUP_ENGINE, SET_PRECISION, .name = "fp16",
      .help = "half precision, on CUDA only;\nthe CPU says so and runs FP32",
      .store = store_choice, FIELD(job.engine.precision), .value = RIFEC_PRECISION_FP16 },
    { GROUP_ENGINE, SET_PRECISION, .name = "fp32",
      .help = "single precision; without either flag\nCUDA takes FP16, the CPU FP32",
      .store = store_choice, FIELD(job.engine.precision), .value = RIFEC_PRECISION_FP32 },
    { GROUP_ENGINE, .name = "model", .arg = "FILE", .initial = "built-in",
      .help = "weights of IFNet 4.6, safetensors",
      .store = store_text, FIELD(job.engine.model) },
    { GROUP_ENGINE, .name = "scale", .arg = "0.25|0.5|1|2", .initial = "1",
      .help = "resolution at which motion is estimated:\n"
              "less for 4K, more for small detail",
      .store = store_scale },
    { GROUP_ENGINE, .name = "threads", .arg = "N", .initial = "0, one per core",
      .help = "CPU threads of the engine", .store = store_integer,
      FIELD(job.engine.threads), .value = THREADS_MAX },
    { GROUP_ENGINE, .name = "kernels", .arg = "NAME", .initial = "the fastest",
      .help = "pin an implementation: c, dnn",
      .store = store_text, FIELD(job.engine.kernels) },

    { GROUP_REPORT, .name = "progress", .arg = "auto|off|json", .initial = "auto",
      .help = "on stderr; json: one object per line",
      .store = store_choice, FIELD(progress) },
    { GROUP_REPORT, .name = "strict",
      .help = "fail (9) when duration or sound moved",
      .store = store_bool, FIELD(job.strict), .value = true },
    { GROUP_REPORT, .name = "stats", .arg = "FILE",
      .help = "write what was done as JSON; - is stdout",
      .store = store_text, FIELD(stats) },
    { GROUP_REPORT, SET_LOUDNESS, 'q', "quiet", .help = "errors only, no progress",
      .store = store_choice, FIELD(log_level), .value = RIFEC_LOG_ERROR },
    { GROUP_REPORT, SET_LOUDNESS, 'v', "verbose", .help = "say more; -vv says all",
      .store = store_louder },
    { GROUP_REPORT, SET_LOUDNESS, .name = "loglevel",
      .arg = "quiet|error|warning|info|verbose|debug", .initial = "info",
      .help = "the same by name", .store = store_choice, FIELD(log_level) },
    { GROUP_REPORT, .letter = 'h', .name = "help", .help = "print this text",
      .store = store_bool, FIELD(help), .value = true },
    { GROUP_REPORT, .letter = 'V', .name = "version", .help = "print the version",
      .store = store_bool, FIELD(version), .value = true },
};
/* clang-format on */

const int option_row_count = (int)(sizeof option_rows / sizeof option_rows[0]);
