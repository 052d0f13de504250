/* Muxers that write into memory, and demuxers that read it. */
#include "media/out/trial.h"

#include <string.h>

#include <libavutil/common.h>

#include "base/mem.h"
#include "media/avcompat.h"
#include "media/out/container.h"

/* --- a file in memory ----------------------------------------------------- */

struct memory {
    uint8_t *bytes;
    unsigned room;
    int64_t size, at;
};

static int write_memory(void *opaque, AVCOMPAT_WRITE_CONST uint8_t *buf, int size)
{
    struct memory *m = opaque;
    int64_t end = m->at + size;
    if (end > INT32_MAX)
        return AVERROR(ENOSPC);
    uint8_t *grown = av_fast_realloc(m->bytes, &m->room, (size_t)FFMAX(end, m->size));
    if (!grown) {
        mem_fail("a container to try");
        return AVERROR(ENOMEM);
    }
    m->bytes = grown;
    if (m->at > m->size)
        memset(grown + m->size, 0, (size_t)(m->at - m->size));
    memcpy(grown + m->at, buf, (size_t)size);
    m->at = end;
    m->size = FFMAX(end, m->size);
    return size;
}

static int read_memory(void *opaque, uint8_t *buf, int size)
{
    struct memory *m = opaque;
    int n = (int)FFMIN(size, m->size - m->at);
    if (n <= 0)
        return AVERROR_EOF;
    memcpy(buf, m->bytes + m->at, (size_t)n);
    m->at += n;
    return n;
}

static int64_t seek_memory(void *opaque, int64_t offset, int whence)
{
    struct memory *m = opaque;
    if (whence == AVSEEK_SIZE)
        return m->size;
    if (whence != SEEK_SET || offset < 0)
        return AVERROR(EINVAL);
    return m->at = offset;
}

static AVIOContext *open_memory(struct memory *m, bool write)
{
    enum { BUFFER_BYTES = 4096 };
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    AVIOContext *pb = buffer ? avio_alloc_context(buffer, BUFFER_BYTES, write, m,
                                                  read_memory, write_memory, seek_memory)
                             : NULL;
    if (!pb) {
        av_free(buffer);
        mem_fail("a container to try");
    }
    return pb;
}

static void close_memory(AVIOContext *pb)
{
    if (!pb)
        return;
    av_freep(&pb->buffer);
    avio_context_free(&pb);
}

/* --- a muxer -------------------------------------------------------------- */

static AVFormatContext *open_trial(const struct trial *t, struct memory *m)
{
    AVFormatContext *ctx = NULL;
    if (avformat_alloc_output_context2(&ctx, avcompat_muxer(t->format), NULL, t->url) <
        0) {
        mem_fail("a container to try"); /* nothing else fails: the format is known */
        return NULL;
    }
    ctx->strict_std_compliance = t->strictness;
    ctx->pb = open_memory(m, true);
    if (!ctx->pb) {
        avformat_free_context(ctx);
        return NULL;
    }
    return ctx;
}

static void close_trial(AVFormatContext *ctx)
{
    AVIOContext *pb = ctx->pb;
    avformat_free_context(ctx);
    close_memory(pb);
}

static bool add_stream(AVFormatContext *ctx, const AVStream *from)
{
    AVStream *st = avformat_new_stream(ctx, NULL);
    if (!st || container_copy_parameters(ctx->oformat, st, from) < 0) {
        mem_fail("a stream to try");
        return false;
    }
    st->avg_frame_rate = from->avg_frame_rate;
    return true;
}

/* Stands for the encoder's video, which is not open yet, in a size and at a rate that the
 * strictest of muxers take. */
static bool add_video(AVFormatContext *ctx, enum AVCodecID codec)
{
    AVStream *st = avformat_new_stream(ctx, NULL);
    if (!st) {
        mem_fail("a stream to try");
        return false;
    }
    st->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    st->codecpar->codec_id = codec;
    st->codecpar->format = AV_PIX_FMT_YUV420P;
    st->codecpar->width = 720;
    st->codecpar->height = 576;
    st->time_base = (AVRational){ 1, 25 };
    st->avg_frame_rate = st->r_frame_rate = (AVRational){ 25, 1 };
    return true;
}

/* Streams that are stored in the container's header need neither a trial nor a stream
 * number. */
static bool has_packets(const AVStream *st)
{
    return st->codecpar->codec_id != AV_CODEC_ID_NONE &&
           st->codecpar->codec_type != AVMEDIA_TYPE_ATTACHMENT &&
           !(st->disposition & AV_DISPOSITION_ATTACHED_PIC);
}

static bool write_header(const struct trial *t, bool video, const AVStream *st)
{
    struct memory m = { 0 };
    AVFormatContext *ctx = open_trial(t, &m);
    if (!ctx)
        return false;
    bool ok = !video || add_video(ctx, t->format->video_codec);
    for (unsigned i = 0; ok && t->beside && i < t->beside->nb_streams; i++)
        if (has_packets(t->beside->streams[i]))
            ok = add_stream(ctx, t->beside->streams[i]);
    if (ok && st)
        ok = add_stream(ctx, st);
    ok = ok && avformat_write_header(ctx, NULL) >= 0;
    close_trial(ctx);
    av_free(m.bytes);
    return ok;
}

bool trial_header(const struct trial *t, const AVStream *st)
{
    /* Some demand a video, and some know of our stand-in that it is none. */
    bool video =
        t->format->video_codec != AV_CODEC_ID_NONE && write_header(t, true, NULL);
    return write_header(t, video, st);
}

bool trial_codec(const AVOutputFormat *format, enum AVCodecID codec)
{
    const struct trial t = { .format = format };
    struct memory m = { 0 };
    AVFormatContext *ctx = open_trial(&t, &m);
    if (!ctx)
        return false;
    bool ok = add_video(ctx, codec) && avformat_write_header(ctx, NULL) >= 0;
    close_trial(ctx);
    av_free(m.bytes);
    return ok;
}

/* --- a packet ------------------------------------------------------------- */

/* From zero on: what is odd about its times is the film's, not the packet's. */
static AVPacket *clone_packet(const AVStream *to, const AVStream *st, const AVPacket *pkt)
{
    AVPacket *p = av_packet_clone(pkt);
    if (!p) {
        mem_fail("a packet to try");
        return NULL;
    }
    bool late =
        pkt->pts != AV_NOPTS_VALUE && pkt->dts != AV_NOPTS_VALUE && pkt->pts > pkt->dts;
    p->stream_index = 0;
    p->pos = -1;
    p->dts = 0;
    p->pts = late ? pkt->pts - pkt->dts : 0;
    p->duration = 0;
    av_packet_rescale_ts(p, st->time_base, to->time_base);
    return p;
}

static bool opens(const AVCodecParameters *par)
{
    const AVCodec *codec = avcodec_find_decoder(par->codec_id);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    int e = c ? avcodec_parameters_to_context(c, par) : AVERROR(ENOMEM);
    if (codec && e == AVERROR(ENOMEM))
        mem_fail("a decoder to try");
    bool ok = e >= 0 && avcodec_open2(c, codec, NULL) >= 0;
    avcodec_free_context(&c);
    return ok;
}

/* True when the stream has arrived: its codec is known, and whatever else its decoder
 * needs. Some containers have a tag for a codec, and no place for its parameters. */
static bool arrives(AVFormatContext *in, const AVStream *st)
{
    AVPacket *pkt = av_packet_alloc();
    if (!pkt)
        mem_fail("a packet to try");
    /* Some demuxers know of no stream before its first packet. */
    for (int i = 0; pkt && i < 4 && in->nb_streams == 0; i++) {
        if (av_read_frame(in, pkt) < 0)
            break;
        av_packet_unref(pkt);
    }
    av_packet_free(&pkt);
    const AVCodecParameters *par = in->nb_streams ? in->streams[0]->codecpar : NULL;
    return par && par->codec_type == st->codecpar->codec_type &&
           par->codec_id != AV_CODEC_ID_NONE &&
           (par->codec_type != AVMEDIA_TYPE_AUDIO || opens(par) || !opens(st->codecpar));
}

/* True also for a muxer that has no demuxer of its name, and for transport streams, whose
 * demuxer needs more packets to find their size. */
static bool reads_back(const struct trial *t, const AVStream *st, struct memory *m)
{
    AVCOMPAT_FORMAT_CONST AVInputFormat *format = av_find_input_format(t->format->name);
    if (!format || container_is(t->format, "mpegts"))
        return true;
    m->at = 0;
    AVFormatContext *in = avformat_alloc_context();
    if (!in)
        mem_fail("a container to try");
    AVIOContext *pb = open_memory(m, false);
    bool ok = in && pb;
    if (ok) {
        in->pb = pb;
        ok = avformat_open_input(&in, NULL, format, NULL) >= 0 && arrives(in, st);
    }
    avformat_close_input(&in);
    close_memory(pb);
    return ok;
}

bool trial_packet(const struct trial *t, const AVStream *st, const AVPacket *pkt)
{
    struct memory m = { 0 };
    AVPacket *p = NULL;
    AVFormatContext *ctx = open_trial(t, &m);
    if (!ctx)
        return true;
    bool ok = true, whole = false;
    if (add_stream(ctx, st) && avformat_write_header(ctx, NULL) >= 0 &&
        (p = clone_packet(ctx->streams[0], st, pkt)))
        ok = whole = av_write_frame(ctx, p) >= 0 && av_write_trailer(ctx) >= 0;
    av_packet_free(&p);
    close_trial(ctx);
    if (whole)
        ok = reads_back(t, st, &m);
    av_free(m.bytes);
    return ok;
}
