/* Muxers and their capabilities. */
#include "media/out/container.h"

#include <libavutil/avstring.h>

#include "media/av.h"
#include "media/avcompat.h"

#define PACKETS_TRIED 8

bool container_is(const AVOutputFormat *f, const char *names)
{
    return av_match_list(f->name, names, '|') > 0;
}

/*
 * MPEG streams have no table that FFmpeg could be asked for, and their muxers write all
 * other codecs as private data that nothing can read. NULL: another container.
 */
static const char *mpeg_codecs(const AVOutputFormat *f)
{
    if (container_is(f, "mpegts"))
        return "mpeg1video|mpeg2video|mpeg4|h264|hevc|vvc|cavs|avs2|avs3|dirac|vc1|mp2|"
               "mp3|"
               "aac|aac_latm|ac3|eac3|dts|truehd|opus|s302m|dvb_teletext|dvb_subtitle|"
               "arib_caption|klv|timed_id3|smpte_2038";
    if (container_is(f, "vob|dvd|svcd|vcd|mpeg"))
        return "mpeg1video|mpeg2video|h264|mp1|mp2|mp3|ac3|dts|pcm_dvd|pcm_s16be|"
               "dvd_subtitle";
    return NULL;
}

static bool mpeg_holds(const AVOutputFormat *f, const char *url, enum AVCodecID codec)
{
    const char *name = avcodec_get_name(codec);
    return av_match_list(name, mpeg_codecs(f), '|') > 0 ||
           (av_match_ext(url ? url : "", "m2ts") &&
            av_match_list(name, "pcm_bluray|hdmv_pgs_subtitle|hdmv_text_subtitle", '|'));
}

bool container_holds_codec(const AVOutputFormat *f, enum AVCodecID codec)
{
    if (codec == AV_CODEC_ID_NONE || f->flags & AVFMT_NOFILE)
        return false;
    int known = avformat_query_codec(f, codec, FF_COMPLIANCE_NORMAL);
    return known < 0 ? mpeg_codecs(f) && mpeg_holds(f, NULL, codec) : known == 1;
}

int container_copy_parameters(const AVOutputFormat *f, AVStream *to, const AVStream *from)
{
    int e = avcodec_parameters_copy(to->codecpar, from->codecpar);
    if (e < 0)
        return e;
    /* Another container may know the codec by another tag. */
    uint32_t tag = to->codecpar->codec_tag;
    if (!f->codec_tag || av_codec_get_id(f->codec_tag, tag) != to->codecpar->codec_id)
        to->codecpar->codec_tag = 0;
    to->time_base = from->time_base;
    return 0;
}

/* AVI wants H.264 and H.265 in the form of a broadcast, and does not see to it
 * itself as other muxers do. */
static bool has_wrong_form(const AVOutputFormat *f, const AVCodecParameters *par)
{
    return container_is(f, "avi") &&
           (par->codec_id == AV_CODEC_ID_H264 || par->codec_id == AV_CODEC_ID_HEVC) &&
           par->extradata_size > 0 && par->extradata[0] == 1;
}

/* Returns false without a trial. */
static bool may_hold(const struct trial *t, const AVCodecParameters *par)
{
    const AVOutputFormat *f = t->format;
    if (par->codec_id == AV_CODEC_ID_NONE || f->flags & AVFMT_NOFILE ||
        f->audio_codec == AV_CODEC_ID_NONE) /* for one video and nothing else */
        return false;
    return mpeg_codecs(f) ? mpeg_holds(f, t->url, par->codec_id)
                          : !has_wrong_form(f, par);
}

/* One packet may be damaged; the container can hold a stream if it accepts any. */
static bool takes_packets(const struct trial *t, const AVStream *st,
                          const struct lookahead *ahead)
{
    const AVPacket *pkt;
    int n = 0;
    for (; n < PACKETS_TRIED && (pkt = lookahead_find(ahead, st->index, n)); n++)
        if (trial_packet(t, st, pkt))
            return true;
    return n == 0;
}

bool container_holds(const struct trial *t, const AVStream *st,
                     const struct lookahead *ahead)
{
    return may_hold(t, st->codecpar) && trial_header(t, st) &&
           takes_packets(t, st, ahead);
}

uint32_t container_video_tag(const AVOutputFormat *f, enum AVCodecID codec)
{
    /* FFmpeg chooses hev1, which Apple's players do not play. */
    return codec == AV_CODEC_ID_HEVC && container_is(f, "mp4|mov|ipod")
               ? MKTAG('h', 'v', 'c', '1')
               : 0;
}

bool container_is_for_sound(const AVOutputFormat *f)
{
    /* Some audio formats have a video codec for a song's picture. */
    return f->audio_codec != AV_CODEC_ID_NONE &&
           (f->video_codec == AV_CODEC_ID_NONE || f->video_codec == AV_CODEC_ID_PNG);
}

bool container_holds_cover(const AVOutputFormat *f, enum AVCodecID codec)
{
    if (container_holds_attachments(f))
        return true;
    return container_is(f, "mp4|ipod|psp") &&
           (codec == AV_CODEC_ID_MJPEG || codec == AV_CODEC_ID_PNG ||
            codec == AV_CODEC_ID_BMP);
}

bool container_holds_attachments(const AVOutputFormat *f)
{
    return container_is(f, "matroska");
}

bool container_holds_chapters(const AVOutputFormat *f)
{
    return container_is(f, "matroska|webm|mp4|mov|ipod|psp|f4v|nut|asf|null");
}

bool container_holds_edits(const AVOutputFormat *f)
{
    return container_is(f, "mp4|mov|ipod|psp|f4v|3gp|3g2");
}

bool container_holds_rotation(const AVOutputFormat *f)
{
    return container_is(f, "mp4|mov|ipod|psp|f4v|3gp|3g2|ismv|null") ||
           (AVCOMPAT_MATROSKA_ROTATION && container_is(f, "matroska|webm"));
}

bool container_holds_light(const AVOutputFormat *f)
{
    return container_is(f, "matroska|webm|mp4|mov|ipod|psp|f4v|null");
}

const char *container_extension(const char *format)
{
    const AVOutputFormat *f = av_guess_format(format, NULL, NULL);
    return f && f->extensions && f->extensions[0] ? f->extensions : format;
}

const char *container_for(const AVStream *st, const struct lookahead *ahead)
{
    static const char *const known[][2] = {
        { "matroska", "x.mkv" }, { "mp4", "x.mp4" },     { "mov", "x.mov" },
        { "mpegts", "x.ts" },    { "mpegts", "x.m2ts" }, { "avi", "x.avi" },
        { "mxf", "x.mxf" },      { "asf", "x.wmv" },     { "3gp", "x.3gp" },
        { "flv", "x.flv" },      { "ogg", "x.ogv" },     { "nut", "x.nut" },
        { "vob", "x.vob" },
    };
    bool cover = st->disposition & AV_DISPOSITION_ATTACHED_PIC;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const AVOutputFormat *f = av_guess_format(known[i][0], NULL, NULL);
        if (!f)
            continue;
        const struct trial t = { .format = f, .url = known[i][1] };
        if (cover ? container_holds_cover(f, st->codecpar->codec_id)
            : st->codecpar->codec_type == AVMEDIA_TYPE_ATTACHMENT
                ? container_holds_attachments(f)
                : container_holds(&t, st, ahead))
            return known[i][1] + 1;
    }
    return NULL;
}

/* Tags in the style of com.apple.quicktime.make, as phones write them. */
static bool has_dotted_tags(const AVDictionary *tags)
{
    const AVDictionaryEntry *tag = NULL;
    while ((tag = av_dict_get(tags, "", tag, AV_DICT_IGNORE_SUFFIX)))
        if (av_stristart(tag->key, "com.", NULL))
            return true;
    return false;
}

static bool has_cover(const AVFormatContext *ctx)
{
    for (unsigned i = 0; i < ctx->nb_streams; i++)
        if (ctx->streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC)
            return true;
    return false;
}

/* Stereo and spherical pictures: in every player, but in no standard. */
static bool has_shape(const AVFormatContext *ctx)
{
    for (unsigned i = 0; i < ctx->nb_streams; i++)
        if (avcompat_has_side_data(ctx->streams[i], AV_PKT_DATA_STEREO3D) ||
            avcompat_has_side_data(ctx->streams[i], AV_PKT_DATA_SPHERICAL))
            return true;
    return false;
}

void container_options(const AVFormatContext *ctx, AVDictionary **options)
{
    if (container_is(ctx->oformat, "mp4|mov") && has_shape(ctx) &&
        ctx->strict_std_compliance > FF_COMPLIANCE_UNOFFICIAL)
        av_set_tag(options, "strict", "unofficial", 0);
    /* MP4 knows two places for tags: one for a dozen names and covers, the other
     * for any name. Players look into the first. */
    if (container_is(ctx->oformat, "mp4|mov") && has_dotted_tags(ctx->metadata) &&
        !has_cover(ctx))
        av_set_tag(options, "movflags", "use_metadata_tags", 0);
    /* AVI cannot store a start time: a whole file that begins late begins at zero. */
    if (container_is(ctx->oformat, "avi"))
        av_set_tag(options, "avoid_negative_ts", "make_zero", 0);
    /* Up to 4.4 Matroska's first subtitles became the default ones. */
    if (container_is(ctx->oformat, "matroska|webm"))
        av_set_tag(options, "default_mode", "passthrough", 0);
}
