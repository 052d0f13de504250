/* Opening and reading the input, and telling a whole file from a cut one. */
#define _POSIX_C_SOURCE 200809L
#include "media/demux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavutil/avstring.h>

#include "base/err.h"
#include "media/av.h"

struct demux {
    AVFormatContext *ctx;
    AVStream *video;
    const char *path;
    int64_t video_packets; /* read so far                              */
    int64_t end_us;        /* latest end of any packet, AV_TIME_BASE   */
    bool partial; /* not read from its start: says nothing about its length */
    bool ended, truncated;
};

/* What FFmpeg would report with less to go on. */
static int check_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        log_error("%s: %s", path, strerror(errno));
        return RIFEC_ERR_INPUT;
    }
    if (S_ISDIR(st.st_mode)) {
        log_error("%s: is a directory; give a video file", path);
        return RIFEC_ERR_INPUT;
    }
    if (S_ISREG(st.st_mode) && st.st_size == 0) {
        log_error("%s: the file is empty", path);
        return RIFEC_ERR_INPUT;
    }
    return 0;
}

/* A picture attached to a song is no video. */
static int find_video(struct demux *d)
{
    int i = av_find_best_stream(d->ctx, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (i < 0 || d->ctx->streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC) {
        log_error("%s: no video stream in it", d->path);
        return RIFEC_ERR_INPUT;
    }
    d->video = d->ctx->streams[i];
    return 0;
}

int demux_open(struct demux **out, const char *path)
{
    int err = 0;
    char *url = NULL;
    *out = NULL;
    struct demux *d = calloc(1, sizeof *d);
    if (!d)
        return RIFEC_ERR_NOMEM;
    d->path = path;
    d->end_us = INT64_MIN;
    TRY(check_path(path));

    /* The protocol is named so that a colon in a file name stays one. */
    url = av_asprintf("file:%s", path);
    if (!url)
        FAIL(RIFEC_ERR_NOMEM, "out of memory");
    int e = avformat_open_input(&d->ctx, url, NULL, NULL);
    if (e < 0) {
        err = av_fail(RIFEC_ERR_INPUT, e, "%s: not a video file FFmpeg can open", path);
        goto fail;
    }
    e = avformat_find_stream_info(d->ctx, NULL);
    if (e < 0) {
        err = av_fail(RIFEC_ERR_INPUT, e, "%s: cannot find out what is in it", path);
        goto fail;
    }
    TRY(find_video(d));
    av_watch_errors(d->ctx);
    av_free(url);
    *out = d;
    return 0;
fail:
    av_free(url);
    demux_close(&d);
    return err;
}

/* A container that promises frames or seconds it does not hold was cut off. */
static bool falls_short(const struct demux *d)
{
    if (d->partial)
        return false;
    if (d->video->nb_frames > 0 && d->video_packets < d->video->nb_frames)
        return true;
    if (d->ctx->duration <= 0 || d->end_us == INT64_MIN)
        return false;
    /* MP4 counts the duration from the first packet, Matroska from zero. */
    int64_t start = d->ctx->start_time == AV_NOPTS_VALUE ? 0 : d->ctx->start_time;
    int64_t missing = (start < 0 ? start : 0) + d->ctx->duration - d->end_us;
    /* Headers are often off by a frame or an audio packet; half a second and
     * a hundredth of the whole are not. */
    return missing > AV_TIME_BASE / 2 && missing > d->ctx->duration / 100;
}

int demux_seek(struct demux *d, int64_t us)
{
    int64_t start = d->ctx->start_time == AV_NOPTS_VALUE ? 0 : d->ctx->start_time;
    int e = avformat_seek_file(d->ctx, -1, INT64_MIN, start + us, start + us, 0);
    if (e < 0)
        return av_fail(RIFEC_ERR_INPUT, e, "%s: cannot seek to %.3f s", d->path,
                       (double)us / AV_TIME_BASE);
    d->partial = true;
    return 0;
}

static void note(struct demux *d, const AVPacket *pkt)
{
    const AVStream *st = d->ctx->streams[pkt->stream_index];
    if (st == d->video)
        d->video_packets++;
    int64_t ts = pkt->pts != AV_NOPTS_VALUE ? pkt->pts : pkt->dts;
    if (ts != AV_NOPTS_VALUE) {
        int64_t end = av_rescale_q(ts + pkt->duration, st->time_base, AV_TIME_BASE_Q);
        if (end > d->end_us)
            d->end_us = end;
    }
}

int demux_read(struct demux *d, AVPacket **out)
{
    *out = NULL;
    if (d->ended)
        return 0;
    AVPacket *pkt = av_packet_alloc();
    if (!pkt)
        return RIFEC_ERR_NOMEM;
    int e = av_read_frame(d->ctx, pkt);
    if (e < 0) {
        av_packet_free(&pkt);
        if (e == AVERROR(ENOMEM))
            return av_fail(RIFEC_ERR_NOMEM, e, "%s: cannot read", d->path);
        d->ended = true;
        d->truncated =
            e != AVERROR_EOF || (d->ctx->pb && d->ctx->pb->error < 0) || falls_short(d);
        return 0;
    }
    note(d, pkt);
    *out = pkt;
    return 0;
}

bool demux_damaged(const struct demux *d)
{
    return av_watched_errors(d->ctx) > 0;
}

const char *demux_path(const struct demux *d)
{
    return d->path;
}

bool demux_truncated(const struct demux *d)
{
    return d->truncated;
}

AVFormatContext *demux_context(const struct demux *d)
{
    return d->ctx;
}

AVStream *demux_video(const struct demux *d)
{
    return d->video;
}

void demux_close(struct demux **d)
{
    if (!*d)
        return;
    avformat_close_input(&(*d)->ctx);
    free(*d);
    *d = NULL;
}
