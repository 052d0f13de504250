/* Clocks that jump, made to go on. */
#include "media/joins.h"

#include <stdlib.h>

#include "base/mem.h"

/* Less is reordering or jitter; ffmpeg's dts_delta_threshold is the second. */
#define BACK_US    1000000
#define FORWARD_US 10000000
/* Streams of one recording jump by nearly the same amount. */
#define TOGETHER_US 1000000

static int reach(struct joins *j, int stream)
{
    if (stream < j->count)
        return 0;
    struct join_stream *grown = realloc(j->streams, (size_t)(stream + 1) * sizeof *grown);
    if (!grown)
        return mem_fail("the list of joined streams");
    for (int i = j->count; i <= stream; i++)
        grown[i] = (struct join_stream){ AV_NOPTS_VALUE, j->shift_us };
    j->streams = grown;
    j->count = stream + 1;
    return 0;
}

static void jump(struct joins *j, struct join_stream *st, int64_t raw_us)
{
    int64_t own = st->expected_us - raw_us;
    if (llabs(own - j->shift_us) > TOGETHER_US) {
        j->shift_us = own;
        j->jumps++;
    }
    st->shift_us = j->shift_us;
}

int joins_apply(struct joins *j, AVPacket *pkt, AVRational time_base)
{
    int err = reach(j, pkt->stream_index);
    if (err < 0 || pkt->dts == AV_NOPTS_VALUE)
        return err;
    struct join_stream *st = &j->streams[pkt->stream_index];
    int64_t raw_us = av_rescale_q(pkt->dts, time_base, AV_TIME_BASE_Q);
    if (st->expected_us != AV_NOPTS_VALUE) {
        int64_t ahead = raw_us + st->shift_us - st->expected_us;
        if (ahead < -BACK_US || ahead > FORWARD_US)
            jump(j, st, raw_us);
    }
    int64_t length = av_rescale_q(pkt->duration, time_base, AV_TIME_BASE_Q);
    int64_t shift = av_rescale_q(st->shift_us, AV_TIME_BASE_Q, time_base);
    st->expected_us = raw_us + st->shift_us + length;
    pkt->dts += shift;
    if (pkt->pts != AV_NOPTS_VALUE)
        pkt->pts += shift;
    return 0;
}

void joins_close(struct joins *j)
{
    free(j->streams);
    *j = (struct joins){ 0 };
}
