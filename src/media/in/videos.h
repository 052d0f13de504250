/* Which of an input's videos is interpolated. The others are copied. */
#ifndef RIFEC_MEDIA_IN_VIDEOS_H
#define RIFEC_MEDIA_IN_VIDEOS_H

#include <libavformat/avformat.h>

/*
 * The index of the stream: video number `wanted` as in FFmpeg's v:N, or, below 0, the
 * one with the most pixels of those that move, and the first of several such; no cover,
 * and no gray one (a track of transparency) beside one in colour. Says which, where
 * there is a choice. `name` is for messages. Errors, logged: INPUT, USAGE.
 */
int videos_choose(const AVFormatContext *ctx, int wanted, const char *name);

#endif
