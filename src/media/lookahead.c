/* A list of packets. */
#include "media/lookahead.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

/* avformat_find_stream_info() keeps about as much, and these packets cost no second
 * read. */
#define BYTES_MAX (5 << 20)
#define SPAN_US   2000000
/* Packets of each stream: the first may be damaged. */
#define WANTED 6

static bool is_awaited(const struct lookahead *l, const AVStream *st)
{
    enum AVMediaType type = st->codecpar->codec_type;
    return (type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO) &&
           !(st->disposition & AV_DISPOSITION_ATTACHED_PIC) &&
           st->discard < AVDISCARD_ALL && !lookahead_find(l, st->index, WANTED - 1);
}

static bool awaits(const struct lookahead *l, const AVFormatContext *ctx)
{
    for (unsigned i = 0; i < ctx->nb_streams; i++)
        if (is_awaited(l, ctx->streams[i]))
            return true;
    return false;
}

static int append(struct lookahead *l, AVPacket *pkt)
{
    if (l->count == l->room) {
        int room = l->room ? 2 * l->room : 64;
        AVPacket **grown = realloc(l->packets, (size_t)room * sizeof(AVPacket *));
        if (!grown)
            return mem_fail("the first packets");
        l->packets = grown;
        l->room = room;
    }
    l->packets[l->count++] = pkt;
    return 0;
}

static int64_t time_us(const AVFormatContext *ctx, const AVPacket *pkt)
{
    return pkt->dts == AV_NOPTS_VALUE
               ? AV_NOPTS_VALUE
               : av_rescale_q(pkt->dts, ctx->streams[pkt->stream_index]->time_base,
                              AV_TIME_BASE_Q);
}

int lookahead_fill(struct lookahead *l, AVFormatContext *ctx)
{
    int err = 0;
    AVPacket *pkt = NULL;
    int64_t bytes = 0, first_us = AV_NOPTS_VALUE, span_us = 0;
    while (awaits(l, ctx) && bytes < BYTES_MAX && span_us < SPAN_US) {
        pkt = av_packet_alloc();
        if (!pkt)
            TRY(mem_fail("a packet"));
        l->end = av_read_frame(ctx, pkt);
        if (l->end < 0)
            break;
        l->end = 0;
        bytes += pkt->size;
        int64_t us = time_us(ctx, pkt);
        if (first_us == AV_NOPTS_VALUE)
            first_us = us;
        else if (us != AV_NOPTS_VALUE)
            span_us = us - first_us;
        TRY(append(l, pkt));
        pkt = NULL;
    }
fail:
    av_packet_free(&pkt);
    return err;
}

const AVPacket *lookahead_find(const struct lookahead *l, int stream, int n)
{
    for (int i = l->next; i < l->count; i++)
        if (l->packets[i]->stream_index == stream && n-- == 0)
            return l->packets[i];
    return NULL;
}

AVPacket *lookahead_take(struct lookahead *l)
{
    if (l->next == l->count)
        return NULL;
    AVPacket *pkt = l->packets[l->next];
    l->packets[l->next++] = NULL;
    return pkt;
}

void lookahead_clear(struct lookahead *l)
{
    while (l->next < l->count)
        av_packet_free(&l->packets[l->next++]);
    free(l->packets);
    *l = (struct lookahead){ 0 };
}
