/* Packets in, items out. */
#include "pipeline/source.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

/* How long after to_us packets of other streams may still be found. */
#define INTERLEAVE_US 1000000

/* A longer pause of the picture may be a stray time. */
#define PAUSE_US 10000000

void source_seek(struct source *s)
{
    const int64_t start = demux_context(s->demux)->start_time;
    s->start_us = start == AV_NOPTS_VALUE ? 0 : start;
    s->origin_us = demux_origin_us(s->demux);
    s->sought = s->from_us && demux_seek(s->demux, s->from_us);
}

struct rational source_frame_rate(const struct source *s)
{
    AVStream *st = demux_video(s->demux);
    AVRational r = av_guess_frame_rate(demux_context(s->demux), st, NULL);
    AVRational average = st->avg_frame_rate;
    if (average.num > 0 && average.den > 0 && av_q2d(average) < 0.95 * av_q2d(r))
        /* A measured rate can be any fraction: limited to a few parts in a thousand
         * million. */
        av_reduce(&r.num, &r.den, average.num, average.den, 60000);
    r.num *= decode_rate_factor(s->decode);
    return r.num > 0 && r.den > 0 ? (struct rational){ r.num, r.den }
                                  : (struct rational){ 0, 1 };
}

/* Converts a time of the file to microseconds from its start. */
static int64_t file_us(const struct source *s, int64_t ts, AVRational time_base)
{
    return av_rescale_q(ts, time_base, AV_TIME_BASE_Q) - s->start_us;
}

static int64_t stream_ts(const struct source *s, int64_t us, AVRational time_base)
{
    return av_rescale_q_rnd(us + s->start_us, AV_TIME_BASE_Q, time_base, AV_ROUND_UP);
}

static bool is_before(const struct source *s, int64_t ts, AVRational time_base)
{
    return s->from_us && ts != AV_NOPTS_VALUE && file_us(s, ts, time_base) < s->from_us;
}

static bool is_behind(const struct source *s, int64_t ts, AVRational time_base)
{
    return s->to_us && ts != AV_NOPTS_VALUE && file_us(s, ts, time_base) >= s->to_us;
}

/* The wanted part begins at zero, or at the little below it where the file did. */
static int64_t moved(const struct source *s, int64_t ts, AVRational time_base)
{
    int64_t by_us = s->from_us + s->origin_us;
    return ts == AV_NOPTS_VALUE ? ts
                                : ts - av_rescale_q(by_us, AV_TIME_BASE_Q, time_base);
}

/* A subtitle that is shown across an end of the wanted part is cut there. */
static void cut_subtitle(const struct source *s, AVPacket *pkt, AVRational tb)
{
    int64_t end = pkt->pts + pkt->duration;
    if (pkt->pts == AV_NOPTS_VALUE || pkt->duration <= 0)
        return;
    if (is_before(s, pkt->pts, tb) && !is_before(s, end - 1, tb)) {
        pkt->pts = pkt->dts = stream_ts(s, s->from_us, tb);
        pkt->duration = end - pkt->pts;
    }
    if (is_behind(s, end, tb) && !is_behind(s, pkt->pts, tb))
        pkt->duration = stream_ts(s, s->to_us, tb) - pkt->pts;
}

/* A copied video that is cut begins with a keyframe, and ends in decoding order. */
static bool cuts_video(struct source *s, const AVStream *st, const AVPacket *pkt)
{
    if (is_behind(s, pkt->dts, st->time_base))
        return true;
    if (st->index < 64 && pkt->flags & AV_PKT_FLAG_KEY &&
        !is_before(s, pkt->pts, st->time_base))
        s->begun |= UINT64_C(1) << st->index;
    return s->from_us && st->index < 64 && !(s->begun >> st->index & 1);
}

/* Where MP4 says that a track ends with its last frame, FFmpeg has this one last as
 * long as the one before, and the copy would be longer than the file. */
static void end_with_track(const AVStream *st, AVPacket *pkt)
{
    if (pkt->pts == AV_NOPTS_VALUE || st->start_time == AV_NOPTS_VALUE ||
        st->duration <= 0)
        return;
    int64_t end = st->start_time + st->duration;
    if (pkt->pts <= end && pkt->pts + pkt->duration > end)
        pkt->duration = end > pkt->pts ? end - pkt->pts : 1;
}

/* True if the packet is to be copied; then its times are set. */
static bool take_packet(struct source *s, AVPacket *pkt)
{
    const AVStream *st = demux_context(s->demux)->streams[pkt->stream_index];
    AVRational tb = st->time_base;
    if (st->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE)
        cut_subtitle(s, pkt, tb);
    int64_t ts = pkt->pts != AV_NOPTS_VALUE ? pkt->pts : pkt->dts;
    bool video = st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    if (video ? cuts_video(s, st, pkt) : is_before(s, ts, tb) || is_behind(s, ts, tb))
        return false;
    if (!mux_copies(s->mux, pkt->stream_index)) {
        mux_miss(s->mux, st);
        return false;
    }
    if (video)
        end_with_track(st, pkt);
    pkt->pts = moved(s, pkt->pts, tb);
    pkt->dts = moved(s, pkt->dts, tb);
    return true;
}

/* True if no packet of the wanted part can follow this one. */
static bool is_past_all(const struct source *s, const AVPacket *pkt)
{
    AVRational tb = demux_context(s->demux)->streams[pkt->stream_index]->time_base;
    return s->video_ended && pkt->dts != AV_NOPTS_VALUE &&
           file_us(s, pkt->dts, tb) > s->to_us + INTERLEAVE_US;
}

void source_end_at(struct source *s, int64_t us)
{
    const AVFormatContext *ctx = demux_context(s->demux);
    bool others = false;
    if (s->video_ended)
        return;
    for (int i = 0; i < (int)ctx->nb_streams; i++)
        others =
            others || (ctx->streams[i] != demux_video(s->demux) && mux_copies(s->mux, i));
    s->video_ended = true;
    s->stopped = !others;
    /* The reverse of moved(). */
    s->to_us = us + s->from_us + s->origin_us - s->start_us;
    if (s->to_us <= 0)
        s->stopped = true;
}

/* Returns 1 if *out is set, 0 if the decoder got a packet. */
static int next_packet(struct source *s, struct item *out)
{
    int err = 0;
    AVPacket *pkt = NULL;
    TRY(demux_read(s->demux, &pkt));
    if (!pkt || is_past_all(s, pkt)) {
        s->draining = true;
        TRY(decode_send(s->decode, NULL));
    } else if (pkt->stream_index == demux_video(s->demux)->index) {
        if (!s->video_ended)
            TRY(decode_send(s->decode, pkt));
    } else if (take_packet(s, pkt)) {
        *out = (struct item){ .kind = ITEM_PACKET, .packet = pkt };
        return 1;
    }
fail:
    av_packet_free(&pkt);
    return err;
}

static int end(struct source *s, struct item *out)
{
    const char *path = demux_name(s->demux);
    if (demux_truncated(s->demux))
        log_warning("%s: the file is cut off; %lld frames could be read", path,
                    (long long)s->frames);
    else if (demux_damaged(s->demux))
        log_warning("%s: parts of the file cannot be read", path);
    if (s->frames == 1 && !s->outside && !s->stopped && !s->video_ended)
        log_info("%s: has one frame, so there is nothing to interpolate%s", path,
                 demux_is_picture(s->demux) ? "; pictures are a film as a folder (-i "
                                              "frames/) or a pattern (-i f%05d.png)"
                                            : "");
    if (demux_truncated(s->demux) || demux_damaged(s->demux) || decode_damaged(s->decode))
        s->damaged = true;
    if (s->rising.repaired)
        log_warning("%s: repaired %lld missing or non-increasing timestamps", path,
                    (long long)s->rising.repaired);
    *out = (struct item){ .kind = ITEM_EOF };
    return 0;
}

/* Takes a decoded frame. */
static void put_in_order(struct source *s, struct rifec_frame *frame)
{
    struct rising *r = &s->rising;
    const AVRational tb = decode_time_base(s->decode);
    if (!r->gap) {
        const struct rational rate = source_frame_rate(s);
        r->gap = rate.num ? av_rescale(rate.den, tb.den, rate.num * tb.num) : 1;
        r->gap = r->gap > 0 ? r->gap : 1;
        r->far = av_rescale_q(PAUSE_US, AV_TIME_BASE_Q, tb);
        r->start = stream_ts(s, s->sought ? s->from_us : 0, tb);
    }
    rising_put(r, frame);
}

/* Returns 1 if *out is the frame, 0 if it is outside the wanted part. Takes it. */
static int take_frame(struct source *s, struct rifec_frame *frame, struct item *out)
{
    AVRational tb = decode_time_base(s->decode);
    /* A raw stream begins with its first frame. */
    if (!s->begun_video && demux_context(s->demux)->start_time == AV_NOPTS_VALUE)
        s->start_us = s->origin_us = av_rescale_q(frame->pts, tb, AV_TIME_BASE_Q);
    s->begun_video = true;
    if (s->video_ended || is_behind(s, frame->pts, tb))
        s->video_ended = true;
    if (s->video_ended || is_before(s, frame->pts, tb)) {
        rifec_frame_free(&frame);
        s->outside++;
        return 0;
    }
    frame->pts = moved(s, frame->pts, tb);
    s->frames++;
    *out = (struct item){ .kind = ITEM_FRAME, .frame = frame };
    return 1;
}

/* The decoder gives no more frames. */
static void end_video(struct source *s)
{
    s->ended = true;
    rising_end(&s->rising);
}

/* Gets the decoder's next frame, or NULL if there is none now. */
static int next_frame(struct source *s, struct rifec_frame **out)
{
    for (;;) {
        *out = rising_take(&s->rising);
        if (*out || s->stopped || s->ended)
            return 0;
        int err = decode_receive(s->decode, out);
        if (err == RIFEC_ERR_INPUT && (s->frames || s->rising.count)) {
            s->damaged = true; /* another size: the video ends here for us */
            end_video(s);
        } else if (err < 0 || (!*out && !s->draining)) {
            return err;
        } else if (!*out) {
            end_video(s);
        } else {
            put_in_order(s, *out);
        }
    }
}

static int next_item(struct source *s, struct item *out)
{
    for (;;) {
        struct rifec_frame *frame;
        int err = next_frame(s, &frame);
        if (err < 0)
            return err;
        if (frame) {
            if (take_frame(s, frame, out))
                return 0;
            continue;
        }
        if (s->stopped || s->ended)
            return end(s, out);
        err = next_packet(s, out);
        if (err)
            return err < 0 ? err : 0;
    }
}

int source_next(struct source *s, struct item *out)
{
    double start = clock_seconds();
    int err = next_item(s, out);
    s->busy_s += clock_seconds() - start;
    return err;
}

void source_close(struct source *s)
{
    rising_close(&s->rising);
}
