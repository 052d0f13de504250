/*
 * Metadata of a file and its streams: titles, languages, dispositions, chapters,
 * programs. It is copied, except for tags that describe only the old bitstream.
 */
#ifndef RIFEC_MEDIA_OUT_TAGS_H
#define RIFEC_MEDIA_OUT_TAGS_H

#include <libavformat/avformat.h>

#include "media/out/stream_choice.h"

/* Tags of the whole file. */
void tags_copy_file(AVFormatContext *to, const AVFormatContext *from,
                    const struct stream_choice *choice);

/* Tags and properties of a stream; `reencoded` when its packets are new. */
void tags_copy_stream(AVStream *to, const AVStream *from,
                      const struct stream_choice *choice, bool reencoded);

/* Those of the used part of the input, moved as its packets are. Errors: NOMEM. */
int tags_copy_chapters(AVFormatContext *to, const AVFormatContext *from,
                       const struct stream_choice *choice);

/* Which streams belong together in a transport stream; map[i] is the output's
 * stream for the input's, or -1. Errors: NOMEM. */
int tags_copy_programs(AVFormatContext *to, const AVFormatContext *from, const int *map);

/*
 * A "timecode" tag counts frames in its last field: brings it from frames of
 * rate `from` to frames of rate `to`, skip_us later. Unreadable ones stay.
 */
void tags_retime_timecode(AVDictionary **tags, AVRational from, AVRational to,
                          int64_t skip_us);

#endif
