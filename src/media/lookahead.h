/*
 * The first packets of an input, read in advance: whether a container can hold a stream
 * depends on its packets, and some streams are announced that have none.
 */
#ifndef RIFEC_MEDIA_LOOKAHEAD_H
#define RIFEC_MEDIA_LOOKAHEAD_H

#include <libavformat/avformat.h>

struct lookahead {
    AVPacket **packets; /* [count]; those before `next` are taken */
    int count, room, next;
    int end; /* the result of av_read_frame() after them; 0: they were enough */
};

/* Reads until there are some packets of each sound and video, but no more than FFmpeg
 * reads to find out what they are. Errors: NOMEM. */
int lookahead_fill(struct lookahead *l, AVFormatContext *ctx);

/* Number `n`, from 0 on, of a stream's packets, or NULL. Borrowed; valid until the first
 * is taken. */
const AVPacket *lookahead_find(const struct lookahead *l, int stream, int n);

/* The next packet, the caller's; NULL: none is left. */
AVPacket *lookahead_take(struct lookahead *l);

/* Drops the packets, because reading continues at another place. */
void lookahead_clear(struct lookahead *l);

#endif
