/*
 * Text subtitles from one codec into another that the output's container
 * holds. Words and times stay; styling as far as both codecs know it.
 */
#ifndef RIFEC_MEDIA_OUT_SUBTITLES_H
#define RIFEC_MEDIA_OUT_SUBTITLES_H

#include <stdint.h>

#include <libavformat/avformat.h>

struct subtitles;

/* The codec that the container holds in place of the stream's own, or NONE:
 * the stream is not text, or this FFmpeg cannot convert it. */
enum AVCodecID subtitles_target(const AVOutputFormat *f, const AVStream *from);

/* Describes the result in `to`. Errors: CODEC, NOMEM. */
int subtitles_open(struct subtitles **out, const AVStream *from, enum AVCodecID codec,
                   AVStream *to);

/* *out is the packet's text in the other codec, in the same time base, or NULL when there
 * is nothing to show. Packets that do not decode are counted. Errors: NOMEM. */
int subtitles_convert(struct subtitles *s, const AVPacket *in, AVPacket **out);

/* Packets that did not decode. */
int64_t subtitles_lost(const struct subtitles *s);

void subtitles_close(struct subtitles **s);

#endif
