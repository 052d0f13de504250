/* Decoder, filter chain, encoder. */
#include "media/slowsound.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avstring.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/container.h"

#if RIFEC_HAVE_AVFILTER

#define BITS_PER_CHANNEL 96000
#define TEMPO_MIN        0.5 /* of one atempo */

struct slowsound {
    AVCodecContext *decoder, *encoder;
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
    AVRational in_time_base;
    struct rational slowdown;
    AVFrame *frame;
    AVPacket *packet;
    int64_t next; /* time of the next frame, in samples; AV_NOPTS_VALUE: first unknown */
    int64_t lost; /* packets or frames that did not decode */
    bool drained;
};

/* What players everywhere read, first. */
static const struct kind {
    const char *encoder, *format;
    int rate; /* 0: any */
} kinds[] = {
    { "aac", "fltp", 0 },        { "libopus", "flt", 48000 }, { "libvorbis", "fltp", 0 },
    { "libmp3lame", "fltp", 0 }, { "ac3", "fltp", 0 },        { "flac", "s16", 0 },
    { "pcm_s16le", "s16", 0 },
};

static const struct kind *choose(const AVOutputFormat *f)
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

/* "atempo=0.5,atempo=0.8,aformat=..." */
static char *describe_chain(const struct slowsound *s, const struct kind *kind)
{
    char *text = NULL;
    double tempo = 1 / rational_to_double(s->slowdown);
    size_t size = 512;
    text = av_mallocz(size);
    if (!text)
        return NULL;
    for (; tempo < TEMPO_MIN; tempo /= TEMPO_MIN)
        av_strlcatf(text, size, "atempo=%g,", TEMPO_MIN);
    av_strlcatf(text, size, "atempo=%.12f,aformat=sample_fmts=%s:sample_rates=%d", tempo,
                kind->format, kind->rate ? kind->rate : s->decoder->sample_rate);
    return text;
}

static int open_graph(struct slowsound *s, const struct kind *kind)
{
    char args[256], layout[128];
    avcompat_describe_layout(s->decoder, layout, sizeof layout);
    snprintf(args, sizeof args,
             "time_base=1/%d:sample_rate=%d:sample_fmt=%s:channel_layout=%s",
             s->decoder->sample_rate, s->decoder->sample_rate,
             av_get_sample_fmt_name(s->decoder->sample_fmt), layout);
    char *chain = describe_chain(s, kind);
    AVFilterInOut *in = avfilter_inout_alloc(), *out = avfilter_inout_alloc();
    s->graph = avfilter_graph_alloc();
    int e = s->graph && in && out && chain ? 0 : AVERROR(ENOMEM);
    if (e >= 0)
        e = avfilter_graph_create_filter(&s->source, avfilter_get_by_name("abuffer"),
                                         "in", args, NULL, s->graph);
    if (e >= 0)
        e = avfilter_graph_create_filter(&s->sink, avfilter_get_by_name("abuffersink"),
                                         "out", NULL, NULL, s->graph);
    if (e >= 0) {
        *out = (AVFilterInOut){ .name = av_strdup("in"), .filter_ctx = s->source };
        *in = (AVFilterInOut){ .name = av_strdup("out"), .filter_ctx = s->sink };
        e = avfilter_graph_parse_ptr(s->graph, chain, &in, &out, NULL);
    }
    avfilter_inout_free(&in);
    avfilter_inout_free(&out);
    av_free(chain);
    return e < 0 ? e : avfilter_graph_config(s->graph, NULL);
}

static int open_encoder(struct slowsound *s, const struct kind *kind,
                        const AVOutputFormat *f)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(kind->encoder);
    AVCodecContext *c = s->encoder = avcodec_alloc_context3(codec);
    if (!c)
        return AVERROR(ENOMEM);
    c->sample_fmt = av_buffersink_get_format(s->sink);
    c->sample_rate = av_buffersink_get_sample_rate(s->sink);
    c->time_base = (AVRational){ 1, c->sample_rate };
    int channels = avcompat_copy_layout(c, s->sink);
    if (channels < 0)
        return channels;
    c->bit_rate = (int64_t)BITS_PER_CHANNEL * channels;
    if (f->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int e = avcodec_open2(c, codec, NULL);
    if (e >= 0 && c->frame_size > 0)
        av_buffersink_set_frame_size(s->sink, (unsigned)c->frame_size);
    return e;
}

int slowsound_open(struct slowsound **out, const AVStream *from, struct rational slowdown,
                   const AVOutputFormat *f, AVStream *to)
{
    *out = NULL;
    const struct kind *kind = choose(f);
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
        e = open_graph(s, kind);
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

/* From the decoder into the chain. */
static int decode(struct slowsound *s)
{
    for (;;) {
        int e = avcodec_receive_frame(s->decoder, s->frame);
        if (e == AVERROR_EOF)
            return av_buffersrc_add_frame(s->source, NULL);
        if (e == AVERROR(EAGAIN))
            return 0;
        if (e >= 0) {
            set_start(s, s->frame->best_effort_timestamp);
            s->frame->pts = AV_NOPTS_VALUE;
            e = av_buffersrc_add_frame(s->source, s->frame);
            av_frame_unref(s->frame);
        }
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
    return e < 0 ? av_fail(RIFEC_ERR_CODEC, e, "cannot slow the sound down") : 0;
}

int64_t slowsound_lost(const struct slowsound *s)
{
    return s->lost;
}

/* From the chain into the encoder; false when the chain has nothing now. */
static bool encode(struct slowsound *s, int *e)
{
    *e = av_buffersink_get_frame(s->sink, s->frame);
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
    avfilter_graph_free(&(*s)->graph);
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
    log_error("built without libavfilter, which --slowmo-audio needs: take --slowmo, or "
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

void slowsound_close(struct slowsound **s)
{
    *s = NULL;
}

#endif
