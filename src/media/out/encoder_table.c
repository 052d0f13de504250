/*
 * The names of each encoder's options for quality and speed, and our default quality. An
 * encoder that is not in the table keeps FFmpeg's defaults and names.
 */
#define _POSIX_C_SOURCE 200809L
#include "media/out/encoder_choice.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/cpu.h>
#include <libavutil/opt.h>

#include "base/err.h"
#include "media/av.h"
#include "media/out/ffv1.h"

#define PRESETS 10

/* x264's, which other encoders' speeds are given by. */
static const char *const preset_names[PRESETS] = {
    "ultrafast", "superfast", "veryfast", "faster",   "fast",
    "medium",    "slow",      "slower",   "veryslow", "placebo",
};

struct row {
    const char *name;
    struct encode_option crf;     /* what --crf sets, and our default of it        */
    struct encode_option with[3]; /* with it; without a crf, our default alone     */
    struct encode_option also[2]; /* unless the user says otherwise                */
    const char *preset;           /* the option that --preset sets; NULL: "preset" */
    const char *speeds[PRESETS];  /* its values; NULL: as they are                 */
    bool names_only;              /* it checks its presets' names too late         */
    const char *quality_is;       /* for one that has neither crf nor bit rate     */
};

/* Quality where the picture is hard to tell from the source; docs/fidelity.md has
 * the figures. */
#define X264_SPEEDS .names_only = true
#define NVENC_SPEEDS                                                                     \
    .speeds = { "p1", "p1", "p2", "p3", "p3", "p4", "p5", "p6", "p7", "p7" }
/* Without a bit rate of 0 it would keep to FFmpeg's 2 Mbit/s. */
#define NVENC_RATE .with = { { "rc", "vbr" }, { "b", "0" } }

/* clang-format off */
static const struct row rows[] = {
    { .name = "libx264", .crf = { "crf", "16" }, X264_SPEEDS },
    { .name = "libx264rgb", .crf = { "crf", "16" }, X264_SPEEDS },
    { .name = "libx265", .crf = { "crf", "18" }, X264_SPEEDS },
    { .name = "libsvtav1", .crf = { "crf", "14" },
      .speeds = { "12", "11", "10", "9", "8", "7", "5", "4", "2", "0" } },
    { .name = "libaom-av1", .crf = { "crf", "14" }, .preset = "cpu-used",
      .also = { { "cpu-used", "4" }, { "row-mt", "1" } },
      .speeds = { "8", "8", "7", "6", "5", "4", "3", "2", "1", "0" } },
    { .name = "librav1e", .with = { { "qp", "40" } }, .preset = "speed",
      .speeds = { "10", "10", "9", "8", "7", "6", "4", "3", "2", "0" } },
    { .name = "libvpx-vp9", .crf = { "crf", "18" }, .preset = "cpu-used",
      .also = { { "row-mt", "1" } },
      .speeds = { "5", "5", "5", "4", "3", "2", "1", "0", "0", "0" } },
    /* VP8 has no quality without a bit rate to keep below. */
    { .name = "libvpx", .crf = { "crf", "10" }, .with = { { "b", "100M" } },
      .preset = "cpu-used",
      .speeds = { "5", "5", "5", "4", "3", "2", "1", "0", "0", "0" } },
    { .name = "h264_nvenc", .crf = { "cq", "19" }, NVENC_RATE, NVENC_SPEEDS },
    { .name = "hevc_nvenc", .crf = { "cq", "21" }, NVENC_RATE, NVENC_SPEEDS },
    { .name = "av1_nvenc", .crf = { "cq", "26" }, NVENC_RATE, NVENC_SPEEDS },
    { .name = "prores_ks", .quality_is = "-e profile=lt, standard, hq, 4444 or 4444xq" },
    { .name = "prores", .quality_is = "-e profile=0 (proxy) to 5 (4444xq)" },
    { .name = "prores_aw", .quality_is = "-e profile=0 (proxy) to 5 (4444xq)" },
    { .name = "dnxhd", .quality_is = "-e profile=dnxhr_hq, for example" },
    { .name = "mpeg4", .with = { { "qmin", "1" }, { "qmax", "2" } } },
    { .name = "libxvid", .with = { { "qmin", "1" }, { "qmax", "2" } } },
    { .name = "mpeg2video", .with = { { "qmin", "2" }, { "qmax", "3" } } },
    { .name = "mjpeg", .with = { { "qmin", "2" }, { "qmax", "2" } } },
    /* 9 of 10, in FFmpeg's units; its bit rate of 200 kbit/s leaves frames out. */
    { .name = "libtheora", .with = { { "flags", "+qscale" }, { "global_quality", "1062" } } },
    { .name = "libwebp", .with = { { "quality", "90" } } },
    { .name = "libwebp_anim", .with = { { "quality", "90" } } },
};
/* clang-format on */

static const struct row unknown = { .name = "" };

static const struct row *row_of(const AVCodec *codec)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(codec->name, rows[i].name))
            return &rows[i];
    return &unknown;
}

/* The option goes to the encoder's own table or to libavcodec's common one. */
static bool knows(const AVCodecContext *c, const char *key)
{
    return av_opt_find((void *)c, key, NULL, 0, AV_OPT_SEARCH_CHILDREN) != NULL;
}

static int set_option(AVCodecContext *c, const char *key, const char *value)
{
    if (!knows(c, key)) {
        log_error("encoder %s has no option '%s'; `ffmpeg -h encoder=%s` lists them",
                  c->codec->name, key, c->codec->name);
        return RIFEC_ERR_USAGE;
    }
    char *ours = NULL, *both = NULL;
    const char *last = strrchr(key, '-');
    if (last && !strcmp(last, "-params")) /* a list: what is in it already stays */
        av_opt_get(c, key, AV_OPT_SEARCH_CHILDREN, (uint8_t **)&ours);
    if (ours && ours[0])
        both = av_asprintf("%s:%s", ours, value);
    int e = av_opt_set(c, key, both ? both : value, AV_OPT_SEARCH_CHILDREN);
    av_free(ours);
    av_free(both);
    if (e < 0)
        return av_fail(RIFEC_ERR_USAGE, e, "encoder %s: option %s=%s", c->codec->name,
                       key, value);
    return 0;
}

/* Until the first without a name. */
static int set_list(AVCodecContext *c, const struct encode_option *list, int count)
{
    int err = 0;
    for (int i = 0; i < count && list[i].key; i++)
        TRY(set_option(c, list[i].key, list[i].value));
fail:
    return err;
}

static bool is_given(const struct encode_params *p, const char *key)
{
    for (int i = 0; i < p->user.option_count; i++)
        if (!strcmp(p->user.options[i].key, key))
            return true;
    return false;
}

/* The user's rate control, in any of the forms encoders know. */
static bool has_rate(const struct encode_params *p)
{
    static const char *const keys[] = { "crf",           "qp",   "b",
                                        "qmin",          "qmax", "quality",
                                        "lossless",      "cq",   "rc",
                                        "global_quality" };
    bool given = p->user.crf || p->user.bitrate;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        given = given || is_given(p, keys[i]);
    return given;
}

/* FFmpeg's name, except where only FFmpeg itself uses it. */
static const char *name_of(const AVCodec *codec)
{
    return codec->id == AV_CODEC_ID_WRAPPED_AVFRAME ? "uncompressed video" : codec->name;
}

/* --crf or --bitrate for an encoder to which they mean nothing. */
static int refuse_rate(const AVCodecContext *c, const struct row *row, const char *what)
{
    const char *name = name_of(c->codec);
    const AVCodecDescriptor *d = avcodec_descriptor_get(c->codec->id);
    if (row->quality_is)
        log_error("%s has no %s; its quality is %s", name, what, row->quality_is);
    else if (d && (d->props & (AV_CODEC_PROP_LOSSLESS | AV_CODEC_PROP_LOSSY)) ==
                      AV_CODEC_PROP_LOSSLESS)
        log_error("%s has no %s: it is lossless", name, what);
    else
        log_error("%s has no %s; --bitrate sets the size, and `ffmpeg -h encoder=%s` "
                  "lists its options for -e",
                  name, what, name);
    return RIFEC_ERR_USAGE;
}

static bool is_lossless(const AVCodec *codec)
{
    const AVCodecDescriptor *d = avcodec_descriptor_get(codec->id);
    return d && d->props & AV_CODEC_PROP_LOSSLESS && !(d->props & AV_CODEC_PROP_LOSSY);
}

static int set_quality(AVCodecContext *c, const struct encode_params *p,
                       const struct row *row)
{
    int err = 0;
    const char *crf = row->crf.key;
    if (!crf && p->user.crf && knows(c, "crf"))
        crf = "crf";
    if (p->user.crf && !crf)
        return refuse_rate(c, row, "crf");
    if (p->user.bitrate && (row->quality_is || is_lossless(c->codec)))
        return refuse_rate(c, row, "bit rate");
    if (p->user.bitrate)
        TRY(set_option(c, "b", p->user.bitrate));
    if (p->user.crf || (!has_rate(p) && crf))
        TRY(set_option(c, crf, p->user.crf ? p->user.crf : row->crf.value));
    if (p->user.crf || !has_rate(p))
        TRY(set_list(c, row->with, 3));
fail:
    return err;
}

static int refuse_preset(const AVCodecContext *c, const struct encode_params *p)
{
    log_error(
        "--preset takes ultrafast, superfast, veryfast, faster, fast, medium, slow, "
        "slower or veryslow for %s, not '%s'",
        c->codec->name, p->user.preset);
    return RIFEC_ERR_USAGE;
}

static int set_preset(AVCodecContext *c, const struct encode_params *p,
                      const struct row *row)
{
    const char *key = row->preset ? row->preset : "preset", *value = p->user.preset;
    if (!value)
        return 0;
    if (!knows(c, key)) {
        log_error("%s has no presets: leave --preset out", name_of(c->codec));
        return RIFEC_ERR_USAGE;
    }
    bool named = false;
    for (int i = 0; i < PRESETS && !named; i++)
        if (!strcmp(p->user.preset, preset_names[i])) {
            named = true;
            if (row->speeds[i])
                value = row->speeds[i];
        }
    bool own = !row->names_only && av_opt_set(c, key, value, AV_OPT_SEARCH_CHILDREN) >= 0;
    if (own)
        return 0;
    if (!named && !(isdigit((unsigned char)value[0]) && !value[1]))
        return refuse_preset(c, p);
    return set_option(c, key, value);
}

/* Lossless at every size, by all cores. */
static int set_ffv1(AVCodecContext *c, const struct encode_params *p)
{
    int err = 0;
    if (!is_given(p, "threads"))
        c->thread_count = av_cpu_count(); /* by itself it takes 16 at most */
    if (is_given(p, "level"))
        return 0;
    char slices[16];
    int count = ffv1_slices(c->width, c->height, c->pix_fmt);
    snprintf(slices, sizeof slices, "%d", count);
    bool sliced = count || is_given(p, "slices");
    TRY(set_option(c, "level", sliced ? "3" : "1"));
    if (sliced && !is_given(p, "slicecrc"))
        TRY(set_option(c, "slicecrc", "1"));
    if (count && !is_given(p, "slices"))
        TRY(set_option(c, "slices", slices));
fail:
    return err;
}

/* Some encoders write to stderr themselves, past FFmpeg's log and ours. */
static int silence(AVCodecContext *c)
{
    if (log_shows(RIFEC_LOG_VERBOSE))
        return 0;
    if (!strcmp(c->codec->name, "libsvtav1"))
        setenv("SVT_LOG", "1", 0); /* errors only; read when it is opened */
    return strcmp(c->codec->name, "libx265")
               ? 0
               : set_option(c, "x265-params", "log-level=error");
}

int encoder_set(AVCodecContext *c, const struct encode_params *p)
{
    int err = 0;
    const struct row *row = row_of(c->codec);
    for (int i = 0; i < 2 && row->also[i].key; i++)
        if (!is_given(p, row->also[i].key) && knows(c, row->also[i].key))
            TRY(set_option(c, row->also[i].key, row->also[i].value));
    if (!strcmp(c->codec->name, "ffv1"))
        TRY(set_ffv1(c, p));
    TRY(silence(c));
    TRY(set_quality(c, p, row));
    TRY(set_preset(c, p, row));
    TRY(set_list(c, p->user.options, p->user.option_count));
fail:
    return err;
}
