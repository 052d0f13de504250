/* A list of packets that wait for a time. */
#include "pipeline/holdback.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

/* A file that needs more than this is not interleaved at all, and must not fill the
 * memory. */
#define BYTES_MAX (64u << 20)

void holdback_open(struct holdback *h, const struct holdback_params *p)
{
    *h = (struct holdback){ .p = *p, .reached_us = INT64_MIN };
}

static int64_t time_us(const struct holdback *h, int64_t ts, const AVPacket *pkt)
{
    int64_t us =
        av_rescale_q(ts, mux_time_base(h->p.mux, pkt->stream_index), AV_TIME_BASE_Q);
    return av_rescale(us, h->p.stretch.num, h->p.stretch.den);
}

/* Ordered by DTS, so that reference frames of a copied second video are not left
 * behind. */
static int64_t start_us(const struct holdback *h, const AVPacket *pkt)
{
    int64_t ts = pkt->dts != AV_NOPTS_VALUE ? pkt->dts : pkt->pts;
    return ts == AV_NOPTS_VALUE ? h->reached_us : time_us(h, ts, pkt);
}

static bool is_due(const struct holdback *h, const AVPacket *pkt)
{
    return start_us(h, pkt) <= h->reached_us;
}

/* The order within a stream stays. */
static bool stream_waits(const struct holdback *h, int before, int stream)
{
    for (int i = 0; i < before; i++)
        if (h->waiting[i] && h->waiting[i]->stream_index == stream)
            return true;
    return false;
}

/* Writes packet i; the caller removes it from the list later. */
static int release(struct holdback *h, int i)
{
    h->bytes -= (size_t)h->waiting[i]->size;
    return mux_write(h->p.mux, &h->waiting[i]);
}

static void close_gaps(struct holdback *h)
{
    int kept = 0;
    for (int i = 0; i < h->count; i++)
        if (h->waiting[i])
            h->waiting[kept++] = h->waiting[i];
    h->count = kept;
}

int holdback_reach(struct holdback *h, int64_t us)
{
    int err = 0;
    if (us > h->reached_us)
        h->reached_us = us;
    for (int i = 0; i < h->count; i++)
        if (is_due(h, h->waiting[i]) && !stream_waits(h, i, h->waiting[i]->stream_index))
            TRY(release(h, i));
fail:
    close_gaps(h);
    return err;
}

static int append(struct holdback *h, AVPacket *pkt)
{
    if (h->count == h->room) {
        int room = h->room ? 2 * h->room : 64;
        AVPacket **grown = realloc(h->waiting, (size_t)room * sizeof(AVPacket *));
        if (!grown)
            return mem_fail("the list of waiting packets");
        h->waiting = grown;
        h->room = room;
    }
    h->waiting[h->count++] = pkt;
    h->bytes += (size_t)pkt->size;
    return 0;
}

/* Subtitles that last beyond the video are shortened to its end. Packets of sound are
 * much shorter than a second and stay as they are. */
static void shorten(const struct holdback *h, AVPacket *pkt, int64_t end_us)
{
    AVRational tb = mux_time_base(h->p.mux, pkt->stream_index);
    if (pkt->pts == AV_NOPTS_VALUE || end_us == INT64_MAX ||
        time_us(h, pkt->duration, pkt) < AV_TIME_BASE)
        return;
    int64_t end = av_rescale_q(end_us, AV_TIME_BASE_Q, tb);
    if (pkt->pts + pkt->duration > end && end > pkt->pts)
        pkt->duration = end - pkt->pts;
}

int holdback_packet(struct holdback *h, AVPacket **pkt)
{
    int err = 0;
    shorten(h, *pkt, h->p.expected_us);
    if (is_due(h, *pkt) && !stream_waits(h, h->count, (*pkt)->stream_index))
        return mux_write(h->p.mux, pkt);
    TRY(append(h, *pkt));
    *pkt = NULL;
    while (h->bytes > BYTES_MAX) {
        TRY(release(h, 0));
        close_gaps(h);
    }
fail:
    av_packet_free(pkt);
    return err;
}

int holdback_end(struct holdback *h, bool cut)
{
    int err = 0;
    for (int i = 0; i < h->count; i++) {
        if (!cut)
            TRY(release(h, i));
        else if (start_us(h, h->waiting[i]) < h->reached_us) {
            shorten(h, h->waiting[i], h->reached_us);
            TRY(release(h, i));
        } else {
            av_packet_free(&h->waiting[i]);
        }
    }
fail:
    close_gaps(h);
    return err;
}

void holdback_close(struct holdback *h)
{
    for (int i = 0; i < h->count; i++)
        av_packet_free(&h->waiting[i]);
    free(h->waiting);
    h->waiting = NULL;
    h->count = h->room = 0;
}
