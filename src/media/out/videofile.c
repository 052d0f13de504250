/* One stream, one encoder, one muxer. */
#include "media/out/videofile.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/out/target.h"

struct videofile {
    struct target *target;
    AVFormatContext *ctx;
    AVCodecContext *codec; /* NULL before videofile_start() */
    AVPacket *packet;
};

int videofile_open(struct videofile **out, const struct videofile_params *p)
{
    int err = 0;
    struct videofile *f = *out = calloc(1, sizeof *f);
    if (!f)
        return mem_fail("a file");
    f->packet = av_packet_alloc();
    if (!f->packet)
        TRY(mem_fail("a packet"));
    TRY(target_open(&f->target, &(struct target_params){ .path = p->path,
                                                         .overwrite = p->overwrite }));
    int e = avformat_alloc_output_context2(&f->ctx, NULL, p->format, p->path);
    if (e == AVERROR(ENOMEM))
        TRY(mem_fail("an output"));
    if (e < 0)
        FAIL(RIFEC_ERR_OUTPUT,
             "%s: the name does not say which container to write; end it in .mp4 or .mkv",
             p->path);
    if (p->bit_exact)
        f->ctx->flags |= AVFMT_FLAG_BITEXACT;
fail:
    if (err < 0)
        videofile_discard(out);
    return err;
}

const AVOutputFormat *videofile_format(const struct videofile *f)
{
    return f->ctx->oformat;
}

int videofile_start(struct videofile *f, AVCodecContext **encoder)
{
    int err = 0;
    f->codec = *encoder;
    *encoder = NULL;
    AVStream *st = avformat_new_stream(f->ctx, NULL);
    if (!st || avcodec_parameters_from_context(st->codecpar, f->codec) < 0)
        TRY(mem_fail("a stream"));
    st->time_base = f->codec->time_base;
    st->avg_frame_rate = f->codec->framerate;
    TRY(target_create(f->target, &f->ctx->pb));
    int e = avformat_write_header(f->ctx, NULL);
    if (e < 0)
        err = av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot write", target_name(f->target));
fail:
    return err;
}

static int write_packets(struct videofile *f)
{
    for (;;) {
        int e = avcodec_receive_packet(f->codec, f->packet);
        if (e == AVERROR(EAGAIN) || e == AVERROR_EOF)
            return 0;
        if (e < 0)
            return av_fail(RIFEC_ERR_CODEC, e, "encoder %s failed",
                           f->codec->codec->name);
        av_packet_rescale_ts(f->packet, f->codec->time_base,
                             f->ctx->streams[0]->time_base);
        f->packet->stream_index = 0;
        e = av_interleaved_write_frame(f->ctx, f->packet);
        if (e >= 0 && f->ctx->pb->error < 0)
            e = f->ctx->pb->error;
        if (e < 0)
            return av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot write",
                           target_name(f->target));
    }
}

/* frame: NULL after the last */
static int encode(struct videofile *f, const AVFrame *frame)
{
    int e = avcodec_send_frame(f->codec, frame);
    if (e < 0)
        return av_fail(RIFEC_ERR_CODEC, e, "encoder %s failed", f->codec->codec->name);
    return write_packets(f);
}

int videofile_write(struct videofile *f, const AVFrame *frame)
{
    return encode(f, frame);
}

int videofile_finish(struct videofile **file)
{
    int err = 0;
    struct videofile *f = *file;
    TRY(encode(f, NULL));
    int e = av_write_trailer(f->ctx);
    if (e < 0)
        TRY(av_fail(RIFEC_ERR_OUTPUT, e, "%s: cannot write", target_name(f->target)));
    f->ctx->pb = NULL; /* the target's, which closes it */
    TRY(target_commit(f->target));
fail:
    videofile_discard(file);
    return err;
}

void videofile_discard(struct videofile **file)
{
    struct videofile *f = *file;
    if (!f)
        return;
    if (f->ctx)
        f->ctx->pb = NULL;
    target_close(&f->target);
    avformat_free_context(f->ctx);
    avcodec_free_context(&f->codec);
    av_packet_free(&f->packet);
    free(f);
    *file = NULL;
}
