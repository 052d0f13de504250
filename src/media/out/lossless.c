/* FFV1 in Matroska, out and in. */
#include "media/out/lossless.h"

#include <stdlib.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/out/ffv1.h"
#include "media/out/videofile.h"

/* --- out ---------------------------------------------------------------------- */

struct lossless_writer {
    struct videofile *file;
    int64_t count;
};

bool lossless_takes(enum AVPixelFormat format)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_FFV1);
    const enum AVPixelFormat *list = codec ? avcompat_pix_fmts(codec) : NULL;
    for (; list && *list != AV_PIX_FMT_NONE; list++)
        if (*list == format)
            return true;
    return false;
}

static int open_encoder(AVCodecContext **out, const AVFrame *like)
{
    int err = 0;
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_FFV1);
    if (!codec || !lossless_takes((enum AVPixelFormat)like->format))
        FAIL(RIFEC_ERR_CODEC, "FFmpeg's FFV1 encoder cannot store these frames");
    AVCodecContext *c = *out = avcodec_alloc_context3(codec);
    if (!c)
        TRY(mem_fail("a codec context"));
    c->width = like->width;
    c->height = like->height;
    c->pix_fmt = (enum AVPixelFormat)like->format;
    c->time_base = (AVRational){ 1, 25 };
    c->color_range = like->color_range;
    c->colorspace = like->colorspace;
    c->gop_size = 1;
    int slices = ffv1_slices(like->width, like->height, like->format);
    c->level = slices ? 3 : 1;
    c->slices = slices;
    int av = avcodec_open2(c, codec, NULL);
    if (av < 0)
        err = av_fail(RIFEC_ERR_CODEC, av, "FFmpeg's FFV1 encoder cannot store frames");
fail:
    return err;
}

int lossless_create(struct lossless_writer **out, const char *path, const AVFrame *like)
{
    int err = 0;
    AVCodecContext *encoder = NULL;
    struct lossless_writer *w = *out = calloc(1, sizeof *w);
    if (!w)
        return mem_fail("a file of frames");
    TRY(videofile_open(&w->file, &(struct videofile_params){ .path = path,
                                                             .format = "matroska",
                                                             .overwrite = true,
                                                             .bit_exact = true }));
    TRY(open_encoder(&encoder, like));
    TRY(videofile_start(w->file, &encoder));
    return 0;
fail:
    avcodec_free_context(&encoder);
    lossless_discard(out);
    return err;
}

int lossless_write(struct lossless_writer *w, const AVFrame *frame)
{
    AVFrame *numbered = av_frame_clone(frame);
    if (!numbered)
        return mem_fail("a frame");
    numbered->pts = w->count++; /* found again by its number */
    int err = videofile_write(w->file, numbered);
    av_frame_free(&numbered);
    return err;
}

int lossless_finish(struct lossless_writer **writer)
{
    int err = videofile_finish(&(*writer)->file);
    lossless_discard(writer);
    return err;
}

void lossless_discard(struct lossless_writer **writer)
{
    if (!*writer)
        return;
    videofile_discard(&(*writer)->file);
    free(*writer);
    *writer = NULL;
}

/* --- in ----------------------------------------------------------------------- */

struct lossless_reader {
    char *path;
    AVFormatContext *ctx;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    int64_t next; /* the number of the frame that comes next */
};

static int not_ours(const struct lossless_reader *r)
{
    log_error("%s: is not a file of golden frames (FFV1 in Matroska), or is damaged; "
              "--update-golden makes it again",
              r->path);
    return RIFEC_ERR_INPUT;
}

static int open_decoder(struct lossless_reader *r)
{
    int err = 0;
    const AVStream *st = r->ctx->nb_streams == 1 ? r->ctx->streams[0] : NULL;
    if (!st || st->codecpar->codec_id != AV_CODEC_ID_FFV1)
        return not_ours(r);
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_FFV1);
    r->codec = avcodec_alloc_context3(codec);
    if (!r->codec || avcodec_parameters_to_context(r->codec, st->codecpar) < 0)
        TRY(mem_fail("a codec context"));
    r->codec->thread_count = 1; /* the engine has the machine's cores */
    r->codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    if (avcodec_open2(r->codec, codec, NULL) < 0)
        err = not_ours(r);
fail:
    return err;
}

int lossless_open(struct lossless_reader **out, const char *path)
{
    int err = 0;
    AVDictionary *options = NULL;
    char *url = NULL;
    struct lossless_reader *r = *out = calloc(1, sizeof *r);
    if (!r)
        return mem_fail("a file of frames");
    r->path = av_strdup(path);
    r->packet = av_packet_alloc();
    r->frame = av_frame_alloc();
    url = av_asprintf("file:%s", path);
    if (!r->path || !r->packet || !r->frame || !url)
        TRY(mem_fail("a file of frames"));
    if (av_dict_set(&options, "protocol_whitelist", "file", 0) < 0)
        TRY(mem_fail("a file of frames"));
    int av =
        avformat_open_input(&r->ctx, url, av_find_input_format("matroska"), &options);
    if (av < 0)
        TRY(av == AVERROR_INVALIDDATA
                ? not_ours(r)
                : av_fail(RIFEC_ERR_INPUT, av, "%s: cannot open it", path));
    TRY(open_decoder(r));
fail:
    av_dict_free(&options);
    av_free(url);
    if (err < 0)
        lossless_close(out);
    return err;
}

/* One frame more; *there is false at the end. */
static int decode_next(struct lossless_reader *r, bool *there)
{
    *there = false;
    for (;;) {
        int av = avcodec_receive_frame(r->codec, r->frame);
        if (av == AVERROR_EOF)
            return 0;
        if (av >= 0) {
            *there = true;
            r->next++;
            return 0;
        }
        if (av != AVERROR(EAGAIN))
            return not_ours(r);
        av = av_read_frame(r->ctx, r->packet);
        if (av < 0 && av != AVERROR_EOF)
            return not_ours(r);
        av = avcodec_send_packet(r->codec, av < 0 ? NULL : r->packet);
        av_packet_unref(r->packet);
        if (av < 0 && av != AVERROR_EOF)
            return not_ours(r);
    }
}

int lossless_read(struct lossless_reader *r, int64_t index, const AVFrame **out)
{
    bool there = true;
    *out = NULL;
    while (there && r->next <= index) {
        int err = decode_next(r, &there);
        if (err < 0)
            return err;
    }
    *out = there ? r->frame : NULL;
    return 0;
}

void lossless_close(struct lossless_reader **reader)
{
    struct lossless_reader *r = *reader;
    if (!r)
        return;
    avformat_close_input(&r->ctx);
    avcodec_free_context(&r->codec);
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
    av_free(r->path);
    free(r);
    *reader = NULL;
}
