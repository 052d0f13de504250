/* Decoder, filter chain, encoder. */
#include "media/out/slowsound.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/out/container.h"
#include "media/frame.h"
#include "media/out/soundchain.h"
#include "media/out/stretch.h"

#if RIFEC_HAVE_AVFILTER

#define BITS_PER_CHANNEL 96000
/* A gap in the sound is filled with silence if it is at least this long, in seconds. */
#define HOLE "0.02"

struct slowsound {
    AVCodecContext *decoder, *encoder;
    struct soundchain before, after; /* to floats, without holes; to the encoder's kind */
    struct stretch *stretch;
    AVRational in_time_base;
    struct rational slowdown;
    AVFrame *frame;
    AVPacket *packet;
    int64_t next; /* time of the next frame, in samples; AV_NOPTS_VALUE: first unknown */
    int64_t lost; /* packets or frames that did not decode */
    bool drained;
};

/* Formats that every player supports come first. */
static const struct kind {
    const char *encoder, *format;
    int rate; /* 0: any */
} kinds[] = {
    { "aac", "fltp", 0 },        { "libopus", "flt", 48000 }, { "libvorbis", "fltp", 0 },
    { "libmp3lame", "fltp", 0 }, { "ac3", "fltp", 0 },        { "flac", "s16", 0 },
    { "pcm_s16le", "s16", 0 },
};

static const struct kind *choose_kind(const AVOutputFormat *f)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const AVCodec *codec = avcodec_find_encoder_by_name(kinds[i].encoder);
        if (codec && container_holds_codec(f, codec->id))
            return &kinds[i];
    }
    return NULL;
}

static int open_decoder(struct slowsound *s, const AVStream *from)
{
    const AVCodec *codec = avcodec_find_decoder(from->codecpar->codec_id);
    if (!codec)
        return AVERROR_DECODER_NOT_FOUND;
    s->decoder = avcodec_alloc_context3(codec);
    if (!s->decoder)
        return AVERROR(ENOMEM);
    int e = avcodec_parameters_to_context(s->decoder, from->codecpar);
    s->decoder->pkt_timebase = from->time_base;
    return e < 0 ? e : avcodec_open2(s->decoder, codec, NULL);
}

/* Holes are where the times are later than the samples before them last. */
static int open_chains(struct slowsound *s, const struct kind *kind)
{
    char filters[160];
    const int rate = kind->rate ? kind->rate : s->decoder->sample_rate;
    struct sound_format in = { .rate = s->decoder->sample_rate,
                               .samples = s->decoder->sample_fmt },
                        middle = { .rate = rate, .samples = AV_SAMPLE_FMT_FLT };
    avcompat_describe_layout(s->decoder, in.layout, sizeof in.layout);
    av_strlcpy(middle.layout, in.layout, sizeof middle.layout);
    snprintf(filters, sizeof filters,
             "aresample=%d:async=1:min_hard_comp=" HOLE ",aformat=sample_fmts=flt", rate);
    int e = soundchain_open(&s->before, &in, filters);
    if (e >= 0)
        e = stretch_open(&s->stretch, &s->before, &middle, s->slowdown);
    snprintf(filters, sizeof filters, "aformat=sample_fmts=%s", kind->format);
    return e < 0 ? e : soundchain_open(&s->after, &middle, filters);
}

static int open_encoder(struct slowsound *s, const struct kind *kind,
                        const AVOutputFormat *f)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(kind->encoder);
    AVCodecContext *c = s->encoder = avcodec_alloc_context3(codec);
    if (!c)
        return AVERROR(ENOMEM);
    c->sample_fmt = av_buffersink_get_format(s->after.sink);
    c->sample_rate = av_buffersink_get_sample_rate(s->after.sink);
    c->time_base = (AVRational){ 1, c->sample_rate };
    int channels = avcompat_copy_layout(c, s->after.sink);
    if (channels < 0)
        return channels;
    c->bit_rate = (int64_t)BITS_PER_CHANNEL * channels;
    if (f->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int e = avcodec_open2(c, codec, NULL);
    if (e >= 0 && c->frame_size > 0)
        av_buffersink_set_frame_size(s->after.sink, (unsigned)c->frame_size);
    return e;
}

int slowsound_open(struct slowsound **out, const AVStream *from, struct rational slowdown,
                   const AVOutputFormat *f, AVStream *to)
{
    *out = NULL;
    const struct kind *kind = choose_kind(f);
    if (!kind) {
        log_error("--slowmo-audio: %s holds no sound that this FFmpeg can encode",
                  f->name);
        return RIFEC_ERR_CODEC;
    }
    struct slowsound *s = calloc(1, sizeof *s);
    if (!s)
        return mem_fail("an audio converter");
    s->in_time_base = from->time_base;
    s->slowdown = slowdown;
    s->next = AV_NOPTS_VALUE;
    s->frame = av_frame_alloc();
    s->packet = av_packet_alloc();
    int e = s->frame && s->packet ? open_decoder(s, from) : AVERROR(ENOMEM);
    if (e >= 0)
        e = open_chains(s, kind);
    if (e >= 0)
        e = open_encoder(s, kind, f);
    if (e >= 0)
        e = avcodec_parameters_from_context(to->codecpar, s->encoder);
    if (e < 0) {
        slowsound_close(&s);
        return av_fail(RIFEC_ERR_CODEC, e, "--slowmo-audio: cannot slow down %s as %s",
                       avcodec_get_name(from->codecpar->codec_id), kind->encoder);
    }
    to->time_base = s->encoder->time_base;
    *out = s;
    return 0;
}

/* The first frame's time, drawn out as the picture's times are. */
static void set_start(struct slowsound *s, int64_t pts)
{
    if (s->next != AV_NOPTS_VALUE)
        return;
    int64_t samples = pts == AV_NOPTS_VALUE
                          ? 0
                          : av_rescale_q(pts, s->in_time_base, s->encoder->time_base);
    s->next = av_rescale(samples, s->slowdown.num, s->slowdown.den);
}

/* Only lack of memory ends the job; what else fails is a damaged packet. */
static int count_damage(struct slowsound *s, int e)
{
    if (e >= 0 || e == AVERROR(ENOMEM))
        return e;
    s->lost++;
    return 0;
}

/* Through the first chain and into the second. */
static int draw_out(struct slowsound *s)
{
    for (;;) {
        int e = av_buffersink_get_frame(s->before.sink, s->frame);
        if (e == AVERROR_EOF)
            return stretch_send(s->stretch, NULL);
        if (e >= 0)
            e = stretch_send(s->stretch, s->frame);
        av_frame_unref(s->frame);
        if (e < 0)
            return e == AVERROR(EAGAIN) ? 0 : e;
    }
}

/* MP4 says that a track ends within its last packet, which decodes to more. */
static void end_with_track(const struct slowsound *s, AVFrame *frame)
{
    const int64_t lasts = AVFRAME_DURATION(frame);
    if (s->in_time_base.num == 1 && s->in_time_base.den == frame->sample_rate &&
        lasts > 0 && lasts < frame->nb_samples)
        frame->nb_samples = (int)lasts;
}

/* From the decoder into the first chain. */
static int decode(struct slowsound *s)
{
    const AVRational samples = { 1, s->decoder->sample_rate };
    for (;;) {
        int e = avcodec_receive_frame(s->decoder, s->frame);
        if (e == AVERROR(EAGAIN))
            return 0;
        if (e == AVERROR_EOF) {
            e = av_buffersrc_add_frame(s->before.source, NULL);
            return e < 0 ? e : draw_out(s);
        }
        if (e >= 0) {
            const int64_t pts = frame_time(s->frame);
            set_start(s, pts);
            end_with_track(s, s->frame);
            s->frame->pts =
                pts == AV_NOPTS_VALUE ? pts : av_rescale_q(pts, s->in_time_base, samples);
            e = av_buffersrc_add_frame(s->before.source, s->frame);
            av_frame_unref(s->frame);
        }
        if (e >= 0)
            e = draw_out(s);
        e = count_damage(s, e);
        if (e < 0)
            return e;
    }
}

int slowsound_send(struct slowsound *s, const AVPacket *pkt)
{
    int e = count_damage(s, avcodec_send_packet(s->decoder, pkt));
    if (e >= 0)
        e = decode(s);
    return e < 0 ? av_fail(RIFEC_ERR_CODEC, e, "cannot slow down the sound") : 0;
}

int64_t slowsound_lost(const struct slowsound *s)
{
    return s->lost;
}

/* Through the last chain and into the encoder; false when there is nothing now. */
static bool encode(struct slowsound *s, int *e)
{
    while ((*e = av_buffersink_get_frame(s->after.sink, s->frame)) == AVERROR(EAGAIN)) {
        *e = stretch_receive(s->stretch, s->frame);
        if (*e == AVERROR(EAGAIN))
            break;
        *e = *e >= 0 || *e == AVERROR_EOF
                 ? av_buffersrc_add_frame(s->after.source, *e < 0 ? NULL : s->frame)
                 : *e;
        if (*e < 0)
            return false;
    }
    if (*e == AVERROR(EAGAIN) || (*e == AVERROR_EOF && s->drained)) {
        *e = 0;
        return false;
    }
    if (*e == AVERROR_EOF) {
        s->drained = true;
        *e = avcodec_send_frame(s->encoder, NULL);
        return *e >= 0;
    }
    if (*e < 0)
        return false;
    s->frame->pts = s->next;
    s->next += s->frame->nb_samples;
    *e = avcodec_send_frame(s->encoder, s->frame);
    av_frame_unref(s->frame);
    return *e >= 0;
}

int64_t slowsound_lag_us(const struct slowsound *s)
{
    return stretch_lag_us(s->stretch);
}

int slowsound_receive(struct slowsound *s, AVPacket **out)
{
    int e;
    *out = NULL;
    do {
        e = avcodec_receive_packet(s->encoder, s->packet);
        if (e >= 0) {
            *out = av_packet_clone(s->packet);
            av_packet_unref(s->packet);
            return *out ? 0 : mem_fail("a packet");
        }
        if (e != AVERROR(EAGAIN) && e != AVERROR_EOF)
            break;
        if (e == AVERROR_EOF)
            return 0;
    } while (encode(s, &e));
    return e < 0 ? av_fail(RIFEC_ERR_CODEC, e, "cannot encode the sound") : 0;
}

void slowsound_close(struct slowsound **s)
{
    if (!*s)
        return;
    avcodec_free_context(&(*s)->decoder);
    avcodec_free_context(&(*s)->encoder);
    soundchain_close(&(*s)->before);
    soundchain_close(&(*s)->after);
    stretch_close(&(*s)->stretch);
    av_frame_free(&(*s)->frame);
    av_packet_free(&(*s)->packet);
    free(*s);
    *s = NULL;
}

#else

int slowsound_open(struct slowsound **out, const AVStream *from, struct rational slowdown,
                   const AVOutputFormat *f, AVStream *to)
{
    (void)from;
    (void)slowdown;
    (void)f;
    (void)to;
    *out = NULL;
    log_error("built without libavfilter, which --slowmo-audio needs: use --slowmo, or "
              "build with it (Debian: libavfilter-dev)");
    return RIFEC_ERR_CODEC;
}

int slowsound_send(struct slowsound *s, const AVPacket *pkt)
{
    (void)s;
    (void)pkt;
    return 0;
}

int slowsound_receive(struct slowsound *s, AVPacket **out)
{
    (void)s;
    *out = NULL;
    return 0;
}

int64_t slowsound_lost(const struct slowsound *s)
{
    (void)s;
    return 0;
}

int64_t slowsound_lag_us(const struct slowsound *s)
{
    (void)s;
    return 0;
}

void slowsound_close(struct slowsound **s)
{
    *s = NULL;
}

#endif
