/* Decides for each input stream whether it is copied, converted or left out, and
 * describes it in the output. */
#include "media/out/stream_map.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avutil.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/out/container.h"
#include "media/out/tags.h"

const char *stream_name(const AVStream *st, char *text, size_t size)
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

static void say_left_out(struct streams *s, const AVStream *st)
{
    char name[128];
    stream_name(st, name, sizeof name);
    if (st->codecpar->codec_type != AVMEDIA_TYPE_DATA)
        s->left_out++;
    if (st->codecpar->codec_id == AV_CODEC_ID_NONE &&
        st->codecpar->codec_type != AVMEDIA_TYPE_ATTACHMENT) {
        log_warning("%s is left out: this FFmpeg does not know its codec", name);
        return;
    }
    const char *other = container_for(st, s->ahead);
    log_warning("%s is left out: %s cannot hold it%s%s%s", name, s->ctx->oformat->name,
                other ? "; " : ", nor can another common container", other ? other : "",
                other ? " can" : "");
}

/* --- side data ------------------------------------------------------------ */

/* Side data about the picture. The rest describes the old bitstream, or is the encoder's
 * to set. */
static bool describes_picture(enum AVPacketSideDataType type)
{
    return type == AV_PKT_DATA_DISPLAYMATRIX || type == AV_PKT_DATA_STEREO3D ||
           type == AV_PKT_DATA_SPHERICAL || type == AV_PKT_DATA_ICC_PROFILE;
}

int stream_copy_side_data(AVStream *to, const AVPacketSideData *sd, int n, bool pictures)
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
                      stream_name(st->in, name, sizeof name));
        goto fail;
    }
    if (st->in->sample_aspect_ratio.num) /* muxers look here alone */
        st->out->codecpar->sample_aspect_ratio = st->in->sample_aspect_ratio;
#if !AVCOMPAT_PAR_SIDE_DATA /* else it came with the parameters */
    int n;
    const AVPacketSideData *sd = avcompat_side_data(st->in, &n);
    TRY(stream_copy_side_data(st->out, sd, n, false));
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
    log_info("%s is converted to %s, for %s", stream_name(st->in, name, sizeof name),
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
    av_set_tag(&st->out->metadata, "filename", file, AV_DICT_DONT_OVERWRITE);
    av_set_tag(&st->out->metadata, "mimetype", mime, AV_DICT_DONT_OVERWRITE);
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

/* Streams that demuxers show as data although the muxer makes its own. */
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

/* Also where FFmpeg calls it experimental: FLAC in MP4, before 7. */
static bool holds(struct streams *s, const AVStream *in)
{
    struct trial t = { .format = s->ctx->oformat,
                       .url = s->ctx->url,
                       .beside = s->ctx,
                       .strictness = s->ctx->strict_std_compliance };
    if (container_holds(&t, in, s->ahead))
        return true;
    t.strictness = FF_COMPLIANCE_EXPERIMENTAL;
    if (!container_holds(&t, in, s->ahead))
        return false;
    char name[128];
    log_info("%s: FFmpeg calls it experimental in %s", stream_name(in, name, sizeof name),
             t.format->name);
    s->ctx->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    return true;
}

static bool is_described(const AVCodecParameters *par)
{
    return par->codec_type == AVMEDIA_TYPE_AUDIO   ? par->sample_rate > 0
           : par->codec_type == AVMEDIA_TYPE_VIDEO ? par->width > 0
                                                   : true;
}

/*
 * A recording announces what a channel may send. Until there is a packet FFmpeg does not
 * know enough of a sound or video for a header; and of the rest nothing may ever come.
 */
static bool is_announced_only(struct streams *s, const AVStream *in)
{
    return s->may_begin_anywhere && !lookahead_find(s->ahead, in->index, 0) &&
           !(is_described(in->codecpar) && holds(s, in));
}

/* There are packets, and nothing in them that a header could say. */
static void lose_undescribed(struct streams *s, const AVStream *in)
{
    char name[128];
    s->missed |= UINT64_C(1) << (in->index & 63);
    log_warning(
        "%s is left out: FFmpeg cannot find out its %s; is it damaged or encrypted?",
        stream_name(in, name, sizeof name),
        in->codecpar->codec_type == AVMEDIA_TYPE_AUDIO ? "sample rate" : "size");
}

static int map_packets(struct streams *s, struct stream *st)
{
    const AVOutputFormat *f = s->ctx->oformat;
    char name[128];
    if (is_announced_only(s, st->in)) {
        st->announced = true;
        log_verbose("%s is announced, but none of it has arrived yet",
                    stream_name(st->in, name, sizeof name));
        return 0;
    }
    if (holds(s, st->in))
        return add_copy(s, st);
    if (!is_described(st->in->codecpar)) {
        lose_undescribed(s, st->in);
        return 0;
    }
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
        return c->user.no_audio;
    case AVMEDIA_TYPE_SUBTITLE:
        return c->user.no_subs;
    case AVMEDIA_TYPE_VIDEO:
        return st->disposition & AV_DISPOSITION_ATTACHED_PIC && c->user.no_attachments;
    default:
        return c->user.no_attachments;
    }
}

bool stream_is_wanted(const struct streams *s, const AVStream *in)
{
    return !is_unwanted(&s->choice, in) && !is_remade(in) &&
           !container_is(s->ctx->oformat, "null") && !stream_choice_slows(&s->choice);
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
        return st->out ? 0 : add_output(s, st);
    if (is_unwanted(&s->choice, in) || container_is(s->ctx->oformat, "null") ||
        is_remade(in)) {
        log_verbose("%s is not copied", stream_name(in, name, sizeof name));
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
int stream_map(struct streams *s, AVFormatContext *input)
{
    int err = 0;
    s->list = calloc(input->nb_streams, sizeof *s->list);
    if (!s->list)
        return mem_fail("the list of streams");
    s->count = (int)input->nb_streams;
    for (int i = 0; i < s->count; i++) {
        AVStream *in = input->streams[i];
        s->list[i] =
            (struct stream){ .in = in,
                             .time_base = in->time_base,
                             .span = { INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN },
                             .last_dts = AV_NOPTS_VALUE };
    }
    if (container_is(s->ctx->oformat, "mxf|mxf_d10")) /* there the video comes first */
        TRY(add_output(s, &s->list[s->video]));
    for (int i = 0; i < s->count; i++) {
        struct stream *st = &s->list[i];
        TRY(map_stream(s, st));
        if (!st->out && !st->announced)
            input->streams[i]->discard = AVDISCARD_ALL;
    }
    if (s->too_fast)
        log_warning("slow motion: %ssubtitles and other timed streams no longer fit and "
                    "are left out",
                    s->choice.slow_audio ? "" : "audio, ");
fail:
    return err;
}
