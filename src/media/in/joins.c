/* Repairs clocks that jump. */
#include "media/in/joins.h"

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
        grown[i] = (struct join_stream){ .shift_us = j->shift_us };
    j->streams = grown;
    j->count = stream + 1;
    return 0;
}

int joins_open(struct joins *j, const AVFormatContext *ctx)
{
    int err = ctx->nb_streams ? reach(j, (int)ctx->nb_streams - 1) : 0;
    j->begun = ctx->start_time != AV_NOPTS_VALUE;
    j->position_us = j->start_us = j->begun ? ctx->start_time : 0;
    for (int i = 0; i < j->count; i++)
        j->streams[i].early = ctx->streams[i]->start_time != AV_NOPTS_VALUE;
    return err;
}

static bool is_between(int64_t us, int64_t least, int64_t most)
{
    return us >= least && us <= most;
}

/* Only video and audio: sparse streams tell nothing about the clock. */
static bool is_steady(const AVStream *st)
{
    return st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO ||
           st->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
}

/* True if the clock continues, or the other streams have advanced as far, so that this
 * one was only silent for a while. */
static bool goes_on(const struct joins *j, const struct join_stream *st, bool steady,
                    int64_t us)
{
    const bool beside = is_between(us - j->position_us, -FORWARD_US, FORWARD_US);
    if (!st->begun)
        return beside || !j->begun;
    if (is_between(us - st->expected_us, -BACK_US, FORWARD_US))
        return true;
    return beside && (us > st->expected_us || !steady);
}

/* The time to which a stream's first packet belongs. */
static int64_t first_us(const struct joins *j, const struct join_stream *st)
{
    return st->early ? j->start_us : j->position_us;
}

/* Finds the shift of another stream that makes this one continue as well; the newest
 * first. */
static bool follow(const struct joins *j, struct join_stream *st, int64_t raw_us)
{
    const int64_t at = st->begun ? st->expected_us : first_us(j, st);
    const int64_t near = st->begun ? TOGETHER_US : FORWARD_US;
    for (int i = -1; i < j->count; i++) {
        const int64_t shift = i < 0 ? j->shift_us : j->streams[i].shift_us;
        if (i >= 0 && !j->streams[i].begun)
            continue;
        if (is_between(raw_us + shift - at, -near, near)) {
            st->shift_us = shift;
            return true;
        }
    }
    return false;
}

static void jump(struct joins *j, struct join_stream *st, int64_t raw_us)
{
    st->shift_us = (st->begun ? st->expected_us : first_us(j, st)) - raw_us;
    j->shift_us = st->shift_us;
    j->jumps += st->begun; /* otherwise it is a programme with its own clock */
}

int joins_apply(struct joins *j, AVPacket *pkt, const AVStream *stream)
{
    int err = reach(j, pkt->stream_index);
    if (err < 0 || pkt->dts == AV_NOPTS_VALUE)
        return err;
    const AVRational tb = stream->time_base;
    const bool steady = is_steady(stream);
    struct join_stream *st = &j->streams[pkt->stream_index];
    int64_t raw_us = av_rescale_q(pkt->dts, tb, AV_TIME_BASE_Q);
    if (!goes_on(j, st, steady, raw_us + st->shift_us) && !follow(j, st, raw_us))
        jump(j, st, raw_us);
    const int64_t us = raw_us + st->shift_us;
    const int64_t end_us = us + av_rescale_q(pkt->duration, tb, AV_TIME_BASE_Q);
    st->begun = true;
    st->expected_us = steady ? end_us : us;
    if (steady && (!j->begun || end_us > j->position_us))
        j->position_us = end_us;
    j->begun = j->begun || steady;
    const int64_t shift = av_rescale_q(st->shift_us, AV_TIME_BASE_Q, tb);
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
