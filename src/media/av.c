/* FFmpeg's errors and log lines, in our log. */
#include "media/av.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/log.h>

#include "base/mem.h"
#include "media/versions.h"
#include "rifec/error.h"

/* More than any sane header, packet or index needs. */
#define SANE_BYTES ((size_t)256 << 20)

bool av_asks_too_much(int averr, size_t bytes)
{
    return averr == AVERROR(ENOMEM) &&
           !mem_is_short(bytes > SANE_BYTES ? bytes : SANE_BYTES);
}

/* Codecs in other libraries have no error code for a lack of memory. */
static bool is_short(int code, int averr)
{
    if (averr == AVERROR(ENOMEM))
        return code != RIFEC_ERR_INPUT || !av_asks_too_much(averr, 0);
    bool says_nothing = averr == AVERROR_EXTERNAL || averr == AVERROR_UNKNOWN;
    return code == RIFEC_ERR_CODEC &&
           (averr == AVERROR(EAGAIN) || (says_nothing && mem_is_short(SANE_BYTES)));
}

int av_fail(int code, int averr, const char *fmt, ...)
{
    char what[512], why[AV_ERROR_MAX_STRING_SIZE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    av_strerror(averr, why, sizeof why);
    bool no_memory = is_short(code, averr);
    log_error("%s: %s", what,
              !no_memory && averr == AVERROR(ENOMEM)
                  ? "the file asks for an absurd amount of memory; it is probably damaged"
              : no_memory && averr == AVERROR(EAGAIN) ? "a thread cannot be started"
              : no_memory                             ? "out of memory"
                                                      : why);
    return no_memory ? RIFEC_ERR_NOMEM : code;
}

void av_set_tag(AVDictionary **tags, const char *key, const char *value, int flags)
{
    if (av_dict_set(tags, key, value, flags) == AVERROR(ENOMEM))
        mem_fail("a tag");
}

void av_copy_tags(AVDictionary **to, const AVDictionary *from, int flags)
{
    if (av_dict_copy(to, from, flags) == AVERROR(ENOMEM))
        mem_fail("the tags");
}

/* FFmpeg says "error" for things that we report ourselves or survive, so its
 * lines rank one step lower than ours. */
static enum rifec_log_level level_of(int av_level)
{
    if (av_level <= AV_LOG_WARNING)
        return RIFEC_LOG_VERBOSE;
    return av_level <= AV_LOG_INFO ? RIFEC_LOG_DEBUG : RIFEC_LOG_DEBUG + 1;
}

/* Process-wide because FFmpeg's log is. */
static _Atomic(const void *) watched;
static atomic_int watched_errors;

void av_watch_errors(const void *context)
{
    watched = context;
    watched_errors = 0;
}

int av_watched_errors(const void *context)
{
    return watched == context ? watched_errors : 0;
}

void av_count_undecodable(AVCodecContext *codec, atomic_int *count)
{
    codec->opaque = count; /* the contexts of its threads are copies */
}

static void count_undecodable(void *context, const char *fmt)
{
    static const char undecodable[] = "error while decoding MB";
    const AVClass *class = context ? *(const AVClass **)context : NULL;
    if (!class || class != avcodec_get_class() ||
        strncmp(fmt, undecodable, sizeof undecodable - 1))
        return;
    const AVCodecContext *codec = context;
    if (codec->opaque && !codec->hw_device_ctx)
        atomic_fetch_add((atomic_int *)codec->opaque, 1);
}

static void forward(void *context, int av_level, const char *fmt, va_list ap)
{
    if (av_level <= AV_LOG_ERROR && context && context == watched)
        atomic_fetch_add(&watched_errors, 1);
    if (av_level <= AV_LOG_ERROR)
        count_undecodable(context, fmt);
    enum rifec_log_level level = level_of(av_level);
    if (level > RIFEC_LOG_DEBUG || !log_shows(level))
        return;
    char line[1024];
    int print_prefix = 1;
    av_log_format_line2(context, av_level, fmt, ap, line, sizeof line, &print_prefix);
    line[strcspn(line, "\n")] = 0;
    if (line[0])
        log_line(level, "%s", line);
}

void av_log_to_rifec(void)
{
    av_log_set_callback(forward);
}

const char *media_versions(void)
{
    static char text[160];
    unsigned f = avformat_version(), c = avcodec_version();
    snprintf(text, sizeof text, "FFmpeg %s (libavformat %u.%u.%u, libavcodec %u.%u.%u)",
             av_version_info(), f >> 16, f >> 8 & 255, f & 255, c >> 16, c >> 8 & 255,
             c & 255);
    return text;
}
