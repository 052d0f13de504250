/*
 * Broadcast streams whose clocks jump or differ: a recording that was restarted, files
 * that were appended to each other, several programmes in one. After a jump, times
 * continue without a gap, and a programme with its own clock is aligned with the others,
 * as in ffmpeg. This is only for containers that say their clock may jump
 * (AVFMT_TS_DISCONT); in others, times are used unchanged.
 */
#ifndef RIFEC_MEDIA_IN_JOINS_H
#define RIFEC_MEDIA_IN_JOINS_H

#include <stdbool.h>

#include <libavformat/avformat.h>

struct joins {
    struct join_stream {
        bool begun;
        bool early;          /* seen when the file was opened, so it begins there */
        int64_t expected_us; /* decoding time of the next packet             */
        int64_t shift_us;    /* added to this stream's times                 */
    } * streams;
    int count;           /* of streams known, may grow                           */
    bool begun;          /* a packet has come                                    */
    int64_t start_us;    /* of the file                                          */
    int64_t position_us; /* latest end of sound and picture                      */
    int64_t shift_us;    /* the newest: streams that jump together stay together */
    int64_t jumps;
};

/* Before the first packet is read. Errors: NOMEM. */
int joins_open(struct joins *j, const AVFormatContext *ctx);

/* Moves the packet's times; `st` is its stream. Errors: NOMEM. */
int joins_apply(struct joins *j, AVPacket *pkt, const AVStream *st);

void joins_close(struct joins *j);

#endif
