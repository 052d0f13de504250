/* Choosing the encoder and its pixel format; saying what would do instead. */
#include "media/out/encoder_choice.h"

#include <stdio.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/log.h"
#include "media/avcompat.h"
#include "media/color.h"
#include "media/out/container.h"
#include "media/out/forms.h"
#include "media/out/palette.h"
#include "media/out/plays.h"

/* --- which ---------------------------------------------------------------- */

/* "libx264, libx265 or libsvtav1": those of them that this FFmpeg has and the
 * container, if any, can hold. */
static const char *software(const AVOutputFormat *f, char *text, size_t size)
{
    static const char *const names[] = { "libx264",    "libx265", "libsvtav1",
                                         "libvpx-vp9", "libvpx",  "mpeg4" };
    const char *found[3];
    int count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && count < 3; i++) {
        const AVCodec *codec = avcodec_find_encoder_by_name(names[i]);
        if (codec && (!f || container_holds_codec(f, codec->id)))
            found[count++] = names[i];
    }
    text[0] = '\0';
    for (int i = 0; i < count; i++)
        av_strlcatf(text, size, "%s%s",
                    !i              ? ""
                    : i + 1 < count ? ", "
                                    : " or ",
                    found[i]);
    return text;
}

/* ".mov or .mkv", or "" */
static void containers_for(enum AVCodecID codec, char *text, size_t size)
{
    static const char *const names[][2] = {
        { "mp4", ".mp4" }, { "mov", ".mov" }, { "matroska", ".mkv" }, { "webm", ".webm" },
        { "avi", ".avi" }, { "nut", ".nut" }, { "mpegts", ".ts" },
    };
    int count = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names && count < 2; i++) {
        const AVOutputFormat *f = av_guess_format(names[i][0], NULL, NULL);
        if (f && container_holds_codec(f, codec))
            av_strlcatf(text, size, "%s%s", count++ ? " or " : "", names[i][1]);
    }
}

static const AVCodec *refuse_name(const struct encode_params *p)
{
    char others[64];
    software(p->container, others, sizeof others);
    if (!strcmp(p->user.codec, "copy"))
        log_error("-c:v copy: new frames cannot be copied; ffv1 is lossless, %s make "
                  "smaller files",
                  others);
    else
        log_error("this FFmpeg has no encoder '%s'; try -c:v %s, or see `ffmpeg "
                  "-encoders`",
                  p->user.codec, others[0] ? others : "ffv1");
    return NULL;
}

static const AVCodec *refuse_kind(const AVCodec *codec, const struct encode_params *p)
{
    char others[64];
    log_error("%s is not a video encoder; try -c:v %s", codec->name,
              software(p->container, others, sizeof others));
    return NULL;
}

static const AVCodec *refuse_container(const AVCodec *codec,
                                       const struct encode_params *p)
{
    char names[32], others[64];
    containers_for(codec->id, names, sizeof names);
    software(p->container, others, sizeof others);
    if (!others[0]) {
        const AVCodec *best = avcodec_find_encoder(p->container->video_codec);
        snprintf(others, sizeof others, "%s", best ? best->name : "");
    }
    log_error("%s cannot hold video from %s; end the output's name in %s%s%s",
              p->container->name, codec->name, names[0] ? names : ".nut",
              others[0] ? ", or use -c:v " : "", others);
    return NULL;
}

/* By the encoder's name, or by the codec's as FFmpeg allows: hevc, av1. */
static const AVCodec *find_named(const char *name)
{
    static const char *const preferred[][2] = {
        { "h264", "libx264" },  { "h265", "libx265" },   { "hevc", "libx265" },
        { "av1", "libsvtav1" }, { "vp9", "libvpx-vp9" }, { "vp8", "libvpx" }
    };
    const AVCodec *codec = NULL;
    for (size_t i = 0; i < sizeof preferred / sizeof *preferred; i++)
        if (!strcmp(name, preferred[i][0]))
            codec = avcodec_find_encoder_by_name(preferred[i][1]);
    if (!codec)
        codec = avcodec_find_encoder_by_name(name);
    const AVCodecDescriptor *d = codec ? NULL : avcodec_descriptor_get_by_name(name);
    return d ? avcodec_find_encoder(d->id) : codec;
}

/* H.265 where H.264 would hardly play; NULL: H.264 will do, or has to. */
static const AVCodec *choose_h265(const struct encode_params *p, const AVFrame *tags)
{
    char text[32];
    enum AVPixelFormat asked =
        p->user.pix_fmt ? av_get_pix_fmt(p->user.pix_fmt) : AV_PIX_FMT_NONE;
    const char *why = plays_why_not_h264(
        asked != AV_PIX_FMT_NONE ? asked : p->planar_pix_fmt, tags, text, sizeof text);
    if (!why || !plays_matters(p->container))
        return NULL;
    const AVCodec *codec = avcodec_find_encoder_by_name("libx265");
    if (codec && !container_holds_codec(p->container, codec->id))
        codec = NULL;
    if (codec)
        log_info("encoding with libx265, because few players show %s in H.264; "
                 "-c:v libx264 overrides",
                 why);
    else
        log_info("few players show %s in H.264; libx265 would be better, but %s does not "
                 "support it",
                 why,
                 avcodec_find_encoder_by_name("libx265") ? p->container->name
                                                         : "this FFmpeg");
    return codec;
}

static const AVCodec *choose_best(const struct encode_params *p, const AVFrame *tags)
{
    const AVOutputFormat *container = p->container;
    if (container_holds_codec(container, AV_CODEC_ID_H264)) {
        const AVCodec *codec = choose_h265(p, tags);
        if (!codec)
            codec = avcodec_find_encoder_by_name("libx264");
        if (codec)
            return codec;
    }
    if (container->video_codec == AV_CODEC_ID_NONE) {
        log_error("%s cannot hold video; end the output's name in .mp4 or .mkv",
                  container->name);
        return NULL;
    }
    const AVCodec *codec = avcodec_find_encoder(container->video_codec);
    if (!codec)
        log_error("this FFmpeg has no video encoder for %s; name one with -c:v",
                  container->name);
    return codec;
}

/* For some containers FFmpeg does not know, and writing the header will show. A container
 * for pictures alone accepts only its own codec. */
static bool refuses(const AVOutputFormat *f, enum AVCodecID codec)
{
    if (f->flags & AVFMT_NOFILE || container_is(f, "rawvideo"))
        return false;
    int known = avformat_query_codec(f, codec, FF_COMPLIANCE_EXPERIMENTAL);
    if (known >= 0)
        return known == 0 && !trial_codec(f, codec);
    bool own_only = f->audio_codec == AV_CODEC_ID_NONE && f->video_codec != codec;
    if (container_is(f, "ogg|ogv"))
        return codec != AV_CODEC_ID_THEORA && codec != AV_CODEC_ID_VP8;
    return own_only || (container_is(f, "mpegts|vob|dvd|svcd|vcd|mpeg") &&
                        !container_holds_codec(f, codec));
}

const AVCodec *encoder_choose(const struct encode_params *p, const AVFrame *tags)
{
    if (p->required_codec && p->user.codec) {
        log_error("the encoder of pictures follows from their names; leave out -c:v %s",
                  p->user.codec);
        return NULL;
    }
    if (p->required_codec)
        return forms_picture_encoder(p->required_codec);
    if (!p->user.codec)
        return choose_best(p, tags);
    const AVCodec *codec = find_named(p->user.codec);
    if (!codec)
        return refuse_name(p);
    if (codec->type != AVMEDIA_TYPE_VIDEO)
        return refuse_kind(codec, p);
    if (refuses(p->container, codec->id))
        return refuse_container(codec, p);
    return codec;
}

/* Codecs whose stream says how many frames there are in a second, and of no frame when
 * it is shown. */
static bool counts_frames(enum AVCodecID codec)
{
    return codec == AV_CODEC_ID_THEORA || codec == AV_CODEC_ID_MPEG1VIDEO ||
           codec == AV_CODEC_ID_MPEG2VIDEO;
}

bool encoder_needs_constant_rate(const AVOutputFormat *container, const char *name)
{
    const AVCodec *codec = name ? find_named(name) : NULL;
    if (name)
        return codec && counts_frames(codec->id);
    return counts_frames(container->video_codec) &&
           !container_holds_codec(container, AV_CODEC_ID_H264);
}

/* --- pixel format --------------------------------------------------------- */

static bool contains(const enum AVPixelFormat *list, enum AVPixelFormat f)
{
    for (; *list != AV_PIX_FMT_NONE; list++)
        if (*list == f)
            return true;
    return false;
}

static bool is_hardware(enum AVPixelFormat f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f);
    return d && d->flags & AV_PIX_FMT_FLAG_HWACCEL;
}

static bool fits(enum AVPixelFormat f, const struct rifec_frame *first)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f);
    return first->width % (1 << d->log2_chroma_w) == 0 &&
           first->height % (1 << d->log2_chroma_h) == 0;
}

/*
 * These cannot have half a chroma sample at the edge: an odd size needs a format
 * without subsampling. The alternative, a size that differs from the input's,
 * would be worse.
 */
static bool wants_whole_samples(const AVCodec *codec)
{
    return codec->id == AV_CODEC_ID_H264 || codec->id == AV_CODEC_ID_HEVC ||
           !strcmp(codec->name, "libsvtav1");
}

static enum AVPixelFormat whole_samples(const AVCodec *codec,
                                        const enum AVPixelFormat *list,
                                        enum AVPixelFormat f,
                                        const struct rifec_frame *first)
{
    if (!list || !wants_whole_samples(codec) || fits(f, first))
        return f;
    enum AVPixelFormat best = AV_PIX_FMT_NONE;
    for (; *list != AV_PIX_FMT_NONE; list++)
        if (!is_hardware(*list) && fits(*list, first))
            best = av_find_best_pix_fmt_of_2(best, color_plain(*list), f, 0, NULL);
    return best == AV_PIX_FMT_NONE ? f : best;
}

static int refuse_hardware(const AVCodec *codec, const struct encode_params *p)
{
    char others[64];
    log_error("%s accepts only frames in GPU memory, which rifec does not provide; try "
              "-c:v %s",
              codec->name, software(p->container, others, sizeof others));
    return RIFEC_ERR_CODEC;
}

static int asked_pix_fmt(const struct encode_params *p, const enum AVPixelFormat *list,
                         const char *taker, enum AVPixelFormat *out)
{
    *out = av_get_pix_fmt(p->user.pix_fmt);
    if (*out == AV_PIX_FMT_NONE) {
        log_error("unknown pixel format '%s'; `ffmpeg -pix_fmts` lists them",
                  p->user.pix_fmt);
        return RIFEC_ERR_USAGE;
    }
    if (list && !contains(list, *out)) {
        enum AVPixelFormat near =
            avcodec_find_best_pix_fmt_of_list(list, *out, color_has_alpha(*out), NULL);
        log_error("%s does not support %s; the nearest is %s", taker, p->user.pix_fmt,
                  av_get_pix_fmt_name(near));
        return RIFEC_ERR_CODEC;
    }
    return 0;
}

/* The encoder of the same codec that takes RGB as it is. */
static const char *rgb_advice(const AVCodec *codec, enum AVPixelFormat from,
                              enum AVPixelFormat to)
{
    bool was = av_pix_fmt_desc_get(from)->flags & AV_PIX_FMT_FLAG_RGB;
    bool is = av_pix_fmt_desc_get(to)->flags & AV_PIX_FMT_FLAG_RGB;
    return was && !is && !strcmp(codec->name, "libx264")
               ? "; -c:v libx264rgb keeps RGB, and ffv1 in .mkv is lossless"
               : "";
}

/* A GIF whose colours nobody chooses. */
static const char *fixed_colors(const AVCodec *codec, enum AVPixelFormat to)
{
    return codec->id == AV_CODEC_ID_GIF && to != AV_PIX_FMT_PAL8 && !palette_is_there()
               ? ", a fixed table of colours: without libavfilter none are chosen"
               : "";
}

bool encoder_is_null(const AVCodec *codec, const AVOutputFormat *container)
{
    return container_is(container, "null") && codec->id == AV_CODEC_ID_WRAPPED_AVFRAME;
}

/* One that plays, where the user has chosen neither codec nor format. */
static enum AVPixelFormat playable(const struct encode_params *p, const AVFrame *tags,
                                   const enum AVPixelFormat *list)
{
    enum AVPixelFormat f =
        p->user.codec || p->required_codec || !plays_matters(p->container)
            ? AV_PIX_FMT_NONE
            : plays_pix_fmt(p->planar_pix_fmt, tags);
    return f != AV_PIX_FMT_NONE && list && contains(list, f) ? f : AV_PIX_FMT_NONE;
}

int encoder_pix_fmt(const AVCodec *codec, const struct encode_params *p,
                    const AVFrame *tags, enum AVPixelFormat *out)
{
    int err = 0;
    const enum AVPixelFormat *held = forms_pix_fmts(p->container, codec);
    const enum AVPixelFormat *list = held ? held : avcompat_pix_fmts(codec);
    const char *taker = p->required_codec || !held ? codec->name : p->container->name;
    const enum AVPixelFormat source = p->planar_pix_fmt;
    const enum AVPixelFormat plays = playable(p, tags, list);
    if (p->user.pix_fmt)
        TRY(asked_pix_fmt(p, list, taker, out));
    else if (plays != AV_PIX_FMT_NONE)
        *out = plays;
    else if (encoder_is_null(codec, p->container))
        *out = p->source_pix_fmt;
    else if (!list || contains(list, source))
        *out = source;
    else if (codec->id == AV_CODEC_ID_GIF && palette_is_there())
        *out = AV_PIX_FMT_PAL8;
    else
        *out = avcodec_find_best_pix_fmt_of_list(list, source, color_has_alpha(source),
                                                 NULL);
    if (!p->user.pix_fmt)
        *out = whole_samples(codec, list, *out, p->first);
    /* The GPU's order of the same samples, where the encoder knows it, too. */
    if (!p->user.pix_fmt && *out == source && list && contains(list, p->source_pix_fmt))
        *out = p->source_pix_fmt;
    if (*out == AV_PIX_FMT_NONE || is_hardware(*out))
        return refuse_hardware(codec, p);
    bool lost = color_has_alpha(source) && !color_has_alpha(*out);
    if (*out != source && *out != p->source_pix_fmt)
        log_info("%s gets %s, converted from %s%s%s%s%s", taker,
                 av_get_pix_fmt_name(*out), av_get_pix_fmt_name(source),
                 *out == plays ? ", which few players show" : "",
                 lost ? "; transparency is lost" : "", rgb_advice(codec, source, *out),
                 fixed_colors(codec, *out));
fail:
    return err;
}

/* --- refusals ------------------------------------------------------------- */

int encoder_check(const AVCodecContext *c)
{
    char others[64];
    const char *name = c->codec->name;
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(c->pix_fmt);
    bool odd = c->width % (1 << d->log2_chroma_w) || c->height % (1 << d->log2_chroma_h);
    if (odd && wants_whole_samples(c->codec)) {
        log_error("%s cannot encode %dx%d as %s, whose chroma is halved; %s", name,
                  c->width, c->height, av_get_pix_fmt_name(c->pix_fmt),
                  strcmp(name, "libsvtav1") ? "try --pix-fmt yuv444p"
                                            : "try -c:v libaom-av1, libx264 or libx265");
        return RIFEC_ERR_CODEC;
    }
    /* Others refuse, but Theora would show each frame for a tick. */
    if (c->codec->id == AV_CODEC_ID_THEORA &&
        av_cmp_q(c->time_base, av_inv_q(c->framerate)) != 0) {
        log_error("%s has frames of one length only, and these times need another clock; "
                  "try -c:v %s in .mkv or .mp4",
                  name, software(NULL, others, sizeof others));
        return RIFEC_ERR_CODEC;
    }
    if (c->codec->id == AV_CODEC_ID_MPEG4 && c->time_base.den > 65535) {
        log_error("MPEG-4 allows at most 65535 ticks per second, but these timestamps "
                  "need %d; try -c:v %s",
                  c->time_base.den, software(NULL, others, sizeof others));
        return RIFEC_ERR_CODEC;
    }
    return 0;
}

/* "50" or "60000/1001": of the rates that MPEG-1 and MPEG-2 have a number for, the
 * nearest. */
static void mpeg_rate(AVRational wanted, char *text, size_t size)
{
    static const AVRational rates[] = { { 24000, 1001 }, { 24, 1 }, { 25, 1 },
                                        { 30000, 1001 }, { 30, 1 }, { 50, 1 },
                                        { 60000, 1001 }, { 60, 1 }, { 0, 0 } };
    const AVRational r = rates[av_find_nearest_q_idx(wanted, rates)];
    snprintf(text, size, r.den > 1 ? "%d/%d" : "%d", r.num, r.den);
}

/* DNxHD has a few sizes and rates; DNxHR, its successor, has all. */
static const char *dnx_profile(enum AVPixelFormat f)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(f);
    return !d->log2_chroma_w      ? "dnxhr_444"
           : d->comp[0].depth > 8 ? "dnxhr_hqx"
                                  : "dnxhr_hq";
}

const char *encoder_advice(const AVCodec *codec, const AVCodecContext *c, char *text,
                           size_t size)
{
    static const char *const kinds[] = { "_nvenc",        "_qsv",    "_vaapi",
                                         "_amf",          "_omx",    "_v4l2m2m",
                                         "_videotoolbox", "_vulkan", "_mf" };
    const char *name = codec->name;
    char others[64];
    text[0] = '\0';
    software(NULL, others, sizeof others);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!text[0] && strstr(name, kinds[i]))
            snprintf(text, size, "; it needs %s; try -c:v %s",
                     i ? "its own hardware and driver"
                       : "NVIDIA's driver and a GPU with NVENC, which A100, H100 and "
                         "H200 lack",
                     others);
    if (codec->id == AV_CODEC_ID_MPEG1VIDEO || codec->id == AV_CODEC_ID_MPEG2VIDEO) {
        char rate[32];
        mpeg_rate(c->framerate, rate, sizeof rate);
        snprintf(text, size,
                 "; it supports few frame rates, and only constant ones; try -r %s, or "
                 "-c:v %s",
                 rate, others);
    } else if (codec->id == AV_CODEC_ID_DNXHD) {
        snprintf(
            text, size,
            "; DNxHD supports few sizes and rates; try -e profile=%s, which takes all "
            "from 256x120",
            dnx_profile(c->pix_fmt));
    }
    return text;
}
