/* The mapping from input streams to output streams, and packets along it. */
#include "media/streams.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>
#include <libavutil/avutil.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/container.h"
#include "media/slowsound.h"
#include "media/subtitles.h"
#include "media/tags.h"

/* The longest that sound has in front for its decoder is 2112 samples, as Apple's AAC
 * has it. */
#define PRIMING_US 60000
/* Times before an edit list's start, divided by this: a frame becomes a millisecond. */
#define SQUEEZE 40

/* What becomes of an input stream. */
struct stream {
    const AVStream *in;
    AVStream *out;          /* NULL: left out                                         */
    AVRational time_base;   /* of the packets that come                        */
    struct subtitles *text; /* NULL: packets stay as they are                */
    struct slowsound *slow; /* or NULL                                       */
    bool begun, shown;      /* a packet has come; one that is played         */
    bool leads;             /* what comes before that is to be left out      */
    bool no_packets;        /* all of it is in the container's head          */
    struct stream_span span;
    int64_t last_dts;      /* AV_NOPTS_VALUE: none yet                      */
    int64_t given;         /* packets that the muxer got                    */
    int64_t refused;       /* of these, packets that it did not write       */
    int64_t refused_first; /* of these, packets before the first one it wrote */
};

struct streams {
    AVFormatContext *ctx;
    struct stream_choice choice;
    int video; /* input index */
    struct stream *list;
    int count;               /* the input's when it was opened; more may appear later */
    bool keep_ids;           /* from one transport stream to another */
    int too_fast;            /* left out because the picture is slowed down */
    bool may_begin_anywhere; /* the input is a broadcast stream */
    int64_t repaired;
};

/* --- names ---------------------------------------------------------------- */

/* "stream 3 (subtitle, dvd_subtitle, fin)" */
static const char *name_of(const AVStream *st, char *text, size_t size)
{
    const AVCodecParameters *par = st->codecpar;
    const char *type = av_get_media_type_string(par->codec_type);
    const AVDictionaryEntry *language = av_dict_get(st->metadata, "language", NULL, 0);
    const AVDictionaryEntry *file = av_dict_get(st->metadata, "filename", NULL, 0);
    char tag[AV_FOURCC_MAX_STRING_SIZE] = "unknown";
    const char *codec = avcodec_get_name(par->codec_id);
    if (par->codec_id == AV_CODEC_ID_NONE || par->codec_id == AV_CODEC_ID_BIN_DATA)
        codec = par->codec_tag ? av_fourcc_make_string(tag, par->codec_tag) : tag;
    if (st->disposition & AV_DISPOSITION_ATTACHED_PIC)
        type = "cover picture";
    const AVDictionaryEntry *more = file ? file : language;
    snprintf(text, size, "stream %d (%s, %s%s%s)", st->index, type ? type : "?", codec,
             more ? ", " : "", more ? more->value : "");
    return text;
}

static void say_left_out(const struct streams *s, const AVStream *st)
{
    char name[128];
    const char *other = container_for(st);
    log_warning("%s is left out: %s cannot hold it%s%s%s", name_of(st, name, sizeof name),
                s->ctx->oformat->name,
                other ? "; " : ", nor can any other that FFmpeg writes",
                other ? other : "", other ? " can" : "");
}

/* --- side data ------------------------------------------------------------ */

/* Side data that speaks of the picture; the rest speaks of the old bits, or is
 * the encoder's to say. */
static bool describes_picture(enum AVPacketSideDataType type)
{
    return type == AV_PKT_DATA_DISPLAYMATRIX || type == AV_PKT_DATA_STEREO3D ||
           type == AV_PKT_DATA_SPHERICAL || type == AV_PKT_DATA_ICC_PROFILE;
}

static int copy_side_data(AVStream *to, const AVPacketSideData *sd, int n, bool pictures)
{
    for (int i = 0; i < n; i++) {
        if (pictures && !describes_picture(sd[i].type))
            continue;
        uint8_t *room = avcompat_new_side_data(to, sd[i].type, sd[i].size);
        if (!room)
            return mem_fail("the side data of a stream");
        memcpy(room, sd[i].data, sd[i].size);
    }
    return 0;
}

/* --- mapping -------------------------------------------------------------- */

static int add_output(struct streams *s, struct stream *st)
{
    st->out = avformat_new_stream(s->ctx, NULL);
    if (!st->out)
        return mem_fail("an output stream");
    if (s->keep_ids)
        st->out->id = st->in->id;
    return 0;
}

static int add_copy(struct streams *s, struct stream *st)
{
    int err = 0;
    char name[128];
    TRY(add_output(s, st));
    int e = container_copy_parameters(s->ctx->oformat, st->out, st->in);
    if (e < 0) {
        err = av_fail(RIFEC_ERR_OUTPUT, e, "cannot copy %s",
                      name_of(st->in, name, sizeof name));
        goto fail;
    }
    if (st->in->sample_aspect_ratio.num) /* muxers look here alone */
        st->out->codecpar->sample_aspect_ratio = st->in->sample_aspect_ratio;
#if !AVCOMPAT_PAR_SIDE_DATA /* else it came with the parameters */
    int n;
    const AVPacketSideData *sd = avcompat_side_data(st->in, &n);
    TRY(copy_side_data(st->out, sd, n, false));
#endif
    tags_copy_stream(st->out, st->in, &s->choice, false);
fail:
    return err;
}

static int add_text(struct streams *s, struct stream *st, enum AVCodecID codec)
{
    int err = 0;
    char name[128];
    TRY(add_output(s, st));
    TRY(subtitles_open(&st->text, st->in, codec, st->out));
    tags_copy_stream(st->out, st->in, &s->choice, true);
    log_info("%s becomes %s, for %s", name_of(st->in, name, sizeof name),
             avcodec_get_name(codec), s->ctx->oformat->name);
fail:
    return err;
}

/* Matroska keeps covers as attached files. */
static int add_cover_file(struct streams *s, struct stream *st)
{
    int err = 0;
    const AVPacket *picture = &st->in->attached_pic;
    const AVCodecDescriptor *d = avcodec_descriptor_get(st->in->codecpar->codec_id);
    const char *mime = d && d->mime_types ? d->mime_types[0] : "image/jpeg";
    char file[32];
    TRY(add_output(s, st));
    AVCodecParameters *par = st->out->codecpar;
    par->codec_type = AVMEDIA_TYPE_ATTACHMENT;
    par->codec_id = st->in->codecpar->codec_id;
    par->extradata = av_mallocz((size_t)picture->size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!par->extradata)
        TRY(mem_fail("an attached picture"));
    memcpy(par->extradata, picture->data, (size_t)picture->size);
    par->extradata_size = picture->size;
    tags_copy_stream(st->out, st->in, &s->choice, false);
    st->out->disposition = 0;
    /* "cover" is the name by which players know it. */
    const char *ending = strchr(mime, '/') + 1;
    snprintf(file, sizeof file, "cover.%s", strcmp(ending, "jpeg") ? ending : "jpg");
    av_dict_set(&st->out->metadata, "filename", file, AV_DICT_DONT_OVERWRITE);
    av_dict_set(&st->out->metadata, "mimetype", mime, AV_DICT_DONT_OVERWRITE);
    st->no_packets = true;
fail:
    return err;
}

static int map_cover(struct streams *s, struct stream *st)
{
    const AVOutputFormat *f = s->ctx->oformat;
    /* Pictures for chapters are many, and no muxer writes them as such. */
    if (st->in->disposition & AV_DISPOSITION_TIMED_THUMBNAILS ||
        !st->in->attached_pic.size ||
        !container_holds_cover(f, st->in->codecpar->codec_id)) {
        say_left_out(s, st->in);
        return 0;
    }
    if (container_holds_attachments(f))
        return add_cover_file(s, st);
    st->no_packets = true; /* its one packet is written by us */
    return add_copy(s, st);
}

static int map_attachment(struct streams *s, struct stream *st)
{
    st->no_packets = true;
    if (container_holds_attachments(s->ctx->oformat))
        return add_copy(s, st);
    say_left_out(s, st->in);
    return 0;
}

/* What demuxers show as data although the muxer makes it anew. */
static bool is_remade(const AVStream *st)
{
    uint32_t tag = st->codecpar->codec_tag;
    if (tag == MKTAG('t', 'm', 'c', 'd'))
        return true; /* from the "timecode" tag */
    /* QuickTime's chapters are a track of text that the demuxer has read. */
    return tag == MKTAG('t', 'e', 'x', 't') && st->discard == AVDISCARD_ALL;
}

static int add_slow(struct streams *s, struct stream *st)
{
    int err = 0;
    TRY(add_output(s, st));
    TRY(slowsound_open(&st->slow, st->in, s->choice.slowdown, s->ctx->oformat, st->out));
    tags_copy_stream(st->out, st->in, &s->choice, true);
    st->time_base = st->out->time_base;
fail:
    return err;
}

static int map_packets(struct streams *s, struct stream *st)
{
    const AVOutputFormat *f = s->ctx->oformat;
    if (container_holds(f, st->in))
        return add_copy(s, st);
    enum AVCodecID text = st->in->codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE
                              ? subtitles_target(f, st->in)
                              : AV_CODEC_ID_NONE;
    if (text != AV_CODEC_ID_NONE)
        return add_text(s, st, text);
    say_left_out(s, st->in);
    return 0;
}

static bool is_unwanted(const struct stream_choice *c, const AVStream *st)
{
    switch (st->codecpar->codec_type) {
    case AVMEDIA_TYPE_AUDIO:
        return c->no_audio;
    case AVMEDIA_TYPE_SUBTITLE:
        return c->no_subs;
    case AVMEDIA_TYPE_VIDEO:
        return st->disposition & AV_DISPOSITION_ATTACHED_PIC && c->no_attachments;
    default:
        return c->no_attachments;
    }
}

static bool has_times(const AVStream *st)
{
    return st->codecpar->codec_type != AVMEDIA_TYPE_ATTACHMENT &&
           !(st->disposition & AV_DISPOSITION_ATTACHED_PIC);
}

/* The output stream for an input stream, or none. */
static int map_stream(struct streams *s, struct stream *st)
{
    char name[128];
    const AVStream *in = st->in;
    if (in->index == s->video)
        return add_output(s, st);
    if (is_unwanted(&s->choice, in) || container_is(s->ctx->oformat, "null") ||
        is_remade(in)) {
        log_verbose("%s is not copied", name_of(in, name, sizeof name));
        return 0;
    }
    if (in->codecpar->codec_type == AVMEDIA_TYPE_AUDIO && s->choice.slow_audio &&
        stream_choice_slows(&s->choice))
        return add_slow(s, st);
    if (has_times(in) && stream_choice_slows(&s->choice)) {
        s->too_fast++;
        return 0;
    }
    if (in->disposition & AV_DISPOSITION_ATTACHED_PIC)
        return map_cover(s, st);
    if (in->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT)
        return map_attachment(s, st);
    return map_packets(s, st);
}

/* Streams keep the input's order, so players pick the same ones. */
static int map_streams(struct streams *s, AVFormatContext *input)
{
    s->list = calloc(input->nb_streams, sizeof *s->list);
    if (!s->list)
        return mem_fail("the list of streams");
    s->count = (int)input->nb_streams;
    for (int i = 0; i < s->count; i++) {
        struct stream *st = &s->list[i];
        AVStream *in = input->streams[i];
        *st = (struct stream){ .in = in,
                               .time_base = in->time_base,
                               .span = { INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN },
                               .last_dts = AV_NOPTS_VALUE };
        int err = map_stream(s, st);
        if (err < 0)
            return err;
        if (!st->out)
            in->discard = AVDISCARD_ALL;
    }
    if (s->too_fast)
        log_warning("slow motion: %ssubtitles and whatever else has times of its own no "
                    "longer fit and are left out",
                    s->choice.slow_audio ? "" : "audio, ");
    return 0;
}

static int copy_chapters(struct streams *s, const AVFormatContext *input)
{
    if (!input->nb_chapters || s->choice.no_chapters)
        return 0;
    if (container_holds_chapters(s->ctx->oformat))
        return tags_copy_chapters(s->ctx, input, &s->choice);
    log_warning("%u chapters are left out: %s cannot hold them; .mkv or .mp4 can",
                input->nb_chapters, s->ctx->oformat->name);
    return 0;
}

/* A picture that lies on its side is worth a word before the work. */
static void check_rotation(const struct streams *s, const AVStream *video)
{
    if (avcompat_has_side_data(video, AV_PKT_DATA_DISPLAYMATRIX) &&
        !container_holds_rotation(s->ctx->oformat))
        log_warning("the picture is to be turned when shown, which %s cannot say: it "
                    "will lie on its side; .mp4 or .mov can",
                    s->ctx->oformat->name);
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
                  !strcmp(p->input->iformat->name, "mpegts");
    s->may_begin_anywhere =
        p->input->iformat && p->input->iformat->flags & AVFMT_TS_DISCONT;
    TRY(map_streams(s, p->input));
    map = calloc((size_t)s->count, sizeof *map);
    if (!map)
        TRY(mem_fail("the list of streams"));
    for (int i = 0; i < s->count; i++)
        map[i] = s->list[i].out ? s->list[i].out->index : -1;
    TRY(tags_copy_programs(output, p->input, map));
    TRY(copy_chapters(s, p->input));
    tags_copy_file(output, p->input, &p->choice);
    check_rotation(s, p->video);
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
    int e = avcodec_parameters_from_context(st->codecpar, encoder);
    if (e < 0)
        return av_fail(RIFEC_ERR_OUTPUT, e, "cannot describe the video");
    uint32_t tag = container_video_tag(s->ctx->oformat, encoder->codec_id);
    if (tag)
        st->codecpar->codec_tag = tag;
    tags_copy_stream(st, video->in, &s->choice, true);
    int n;
    const AVPacketSideData *sd = avcompat_side_data(video->in, &n);
    TRY(copy_side_data(st, sd, n, true));
    /* The encoder's own, which older versions do not count as parameters. */
    TRY(copy_side_data(st, encoder->coded_side_data, encoder->nb_coded_side_data, false));
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
 * Muxers want decoding times that rise. A file that was cut or joined may have
 * others: such a packet moves to just behind the one before, as in ffmpeg.
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

int streams_convert(struct streams *s, AVPacket **pkt)
{
    struct stream *st = &s->list[(*pkt)->stream_index];
    if (is_cut_out(s, st, *pkt)) {
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
    if (st->in->index != s->video)
        repair_times(s, st, p);
    widen(&st->span.out_start, &st->span.out_end, p, st->out->time_base);
    st->given++;
    return 0;
}

/* --- refused packets ------------------------------------------------------ */

/* FFmpeg merges the packets of a picture before it counts them. */
static bool is_counted(const struct stream *st)
{
    return st->out && !st->no_packets &&
           st->in->codecpar->codec_id != AV_CODEC_ID_HDMV_PGS_SUBTITLE;
}

int64_t streams_unwritten(const struct streams *s)
{
    int64_t n = 0;
    for (int i = 0; i < s->count; i++)
        if (is_counted(&s->list[i]))
            n += s->list[i].given - s->list[i].out->nb_frames;
    return n;
}

bool streams_count_refused(struct streams *s)
{
    for (int i = 0; i < s->count; i++) {
        struct stream *st = &s->list[i];
        if (!is_counted(st))
            continue;
        st->refused = st->given - st->out->nb_frames;
        if (!st->out->nb_frames)
            st->refused_first = st->refused;
    }
    return s->list[s->video].refused == 0;
}

/* A recording may begin in the middle of a packet, which is no damage. */
static int64_t count_refused(const struct streams *s, const struct stream *st)
{
    bool begins_inside =
        s->may_begin_anywhere && st->refused_first == 1 && st->out->nb_frames;
    return st->refused - begins_inside;
}

/* Packets or texts that did not survive. */
static int64_t count_lost(const struct streams *s, const struct stream *st)
{
    return count_refused(s, st) + (st->text ? subtitles_lost(st->text) : 0) +
           (st->slow ? slowsound_lost(st->slow) : 0);
}

bool streams_damaged(const struct streams *s)
{
    for (int i = 0; i < s->count; i++)
        if (count_lost(s, &s->list[i]))
            return true;
    return false;
}

static void report_lost(const struct streams *s, const struct stream *st)
{
    char name[128];
    name_of(st->in, name, sizeof name);
    int64_t texts = st->text ? subtitles_lost(st->text) : 0;
    int64_t packets = count_lost(s, st) - texts;
    if (packets)
        log_warning("%s: %lld damaged %s packet%s dropped", name, (long long)packets,
                    av_get_media_type_string(st->in->codecpar->codec_type),
                    packets == 1 ? " was" : "s were");
    if (texts)
        log_warning("%s: %lld of its texts cannot be read and %s dropped", name,
                    (long long)texts, texts == 1 ? "was" : "were");
}

void streams_report(const struct streams *s)
{
    if (s->repaired)
        log_warning("copied packets with times that do not rise: %lld; they were moved "
                    "behind those before them",
                    (long long)s->repaired);
    for (int i = 0; i < s->count; i++)
        report_lost(s, &s->list[i]);
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
