/*
 * The first packets of an input, read before they are wanted: what a container can hold
 * shows in a stream's packets, and streams may be announced that have none.
 */
#ifndef RIFEC_MEDIA_LOOKAHEAD_H
#define RIFEC_MEDIA_LOOKAHEAD_H

#include <libavformat/avformat.h>

struct lookahead {
    AVPacket **packets; /* [count]; those before `next` are taken */
    int count, room, next;
    int end; /* what av_read_frame() said after them; 0: they were enough */
};

/* Reads until there are some packets of each sound and video, but no more than FFmpeg
 * reads to find out what they are. Errors: NOMEM. */
int lookahead_fill(struct lookahead *l, AVFormatContext *ctx);

/* Number `n`, from 0 on, of a stream's packets, or NULL. Borrowed; valid until the first
 * is taken. */
const AVPacket *lookahead_find(const struct lookahead *l, int stream, int n);

/* The next packet, the caller's; NULL: none is left. */
AVPacket *lookahead_take(struct lookahead *l);

/* Drops the packets: the input is read from another place on. */
void lookahead_clear(struct lookahead *l);

#endif
