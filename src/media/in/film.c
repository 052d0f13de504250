/* Demuxer and decoder behind a function that returns one frame at a time. */
#include "media/in/film.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "media/in/decode.h"
#include "media/in/demux.h"
#include "media/frame.h"

struct film {
    const char *path;
    struct demux *demux;
    struct decode *decode;
    bool draining;
    int64_t count;
};

int film_open(struct film **out, const char *path)
{
    int err = 0;
    struct film *f = *out = calloc(1, sizeof *f);
    if (!f)
        return mem_fail("a film");
    f->path = path;
    TRY(demux_open(&f->demux, &(struct demux_params){ .path = path }));
    TRY(decode_open(&f->decode, &(struct decode_params){
                                    .format = demux_context(f->demux),
                                    .stream = demux_video(f->demux),
                                    .path = demux_name(f->demux),
                                    .deinterlace = DEINTERLACE_OFF,
                                    .hwaccel = { .mode = HWACCEL_NONE, .to_host = true },
                                }));
    return 0;
fail:
    film_close(out);
    return err;
}

/* Gives the decoder the next packet of the video, or tells it that there are no more. */
static int feed(struct film *f)
{
    int err = 0;
    AVPacket *packet = NULL;
    int video = demux_video(f->demux)->index;
    do {
        av_packet_free(&packet);
        TRY(demux_read(f->demux, &packet));
    } while (packet && packet->stream_index != video);
    f->draining = !packet;
    TRY(decode_send(f->decode, packet));
fail:
    av_packet_free(&packet);
    return err;
}

static int64_t time_us(const struct film *f, const AVFrame *frame)
{
    if (frame->pts == AV_NOPTS_VALUE)
        return AV_NOPTS_VALUE;
    return av_rescale_q(frame->pts, decode_time_base(f->decode), AV_TIME_BASE_Q) -
           demux_origin_us(f->demux);
}

int film_next(struct film *f, AVFrame **out)
{
    int err = 0;
    struct rifec_frame *frame = NULL;
    *out = NULL;
    for (;;) {
        TRY(decode_receive(f->decode, &frame));
        if (frame || f->draining)
            break;
        TRY(feed(f));
    }
    if (!frame && !f->count)
        FAIL(RIFEC_ERR_INPUT, "%s: no frame of the video can be decoded", f->path);
    if (!frame)
        return 0;
    f->count++;
    *out = frame_unwrap(&frame, decode_pix_fmt(f->decode));
    if (!*out)
        TRY(mem_fail("a frame"));
    (*out)->pts = time_us(f, *out);
fail:
    rifec_frame_free(&frame);
    return err;
}

int64_t film_frames(const struct film *f)
{
    const AVStream *st = demux_video(f->demux);
    AVRational rate = film_rate(f);
    int64_t us = demux_duration_us(f->demux);
    if (st->nb_frames > 0)
        return st->nb_frames;
    return rate.num > 0 && us > 0 ? av_rescale_q(us, AV_TIME_BASE_Q, av_inv_q(rate)) : 0;
}

AVRational film_rate(const struct film *f)
{
    return av_guess_frame_rate(demux_context(f->demux), demux_video(f->demux), NULL);
}

bool film_damaged(const struct film *f)
{
    return demux_damaged(f->demux) || demux_truncated(f->demux) ||
           decode_damaged(f->decode) > 0;
}

void film_close(struct film **f)
{
    if (!*f)
        return;
    decode_close(&(*f)->decode);
    demux_close(&(*f)->demux);
    free(*f);
    *f = NULL;
}
