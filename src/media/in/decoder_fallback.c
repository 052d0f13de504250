/*
 * libavcodec's decoder. With a hwaccel, packets are kept until the first frame is
 * decoded: if the GPU does not support the stream or fails, a software decoder with all
 * its threads gets them again. libavcodec itself would continue on one thread, or not at
 * all.
 */
#include "media/in/decoder_fallback.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/threads.h"
#include "rifec/error.h"

#define KEPT_MAX 256 /* packets before the first frame; then no way back */

struct decoder {
    struct decoder_params p;
    AVCodecContext *codec;
    struct hwaccel *hwaccel; /* NULL: software                                 */
    AVPacket *kept[KEPT_MAX];
    int kept_count, replayed; /* replayed: of them, sent to the second decoder */
    bool keeping, replaying, ended;
    atomic_int undecodable;
};

/*
 * Transparent VP8 and VP9 are two streams in one. FFmpeg's own decoders see the
 * colours only; libvpx's see both.
 */
static const AVCodec *choose_both(const AVStream *stream)
{
    enum AVCodecID id = stream->codecpar->codec_id;
    const AVDictionaryEntry *alpha = av_dict_get(stream->metadata, "alpha_mode", NULL, 0);
    if (alpha && atoi(alpha->value) && id == AV_CODEC_ID_VP8)
        return avcodec_find_decoder_by_name("libvpx");
    if (alpha && atoi(alpha->value) && id == AV_CODEC_ID_VP9)
        return avcodec_find_decoder_by_name("libvpx-vp9");
    return NULL;
}

static int open_codec(struct decoder *d, const AVCodec *codec)
{
    const struct decoder_params *p = &d->p;
    d->codec = avcodec_alloc_context3(codec);
    if (!d->codec)
        return AVERROR(ENOMEM);
    int e = avcodec_parameters_to_context(d->codec, p->stream->codecpar);
    if (e < 0)
        return e;
    d->codec->pkt_timebase = p->stream->time_base;
    d->codec->framerate = av_guess_frame_rate(p->format, p->stream, NULL);
    if (!d->hwaccel) {
        threads_for_decoder(d->codec);
        av_count_undecodable(d->codec, &d->undecodable);
    }
    if (d->hwaccel && (e = hwaccel_attach(d->hwaccel, d->codec)) < 0)
        return e;
    return avcodec_open2(d->codec, codec, NULL);
}

static bool open_hardware(struct decoder *d)
{
    int e = open_codec(d, hwaccel_decoder(d->hwaccel));
    if (e >= 0)
        return d->keeping = true;
    hwaccel_refuse(d->hwaccel, e);
    avcodec_free_context(&d->codec);
    hwaccel_close(&d->hwaccel);
    return false;
}

static int open_software(struct decoder *d)
{
    const enum AVCodecID id = d->p.stream->codecpar->codec_id;
    const AVCodec *codec = choose_both(d->p.stream);
    if (!codec)
        codec = avcodec_find_decoder(id);
    if (id == AV_CODEC_ID_NONE) {
        log_error("%s: the codec of the video is unknown; the file is damaged, or FFmpeg "
                  "does not know the codec",
                  d->p.path);
        return RIFEC_ERR_INPUT;
    }
    if (!codec) {
        log_error("%s: this FFmpeg has no decoder for '%s'", d->p.path,
                  avcodec_get_name(id));
        return RIFEC_ERR_CODEC;
    }
    int e = open_codec(d, codec);
    if (e < 0)
        return av_fail(RIFEC_ERR_CODEC, e, "cannot open the decoder '%s'", codec->name);
    return 0;
}

int decoder_open(struct decoder **out, const struct decoder_params *p)
{
    int err = 0;
    *out = NULL;
    struct decoder *d = calloc(1, sizeof *d);
    if (!d)
        return mem_fail("a decoder");
    d->p = *p;
    if (!choose_both(p->stream))
        TRY(hwaccel_open(&d->hwaccel, &p->hwaccel, p->stream->codecpar, p->path));
    if (!d->hwaccel || !open_hardware(d))
        TRY(open_software(d));
    *out = d;
    return 0;
fail:
    decoder_close(&d);
    return err;
}

/* --- once more from the start ------------------------------------------------------ */

static void forget(struct decoder *d)
{
    for (int i = 0; i < d->kept_count; i++)
        av_packet_free(&d->kept[i]);
    d->kept_count = 0;
    d->keeping = d->replaying = false;
}

static int keep(struct decoder *d, const AVPacket *pkt)
{
    if (!pkt) {
        d->ended = true;
        return 0;
    }
    if (d->kept_count == KEPT_MAX) {
        forget(d);
        return 0;
    }
    d->kept[d->kept_count] = av_packet_clone(pkt);
    return d->kept[d->kept_count++] ? 0 : AVERROR(ENOMEM);
}

/* True once, when the GPU turns out not to support the stream, or when its first result
 * is an error: if the stream is to blame, the software decoder will report that. */
static bool must_fall_back(const struct decoder *d, int e)
{
    if (!d->keeping)
        return false;
    if (e < 0 && e != AVERROR(EAGAIN) && e != AVERROR_EOF && hwaccel_tries(d->hwaccel))
        hwaccel_refuse(d->hwaccel, e);
    return hwaccel_refused(d->hwaccel);
}

static int fall_back(struct decoder *d)
{
    avcodec_free_context(&d->codec);
    hwaccel_close(&d->hwaccel);
    d->keeping = false;
    d->replaying = true;
    d->replayed = 0;
    int err = open_software(d);
    return err == RIFEC_ERR_NOMEM ? AVERROR(ENOMEM)
           : err < 0              ? AVERROR_DECODER_NOT_FOUND
                                  : 0;
}

/* Sends the next of the remembered packets. Returns 1 if it was sent, 0 if there is
 * none. */
static int replay(struct decoder *d)
{
    int e = 0;
    if (d->replayed < d->kept_count) {
        e = avcodec_send_packet(d->codec, d->kept[d->replayed++]);
    } else if (d->ended) {
        d->ended = false;
        e = avcodec_send_packet(d->codec, NULL);
    } else {
        forget(d);
        return 0;
    }
    return e < 0 ? e : 1;
}

int decoder_send(struct decoder *d, const AVPacket *pkt)
{
    int e = d->keeping ? keep(d, pkt) : 0;
    if (e < 0)
        return e;
    e = avcodec_send_packet(d->codec, pkt);
    return must_fall_back(d, e) ? fall_back(d) : e;
}

int decoder_receive(struct decoder *d, AVFrame *frame)
{
    for (;;) {
        int e = avcodec_receive_frame(d->codec, frame);
        if (e >= 0 && d->hwaccel)
            e = hwaccel_keep(d->hwaccel, frame);
        if (must_fall_back(d, e)) {
            av_frame_unref(frame);
            e = fall_back(d);
            if (e < 0)
                return e;
            continue;
        }
        if (e == AVERROR(EAGAIN) && d->replaying) {
            e = replay(d);
            if (e > 0)
                continue;
            return e < 0 ? e : AVERROR(EAGAIN);
        }
        if (e < 0)
            return e;
        if (d->keeping)
            forget(d);
        return 0;
    }
}

const AVCodecContext *decoder_context(const struct decoder *d)
{
    return d->codec;
}

bool decoder_is_hardware(const struct decoder *d)
{
    return d->hwaccel && !hwaccel_refused(d->hwaccel);
}

bool decoder_met_damage(const struct decoder *d)
{
    return d->undecodable > 0;
}

enum AVPixelFormat decoder_pix_fmt(const struct decoder *d, const AVFrame *frame)
{
    return decoder_is_hardware(d) && d->codec->sw_pix_fmt != AV_PIX_FMT_NONE
               ? d->codec->sw_pix_fmt
               : hwaccel_pix_fmt(frame);
}

void decoder_close(struct decoder **d)
{
    if (!*d)
        return;
    forget(*d);
    avcodec_free_context(&(*d)->codec);
    hwaccel_close(&(*d)->hwaccel);
    free(*d);
    *d = NULL;
}
