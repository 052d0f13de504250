/* The output of streams and their packets: life, times, spans. */
#include "media/out/stream_map.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/avutil.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/out/container.h"
#include "media/out/tags.h"

/* Packets at most that may be too damaged to begin with. */
#define FIRST_TRIED 16
/* The longest that sound has in front for its decoder is 2112 samples, as Apple's AAC
 * has it. */
#define PRIMING_US 60000
/* Times before an edit list's start, divided by this: a frame becomes a millisecond. */
#define SQUEEZE 40

static int copy_chapters(struct streams *s, const AVFormatContext *input)
{
    if (!input->nb_chapters || s->choice.user.no_chapters)
        return 0;
    if (container_holds_chapters(s->ctx->oformat))
        return tags_copy_chapters(s->ctx, input, &s->choice);
    log_warning("%u chapters are left out: %s cannot hold them; .mkv or .mp4 can",
                input->nb_chapters, s->ctx->oformat->name);
    return 0;
}

/* Warns before encoding starts if the container cannot store the rotation. */
static void check_rotation(const struct streams *s, const AVStream *video)
{
    if (avcompat_has_side_data(video, AV_PKT_DATA_DISPLAYMATRIX) &&
        !container_holds_rotation(s->ctx->oformat))
        log_warning("%s cannot store rotation: the video will appear sideways; use .mp4 "
                    "or .mov",
                    s->ctx->oformat->name);
}

/* The muxer gives its tables of programs numbers of its own. */
static bool numbers_clash(const AVFormatContext *output, const AVFormatContext *input)
{
    const int first = av_match_ext(output->url, "m2ts") ? 0x100 : 0x1000;
    const int end = first + (input->nb_programs ? (int)input->nb_programs : 1);
    for (unsigned i = 0; i < input->nb_streams; i++)
        if (input->streams[i]->id >= first && input->streams[i]->id < end)
            return true;
    return false;
}

int streams_open(struct streams **out, AVFormatContext *output,
                 const struct streams_params *p)
{
    int err = 0, *map = NULL;
    *out = NULL;
    struct streams *s = calloc(1, sizeof *s);
    if (!s)
        return mem_fail("the list of streams");
    s->ctx = output;
    s->choice = p->choice;
    s->video = p->video->index;
    s->keep_ids = container_is(output->oformat, "mpegts") && p->input->iformat &&
                  !strcmp(p->input->iformat->name, "mpegts") &&
                  !numbers_clash(output, p->input);
    s->may_begin_anywhere =
        p->input->iformat && p->input->iformat->flags & AVFMT_TS_DISCONT;
    s->ahead = p->ahead;
    TRY(stream_map(s, p->input));
    s->ahead = NULL;
    map = calloc((size_t)s->count, sizeof *map);
    if (!map)
        TRY(mem_fail("the list of streams"));
    for (int i = 0; i < s->count; i++)
        map[i] = s->list[i].out ? s->list[i].out->index : -1;
    TRY(tags_copy_programs(output, p->input, map));
    TRY(copy_chapters(s, p->input));
    tags_copy_file(output, p->input, &p->choice);
    free(map);
    *out = s;
    return 0;
fail:
    free(map);
    streams_close(&s);
    return err;
}

bool streams_takes(const struct streams *s, int input_stream)
{
    return input_stream < s->count && s->list[input_stream].out &&
           !s->list[input_stream].no_packets && input_stream != s->video;
}

int streams_describe_video(struct streams *s, const AVCodecContext *encoder)
{
    int err = 0;
    struct stream *video = &s->list[s->video];
    AVStream *st = video->out;
    check_rotation(s, video->in);
    int e = avcodec_parameters_from_context(st->codecpar, encoder);
    if (e < 0)
        return av_fail(RIFEC_ERR_OUTPUT, e, "cannot describe the video");
    uint32_t tag = container_video_tag(s->ctx->oformat, encoder->codec_id);
    if (tag)
        st->codecpar->codec_tag = tag;
    tags_copy_stream(st, video->in, &s->choice, true);
    int n;
    const AVPacketSideData *sd = avcompat_side_data(video->in, &n);
    TRY(stream_copy_side_data(st, sd, n, true));
    /* The encoder's own, which older versions do not count as parameters. */
    TRY(stream_copy_side_data(st, encoder->coded_side_data, encoder->nb_coded_side_data,
                              false));
    video->time_base = encoder->time_base;
    st->time_base = encoder->time_base;
    st->avg_frame_rate = encoder->framerate;
    st->r_frame_rate = encoder->framerate;
    st->sample_aspect_ratio = encoder->sample_aspect_ratio;
    tags_retime_timecode(&st->metadata, video->in->avg_frame_rate, encoder->framerate,
                         s->choice.from_us);
    tags_retime_timecode(&s->ctx->metadata, video->in->avg_frame_rate, encoder->framerate,
                         s->choice.from_us);
fail:
    return err;
}

void streams_check_ticks(const struct streams *s, AVRational frame_rate)
{
    const AVRational tick = s->list[s->video].out->time_base;
    if (frame_rate.num > 0 && av_cmp_q(tick, av_inv_q(frame_rate)) > 0)
        log_warning("%s counts time in steps of %g ms, too coarse for this frame rate: "
                    "some frames get the same time; use .mp4 or .mov",
                    s->ctx->oformat->name, 1000 * av_q2d(tick));
}

int streams_write_covers(struct streams *s)
{
    for (int i = 0; i < s->count; i++) {
        const struct stream *st = &s->list[i];
        if (!st->out || !st->no_packets ||
            st->out->codecpar->codec_type != AVMEDIA_TYPE_VIDEO)
            continue;
        AVPacket *pkt = av_packet_clone(&st->in->attached_pic);
        if (!pkt)
            return AVERROR(ENOMEM);
        pkt->stream_index = st->out->index;
        pkt->pts = pkt->dts = 0;
        int e = av_interleaved_write_frame(s->ctx, pkt);
        av_packet_free(&pkt);
        if (e < 0)
            return e;
    }
    return 0;
}

/* --- packets -------------------------------------------------------------- */

/*
 * Muxers need increasing DTS, which a file that was cut or joined may not have. Such a
 * packet moves to just after the previous one, as in ffmpeg.
 */
static void repair_times(struct streams *s, struct stream *st, AVPacket *pkt)
{
    int64_t least = st->last_dts;
    bool equal_allowed = s->ctx->oformat->flags & AVFMT_TS_NONSTRICT;
    if (pkt->dts == AV_NOPTS_VALUE && st->out->codecpar->codec_type != AVMEDIA_TYPE_VIDEO)
        pkt->dts = pkt->pts;
    if (pkt->dts == AV_NOPTS_VALUE)
        return;
    if (least != AV_NOPTS_VALUE && pkt->dts < least + !equal_allowed) {
        pkt->dts = least + !equal_allowed;
        s->repaired++;
    }
    if (pkt->pts != AV_NOPTS_VALUE && pkt->pts < pkt->dts)
        pkt->pts = pkt->dts;
    st->last_dts = pkt->dts;
}

static void widen(int64_t *start, int64_t *end, const AVPacket *p, AVRational time_base)
{
    int64_t ts = p->pts != AV_NOPTS_VALUE ? p->pts : p->dts;
    if (ts == AV_NOPTS_VALUE)
        return;
    int64_t from = av_rescale_q(ts, time_base, AV_TIME_BASE_Q);
    int64_t to = av_rescale_q(ts + p->duration, time_base, AV_TIME_BASE_Q);
    *start = from < *start ? from : *start;
    *end = to > *end ? to : *end;
}

bool streams_get_span(const struct streams *s, int input_stream, struct stream_span *out)
{
    *out = s->list[input_stream].span;
    return out->out_start <= out->out_end;
}

AVRational streams_time_base(const struct streams *s, int input_stream)
{
    return s->list[input_stream].in->time_base;
}

struct slowsound *streams_slow(const struct streams *s, int i, int *input_stream)
{
    for (int k = 0; k < s->count; k++)
        if (s->list[k].slow && i-- == 0) {
            *input_stream = k;
            return s->list[k].slow;
        }
    return NULL;
}

/* Where the edit list begins to play the stream, in its packets' times. */
static int64_t edit_start(const struct streams *s, const struct stream *st)
{
    int64_t away_us = s->choice.origin_us + s->choice.from_us;
    return st->in->start_time - av_rescale_q(away_us, AV_TIME_BASE_Q, st->time_base);
}

/* A decoder needs the first packets of sound to get started, if they are few; more of
 * them are a part that was cut off. */
static bool is_priming(const struct streams *s, const struct stream *st,
                       const AVPacket *pkt)
{
    return av_rescale_q(edit_start(s, st) - pkt->pts, st->time_base, AV_TIME_BASE_Q) <=
           PRIMING_US;
}

/* Pictures that are decoded and not shown, shown for next to no time. */
static void squeeze(const struct streams *s, const struct stream *st, int64_t *ts)
{
    const int64_t start = edit_start(s, st);
    if (*ts != AV_NOPTS_VALUE && *ts < start)
        *ts = start - (start - *ts + SQUEEZE - 1) / SQUEEZE;
}

/* An edit list says what of the packets is not to be played. Where the output cannot,
 * such sound is left out, and of such pictures those stay that others need. */
static bool is_cut_out(const struct streams *s, struct stream *st, AVPacket *pkt)
{
    const bool discard = pkt->flags & AV_PKT_FLAG_DISCARD;
    const bool leads = !st->shown && discard, begins = !st->begun;
    st->begun = true;
    st->shown = st->shown || !discard;
    if (st->in->index == s->video || st->slow || pkt->pts == AV_NOPTS_VALUE ||
        st->in->start_time == AV_NOPTS_VALUE)
        return false;
    if (begins)
        st->leads = leads && !container_holds_edits(s->ctx->oformat);
    if (st->leads && st->in->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
        squeeze(s, st, &pkt->pts);
        squeeze(s, st, &pkt->dts);
    } else if (begins && is_priming(s, st, pkt)) {
        st->leads = false;
    }
    return discard && st->in->codecpar->codec_type != AVMEDIA_TYPE_VIDEO &&
           (st->leads || !leads);
}

/* By the first packet a muxer decides how it writes the stream. A damaged one, in which
 * it finds nothing, would spoil all that follow. */
static bool begins(const struct streams *s, struct stream *st, const AVPacket *pkt)
{
    const struct trial t = { .format = s->ctx->oformat,
                             .url = s->ctx->url,
                             .strictness = s->ctx->strict_std_compliance };
    if (!st->accepted && st->refused_first < FIRST_TRIED && st->in->index != s->video &&
        !trial_packet(&t, st->in, pkt)) {
        st->refused_first++;
        st->refused_bytes += pkt->size;
        return false;
    }
    /* A recording may begin in the middle of a frame; that is not damage. */
    if (!st->accepted && s->may_begin_anywhere && st->refused_first == 1 &&
        st->refused_bytes < 2 * pkt->size)
        st->refused_first = 0;
    return st->accepted = true;
}

int streams_convert(struct streams *s, AVPacket **pkt)
{
    struct stream *st = &s->list[(*pkt)->stream_index];
    if (is_cut_out(s, st, *pkt) || (!st->text && !st->slow && !begins(s, st, *pkt))) {
        av_packet_free(pkt);
        return 0;
    }
    if (st->text) {
        AVPacket *converted;
        int err = subtitles_convert(st->text, *pkt, &converted);
        av_packet_free(pkt);
        *pkt = converted;
        if (!converted)
            return err;
    }
    AVPacket *p = *pkt;
    p->stream_index = st->out->index;
    p->pos = -1;
    widen(&st->span.in_start, &st->span.in_end, p, st->time_base);
    av_packet_rescale_ts(p, st->time_base, st->out->time_base);
    if (p->duration > INT32_MAX) /* of a subtitle that ends with the next one */
        p->duration = 0;
    if (st->in->index != s->video)
        repair_times(s, st, p);
    widen(&st->span.out_start, &st->span.out_end, p, st->out->time_base);
    st->given++;
    return 0;
}

void streams_close(struct streams **s)
{
    if (!*s)
        return;
    for (int i = 0; i < (*s)->count; i++) {
        subtitles_close(&(*s)->list[i].text);
        slowsound_close(&(*s)->list[i].slow);
    }
    free((*s)->list);
    free(*s);
    *s = NULL;
}
