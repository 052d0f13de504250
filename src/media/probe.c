/* Small trials for --doctor, of features that only a trial can test. Used from one
 * thread. */
#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <libavutil/opt.h>

#include "media/av.h"
#include "media/hwaccel.h"
#include "media/versions.h"

#define WIDTH  320
#define HEIGHT 192

/* --- FFmpeg's reasons ------------------------------------------------------- */

static char *reason; /* where the first error goes, or NULL */
static size_t reason_size;

static void catch_reason(void *context, int level, const char *fmt, va_list ap)
{
    int print_prefix = 0;
    char line[512];
    if (level > AV_LOG_ERROR || !reason || reason[0])
        return;
    (void)context;
    av_log_format_line2(NULL, level, fmt, ap, line, sizeof line, &print_prefix);
    line[strcspn(line, "\r\n")] = '\0';
    snprintf(reason, reason_size, "%s", line);
}

static void listen(char *why, size_t size)
{
    why[0] = '\0';
    reason = why;
    reason_size = size;
    av_log_set_callback(catch_reason);
}

static void stop_listening(int averr)
{
    if (averr < 0 && !reason[0])
        av_strerror(averr, reason, reason_size);
    reason = NULL;
    av_log_to_rifec();
}

/* --- encoders --------------------------------------------------------------- */

bool media_has_encoder(const char *name)
{
    return avcodec_find_encoder_by_name(name) != NULL;
}

static int open_encoder(AVCodecContext **out, const char *name)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(name);
    *out = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!*out)
        return codec ? AVERROR(ENOMEM) : AVERROR_ENCODER_NOT_FOUND;
    (*out)->width = WIDTH;
    (*out)->height = HEIGHT;
    (*out)->pix_fmt = AV_PIX_FMT_YUV420P;
    (*out)->time_base = (AVRational){ 1, 25 };
    (*out)->thread_count = 1;
    return avcodec_open2(*out, codec, NULL);
}

bool media_encoder_works(const char *name, char *why, size_t size)
{
    AVCodecContext *c;
    listen(why, size);
    int e = open_encoder(&c, name);
    avcodec_free_context(&c);
    stop_listening(e);
    return e >= 0;
}

/* --- NVDEC ------------------------------------------------------------------ */

void media_nvdec_codecs(char *text, size_t size)
{
    static const enum AVCodecID ids[] = { AV_CODEC_ID_H264,       AV_CODEC_ID_HEVC,
                                          AV_CODEC_ID_AV1,        AV_CODEC_ID_VP9,
                                          AV_CODEC_ID_VP8,        AV_CODEC_ID_MPEG2VIDEO,
                                          AV_CODEC_ID_MPEG4,      AV_CODEC_ID_VC1,
                                          AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MJPEG };
    text[0] = '\0';
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (hwaccel_has_decoder(ids[i]))
            av_strlcatf(text, size, "%s%s", text[0] ? " " : "", avcodec_get_name(ids[i]));
}

/* One gray picture. */
static int encode_picture(AVPacket *pkt)
{
    AVCodecContext *c = NULL;
    AVFrame *f = av_frame_alloc();
    int e = open_encoder(&c, "libx264");
    if (e >= 0 && !f)
        e = AVERROR(ENOMEM);
    if (e >= 0) {
        f->format = AV_PIX_FMT_YUV420P;
        f->width = WIDTH;
        f->height = HEIGHT;
        e = av_frame_get_buffer(f, 0);
    }
    if (e >= 0) {
        for (int i = 0; i < 3; i++)
            memset(f->data[i], 128, (size_t)(f->linesize[i] * (i ? HEIGHT / 2 : HEIGHT)));
        f->pts = 0;
        e = avcodec_send_frame(c, f);
    }
    if (e >= 0)
        e = avcodec_send_frame(c, NULL);
    if (e >= 0)
        e = avcodec_receive_packet(c, pkt);
    av_frame_free(&f);
    avcodec_free_context(&c);
    return e;
}

/* 1 when the picture arrived in device memory. */
static int decode_picture(struct hwaccel *h, const AVPacket *pkt)
{
    AVCodecContext *c = avcodec_alloc_context3(hwaccel_decoder(h));
    AVFrame *f = av_frame_alloc();
    int e = c && f ? hwaccel_attach(h, c) : AVERROR(ENOMEM);
    if (e >= 0)
        e = avcodec_open2(c, hwaccel_decoder(h), NULL);
    if (e >= 0)
        e = avcodec_send_packet(c, pkt);
    if (e >= 0)
        e = avcodec_send_packet(c, NULL);
    if (e >= 0)
        e = avcodec_receive_frame(c, f);
    if (e >= 0)
        e = hwaccel_keep(h, f);
    bool there = e >= 0 && hwaccel_is_device(f);
    if (there)
        e = hwaccel_download(f);
    av_frame_free(&f);
    avcodec_free_context(&c);
    return e < 0 ? e : there;
}

bool media_nvdec_works(void *context, void *stream, char *why, size_t size)
{
    struct hwaccel *h = NULL;
    AVCodecParameters *par = avcodec_parameters_alloc();
    AVPacket *pkt = av_packet_alloc();
    int e = AVERROR(ENOMEM), got = 0;
    listen(why, size);
    if (par && pkt) {
        par->codec_id = AV_CODEC_ID_H264;
        e = encode_picture(pkt);
    }
    struct hwaccel_params p = { .mode = HWACCEL_CUDA,
                                .context = context,
                                .stream = stream };
    if (e >= 0 && hwaccel_open(&h, &p, par, "trial") < 0)
        e = AVERROR(ENOMEM);
    if (e >= 0)
        e = got = h ? decode_picture(h, pkt) : AVERROR_DECODER_NOT_FOUND;
    stop_listening(e);
    hwaccel_close(&h);
    av_packet_free(&pkt);
    avcodec_parameters_free(&par);
    return got == 1;
}
