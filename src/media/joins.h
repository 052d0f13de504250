/*
 * Broadcast streams whose clock jumps: a recording that was restarted, files
 * that were appended to each other. Behind a jump, times go on where they were,
 * as they do in ffmpeg. Only for containers that say their clock may jump
 * (AVFMT_TS_DISCONT); elsewhere a time is taken at its word.
 */
#ifndef RIFEC_MEDIA_JOINS_H
#define RIFEC_MEDIA_JOINS_H

#include <libavformat/avformat.h>

struct joins {
    struct join_stream {
        int64_t expected_us; /* decoding time of the next packet; AV_NOPTS_VALUE: any */
        int64_t shift_us;    /* added to this stream's times                           */
    } * streams;
    int count;        /* of streams known, may grow                               */
    int64_t shift_us; /* the newest: streams that jump together stay together    */
    int64_t jumps;
};

/* Moves the packet's times. Errors: NOMEM. */
int joins_apply(struct joins *j, AVPacket *pkt, AVRational time_base);

void joins_close(struct joins *j);

#endif
