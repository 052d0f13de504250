/* libavcodec's subtitle decoders and encoders, back to back. */
#include "media/out/subtitles.h"

#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/out/container.h"

#define TEXT_BYTES (256 << 10) /* of one subtitle, at most */

struct subtitles {
    AVCodecContext *decoder, *encoder;
    AVRational time_base;
    uint8_t *text;
    int64_t lost;
};

enum AVCodecID subtitles_target(const AVOutputFormat *f, const AVStream *from)
{
    /* The plainer ones are read by more players. */
    static const enum AVCodecID codecs[] = {
        AV_CODEC_ID_MOV_TEXT,
        AV_CODEC_ID_SUBRIP,
        AV_CODEC_ID_WEBVTT,
        AV_CODEC_ID_ASS,
    };
    const AVCodecDescriptor *d = avcodec_descriptor_get(from->codecpar->codec_id);
    if (!d || !(d->props & AV_CODEC_PROP_TEXT_SUB) || !avcodec_find_decoder(d->id))
        return AV_CODEC_ID_NONE;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (container_holds_codec(f, codecs[i]) && avcodec_find_encoder(codecs[i]))
            return codecs[i];
    return AV_CODEC_ID_NONE;
}

static int open_decoder(struct subtitles *s, const AVStream *from)
{
    const AVCodec *codec = avcodec_find_decoder(from->codecpar->codec_id);
    s->decoder = avcodec_alloc_context3(codec);
    if (!s->decoder)
        return AVERROR(ENOMEM);
    int e = avcodec_parameters_to_context(s->decoder, from->codecpar);
    if (e < 0)
        return e;
    s->decoder->pkt_timebase = from->time_base;
    return avcodec_open2(s->decoder, codec, NULL);
}

/* The decoder's header, in ASS, is where the styles are. */
static int open_encoder(struct subtitles *s, enum AVCodecID id)
{
    const AVCodec *codec = avcodec_find_encoder(id);
    AVCodecContext *c = s->encoder = avcodec_alloc_context3(codec);
    if (!c)
        return AVERROR(ENOMEM);
    c->time_base = AV_TIME_BASE_Q;
    if (s->decoder->subtitle_header) {
        size_t size = (size_t)s->decoder->subtitle_header_size;
        c->subtitle_header = av_mallocz(size + 1);
        if (!c->subtitle_header)
            return AVERROR(ENOMEM);
        memcpy(c->subtitle_header, s->decoder->subtitle_header, size);
        c->subtitle_header_size = (int)size;
    }
    return avcodec_open2(c, codec, NULL);
}

int subtitles_open(struct subtitles **out, const AVStream *from, enum AVCodecID codec,
                   AVStream *to)
{
    *out = NULL;
    struct subtitles *s = calloc(1, sizeof *s);
    if (!s)
        return mem_fail("a subtitle converter");
    s->time_base = from->time_base;
    s->text = av_malloc(TEXT_BYTES);
    int e = s->text ? open_decoder(s, from) : AVERROR(ENOMEM);
    if (e >= 0)
        e = open_encoder(s, codec);
    if (e >= 0)
        e = avcodec_parameters_from_context(to->codecpar, s->encoder);
    if (e < 0) {
        subtitles_close(&s);
        return av_fail(RIFEC_ERR_CODEC, e, "cannot convert subtitles from %s to %s",
                       avcodec_get_name(from->codecpar->codec_id),
                       avcodec_get_name(codec));
    }
    to->time_base = from->time_base;
    *out = s;
    return 0;
}

/* Encodes the decoded subtitle into a packet. */
static int encode(struct subtitles *s, AVSubtitle *sub, const AVPacket *in,
                  AVPacket **out)
{
    const AVRational ms = { 1, 1000 };
    int64_t pts = in->pts + av_rescale_q(sub->start_display_time, ms, s->time_base);
    int64_t duration = in->duration;
    if (sub->end_display_time != UINT32_MAX && sub->end_display_time)
        duration = av_rescale_q(sub->end_display_time - sub->start_display_time, ms,
                                s->time_base);
    sub->end_display_time -= sub->start_display_time;
    sub->start_display_time = 0;
    int bytes = avcodec_encode_subtitle(s->encoder, s->text, TEXT_BYTES, sub);
    if (bytes < 0) {
        s->lost++;
        return 0;
    }
    AVPacket *pkt = av_packet_alloc();
    if (!pkt || av_new_packet(pkt, bytes) < 0) {
        av_packet_free(&pkt);
        return mem_fail("a subtitle packet");
    }
    memcpy(pkt->data, s->text, (size_t)bytes);
    pkt->pts = pkt->dts = pts;
    pkt->duration = duration;
    pkt->flags = AV_PKT_FLAG_KEY;
    *out = pkt;
    return 0;
}

int subtitles_convert(struct subtitles *s, const AVPacket *in, AVPacket **out)
{
    AVSubtitle sub = { 0 };
    int got = 0, err = 0;
    *out = NULL;
    AVPacket *pkt = av_packet_clone(in); /* older decoders want it writable */
    if (!pkt)
        return mem_fail("a subtitle packet");
    if (avcodec_decode_subtitle2(s->decoder, &sub, &got, pkt) < 0)
        s->lost++;
    else if (got && sub.num_rects)
        err = encode(s, &sub, in, out);
    if (got)
        avsubtitle_free(&sub);
    av_packet_free(&pkt);
    return err;
}

int64_t subtitles_lost(const struct subtitles *s)
{
    return s->lost;
}

void subtitles_close(struct subtitles **s)
{
    if (!*s)
        return;
    avcodec_free_context(&(*s)->decoder);
    avcodec_free_context(&(*s)->encoder);
    av_free((*s)->text);
    free(*s);
    *s = NULL;
}
