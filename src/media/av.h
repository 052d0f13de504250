/* The border between FFmpeg's conventions and ours: errors, log, versions. */
#ifndef RIFEC_MEDIA_AV_H
#define RIFEC_MEDIA_AV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <libavcodec/avcodec.h>
#include <libavutil/dict.h>

#include "base/log.h"

/*
 * Logs "<message>: <FFmpeg's words for averr>" and returns `code`, or RIFEC_ERR_NOMEM
 * where that is the cause:
 * - ENOMEM; but with RIFEC_ERR_INPUT while memory is not short, a damaged file asked
 *   for an absurd amount, and the code stays;
 * - with RIFEC_ERR_CODEC also EAGAIN, which means that no thread could be started, and
 *   an error of another library while memory is short.
 */
int av_fail(int code, int averr, const char *fmt, ...) LOG_PRINTF(3, 4);

/* True if averr says that memory is short, but it is not: `bytes`, what a sane file
 * may need, could be allocated (at least some hundred MiB). */
bool av_asks_too_much(int averr, size_t bytes);

/* av_dict_set() and av_dict_copy() for tags and options that a caller goes on without:
 * a lack of memory is logged and counted (base/mem.h), so that the job ends with it. */
void av_set_tag(AVDictionary **tags, const char *key, const char *value, int flags);
void av_copy_tags(AVDictionary **to, const AVDictionary *from, int flags);

/* Sends FFmpeg's own messages to our log, where -v shows them. */
void av_log_to_rifec(void);

/*
 * Demuxers skip unreadable data and report it only in the log. From now on, the errors
 * that this context logs are counted (one context at a time).
 */
void av_watch_errors(const void *context);
int av_watched_errors(const void *context);

/*
 * With several threads, libavcodec's H.264 decoder may output a picture before it finds
 * that a part of it cannot be decoded, and then the frame has no flag: only the log
 * tells. Such parts are counted in *count from now on. `codec` is a software decoder that
 * is not open yet; its `opaque` is taken for this.
 */
void av_count_undecodable(AVCodecContext *codec, atomic_int *count);

#endif
