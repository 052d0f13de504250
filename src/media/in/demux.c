/* Opens and reads the input, and distinguishes a complete file from one that is cut
 * off. */
#define _POSIX_C_SOURCE 200809L
#include "media/in/demux.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/pixdesc.h>

#include "base/err.h"
#include "base/mem.h"
#include "media/av.h"
#include "media/avcompat.h"
#include "media/in/confine.h"
#include "media/in/joins.h"
#include "media/pipe.h"
#include "media/in/truncation.h"
#include "media/in/videos.h"

/* This many packets in a row that are not where they should be mean the end. */
#define UNREADABLE_MAX 1000

struct demux {
    AVFormatContext *ctx;
    AVIOContext *pipe; /* standard input or a named pipe, or NULL */
    AVIOContext *file; /* a file whose format nobody named, or NULL */
    struct pictures pictures;
    int next_picture;
    bool lost_picture;
    bool corrupt;     /* packets of other streams were incomplete, or a gap */
    bool broken_head; /* FFmpeg found errors when it opened the container */
    AVStream *video;
    const char *name;
    int unreadable;         /* errors in a row                          */
    int64_t end_us;         /* latest end of any packet, AV_TIME_BASE   */
    struct lookahead ahead; /* the first packets, until they are taken  */
    struct joins joins;     /* for containers whose clock may jump      */
    int64_t end_byte;       /* byte after the last packet; -1: unknown */
    bool partial;           /* not read from its start, so its length is unknown */
    bool is_pipe, ended, truncated; /* is_pipe: stdin or a named one */
    bool (*stopped)(void);
};

/* Conditions that FFmpeg would report less clearly. */
static int check_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 && strstr(path, "://")) {
        log_error("%s: network inputs are not read directly; pipe them in: ffmpeg -i URL "
                  "-c copy -f nut - | rifec -i - ...",
                  path);
        return RIFEC_ERR_INPUT;
    }
    if (stat(path, &st) != 0) {
        log_error("%s: %s", path, strerror(errno));
        return RIFEC_ERR_INPUT;
    }
    if (S_ISDIR(st.st_mode)) {
        log_error("%s: is a directory, but --input-format needs a file", path);
        return RIFEC_ERR_INPUT;
    }
    if (S_ISREG(st.st_mode) && st.st_size == 0) {
        log_error("%s: the file is empty", path);
        return RIFEC_ERR_INPUT;
    }
    return 0;
}

/* MP4 marks each encrypted packet; its note about keys may belong to another stream. */
static bool is_encrypted(const struct demux *d, const AVStream *st)
{
    const uint32_t tag = st->codecpar->codec_tag;
    return tag == MKTAG('e', 'n', 'c', 'v') || tag == MKTAG('d', 'r', 'm', 'i') ||
           (!av_match_name("mov", d->ctx->iformat->name) &&
            avcompat_has_side_data(st, AV_PKT_DATA_ENCRYPTION_INIT_INFO));
}

static int fail_encrypted(const struct demux *d)
{
    log_error("%s: its video is encrypted, and rifec has no key; decrypt the file first",
              d->name);
    return RIFEC_ERR_INPUT;
}

static int find_video(struct demux *d, const struct demux_params *p)
{
    int i = videos_choose(d->ctx, p->video - 1, d->name);
    if (i < 0)
        return i;
    d->video = d->ctx->streams[i];
    return is_encrypted(d, d->video) ? fail_encrypted(d) : 0;
}

/* True for one of FFmpeg's names of the container. */
static bool is_called(const struct demux *d, const char *name)
{
    return d->ctx->iformat && av_match_name(name, d->ctx->iformat->name);
}

static bool is_raw(const struct demux_params *p)
{
    return p->format && !strcmp(p->format, "rawvideo");
}

/* Properties of raw video that FFmpeg cannot find out. */
static int describe_raw(const struct demux_params *p, AVDictionary **options)
{
    if (!is_raw(p))
        return 0;
    if (p->pix_fmt && av_get_pix_fmt(p->pix_fmt) == AV_PIX_FMT_NONE) {
        log_error("unknown pixel format '%s'; `ffmpeg -pix_fmts` lists them", p->pix_fmt);
        return RIFEC_ERR_USAGE;
    }
    char rate[48];
    snprintf(rate, sizeof rate, "%lld/%lld", (long long)p->rate.num,
             (long long)p->rate.den);
    int e = av_dict_set(options, "video_size", p->size, 0);
    if (e >= 0 && p->pix_fmt)
        e = av_dict_set(options, "pixel_format", p->pix_fmt, 0);
    if (e >= 0 && p->rate.num)
        e = av_dict_set(options, "framerate", rate, 0);
    return e < 0 ? mem_fail("the options of the demuxer") : 0;
}

static int open_stdin(struct demux *d, const struct demux_params *p)
{
    if (isatty(STDIN_FILENO)) {
        log_error("stdin is a terminal; send a video in with < FILE or PROGRAM |");
        return RIFEC_ERR_INPUT;
    }
    return pipe_open_stdin(&d->pipe, p->stopped);
}

static int open_file(struct demux *d, const char *path, const char *url)
{
    int err = check_path(path);
    if (err < 0)
        return err;
    int e = avio_open(&d->file, url, AVIO_FLAG_READ);
    return e < 0 ? av_fail(RIFEC_ERR_INPUT, e, "%s: cannot open it", path) : 0;
}

/* Opens the source of bytes. A format that the user named may open the path in its own
 * way. */
static int open_bytes(struct demux *d, const struct demux_params *p, const char *url)
{
    if (!strcmp(p->path, "-"))
        return open_stdin(d, p);
    if (d->is_pipe) /* it may pause as well */
        return pipe_open_named(&d->pipe, p->path, p->stopped);
    return p->format ? check_path(p->path) : open_file(d, p->path, url);
}

static bool is_named_pipe(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int open_container(struct demux *d, const struct demux_params *p)
{
    int err = 0;
    char *url = NULL;
    AVDictionary *options = NULL;
    AVCOMPAT_FORMAT_CONST AVInputFormat *format = NULL;
    if (p->format && !(format = av_find_input_format(p->format)))
        FAIL(RIFEC_ERR_USAGE,
             "FFmpeg cannot read the format '%s'; `ffmpeg -demuxers` lists those it can",
             p->format);
    if (p->rate.num && !is_raw(p))
        FAIL(RIFEC_ERR_USAGE,
             "%s: has timestamps of its own; --input-rate is for raw video and image "
             "sequences",
             d->name);
    TRY(describe_raw(p, &options));
    /* The protocol is named so that a colon in a file name stays one. */
    url = av_asprintf("%s%s", d->is_pipe ? "pipe:" : "file:", p->path);
    d->ctx = avformat_alloc_context();
    if (!url || !d->ctx)
        TRY(mem_fail("a demuxer"));
    TRY(open_bytes(d, p, url));
    d->ctx->pb = d->pipe ? d->pipe : d->file;
    if (d->ctx->pb) /* we have to close it; FFmpeg has it only after success */
        d->ctx->flags |= AVFMT_FLAG_CUSTOM_IO;
    if (!p->format)
        TRY(confine_find_format(&format, d->ctx, url, d->name));
    TRY(p->format ? confine_to_files(d->ctx) : confine_to_itself(d->ctx));
    av_watch_errors(d->ctx);
    int e = avformat_open_input(&d->ctx, url, format, &options);
    if (e == AVERROR_EXIT)
        TRY(RIFEC_ERR_ABORT);
    if (e < 0 && d->pipe && !d->pipe->bytes_read)
        FAIL(RIFEC_ERR_INPUT, "%s: is empty", d->name);
    if (e < 0)
        err = av_fail(RIFEC_ERR_INPUT, e, "%s: not a video FFmpeg can open%s", d->name,
                      d->is_pipe ? " from a pipe" : "");
    if (e >= 0) /* most of MP4's many tables lose nothing if they are odd */
        d->broken_head = av_watched_errors(d->ctx) > 0 && !is_called(d, "mov");
    av_watch_errors(d->ctx);
fail:
    av_dict_free(&options);
    av_free(url);
    return err;
}

/* --- pictures ------------------------------------------------------------- */

/* A film of one stream, with an image in each packet. */
static int open_pictures(struct demux *d, const struct demux_params *p)
{
    int err = 0;
    TRY(pictures_find(&d->pictures, p->path));
    const struct rational rate = p->rate.num ? p->rate : (struct rational){ 25, 1 };
    if (d->pictures.count == 2 && !p->rate.num)
        log_info("%s: two pictures last 0.08 s at 25 frames per second; --input-rate 1 "
                 "shows each for a second, and -o out/%%05d.png writes pictures",
                 p->path);
    d->ctx = avformat_alloc_context();
    AVStream *st = d->ctx ? avformat_new_stream(d->ctx, NULL) : NULL;
    if (!st)
        TRY(mem_fail("a demuxer"));
    d->ctx->url = av_strdup(p->path);
    if (!d->ctx->url)
        TRY(mem_fail("a file name"));
    st->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    st->codecpar->codec_id = d->pictures.codec;
    st->r_frame_rate = (AVRational){ (int)rate.num, (int)rate.den };
    st->avg_frame_rate = st->r_frame_rate;
    st->time_base = av_inv_q(st->r_frame_rate);
    st->start_time = 0;
    st->nb_frames = st->duration = d->pictures.count;
    d->ctx->start_time = 0;
    d->ctx->duration = av_rescale_q(d->pictures.count, st->time_base, AV_TIME_BASE_Q);
    d->video = st;
fail:
    return err;
}

/* False if the picture no longer exists. */
static bool load_picture(struct demux *d, const char *path, AVPacket *pkt)
{
    AVIOContext *pb = NULL;
    char *url = av_asprintf("file:%s", path);
    int e = url ? avio_open(&pb, url, AVIO_FLAG_READ) : AVERROR(ENOMEM);
    int64_t size = e < 0 ? 0 : avio_size(pb);
    if (e >= 0)
        e = size <= 0 || size > INT_MAX / 2 ? AVERROR_INVALIDDATA
                                            : av_get_packet(pb, pkt, (int)size);
    avio_closep(&pb);
    av_free(url);
    if (e == size && size > 0)
        return true;
    char why[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(e < 0 ? e : AVERROR_EOF, why, sizeof why);
    log_warning("%s: cannot read it: %s", path, why);
    av_packet_unref(pkt);
    d->lost_picture = true;
    return false;
}

static int read_picture(struct demux *d, AVPacket *pkt)
{
    while (d->next_picture < d->pictures.count) {
        int i = d->next_picture++;
        if (!load_picture(d, d->pictures.paths[i], pkt))
            continue;
        pkt->pts = pkt->dts = i;
        pkt->duration = 1;
        pkt->pos = -1;
        pkt->flags |= AV_PKT_FLAG_KEY;
        return 0;
    }
    return AVERROR_EOF;
}

/* --- all ------------------------------------------------------------------ */

static int open_streams(struct demux *d, const struct demux_params *p)
{
    int err = 0;
    TRY(open_container(d, p));
    int e = avformat_find_stream_info(d->ctx, NULL);
    if (e == AVERROR_EXIT)
        TRY(RIFEC_ERR_ABORT);
    if (e < 0) {
        err = av_fail(RIFEC_ERR_INPUT, e, "%s: cannot find out which streams it has",
                      d->name);
        goto fail;
    }
    TRY(find_video(d, p));
    TRY(lookahead_fill(&d->ahead, d->ctx));
fail:
    return err;
}

int demux_open(struct demux **out, const struct demux_params *p)
{
    int err = 0;
    *out = NULL;
    struct demux *d = calloc(1, sizeof *d);
    if (!d)
        return mem_fail("a demuxer");
    d->is_pipe = !strcmp(p->path, "-") || is_named_pipe(p->path);
    d->name = strcmp(p->path, "-") ? p->path : "stdin";
    d->end_us = INT64_MIN;
    d->end_byte = -1;
    d->stopped = p->stopped;
    bool pictures = !p->format && !d->is_pipe && pictures_are_meant(p->path);
    TRY(pictures ? open_pictures(d, p) : open_streams(d, p));
    TRY(joins_open(&d->joins, d->ctx));
    *out = d;
    return 0;
fail:
    demux_close(&d);
    return err;
}

static bool is_stopped(const struct demux *d)
{
    return d->is_pipe && d->stopped && d->stopped();
}

/* Some containers are a mere sequence of frames, and FFmpeg does not report half a frame
 * at the end. */
static bool ends_in_frame(const struct demux *d)
{
    if (d->end_byte < 0)
        return false;
    const int64_t at = avio_tell(d->ctx->pb);
    if (is_called(d, "dv")) /* FFmpeg fills up the last frame with the one before */
        return at != d->end_byte;
    if (is_called(d, "ivf")) /* FFmpeg counts a frame from its head, and without it */
        return at > d->end_byte + 12;
    return is_called(d, "yuv4mpegpipe") && at > d->end_byte;
}

/* For containers without a rule of their own: a file that promises more seconds than
 * it has was cut off. */
static bool falls_short(const struct demux *d)
{
    if (d->partial || d->ctx->duration <= 0 || d->end_us == INT64_MIN ||
        d->ctx->duration_estimation_method != AVFMT_DURATION_FROM_STREAM)
        return false;
    /* The duration is that of the longest stream, which may not be read. */
    for (unsigned i = 0; i < d->ctx->nb_streams; i++)
        if (d->ctx->streams[i]->discard == AVDISCARD_ALL)
            return false;
    /* Matroska counts from zero, others from the first packet. */
    int64_t start = d->ctx->start_time == AV_NOPTS_VALUE ? 0 : d->ctx->start_time;
    int64_t missing = (start < 0 ? start : 0) + d->ctx->duration - d->end_us;
    /* Headers are often wrong by a frame or an audio packet, but not by half a second
     * and a hundredth of the duration. */
    return missing > AV_TIME_BASE / 2 && missing > d->ctx->duration / 100;
}

/* After the last packet; e is the result of av_read_frame(). */
static void judge_end(struct demux *d, int e)
{
    if (is_stopped(d))
        return;
    d->truncated = e != AVERROR_EOF || (d->ctx->pb && d->ctx->pb->error < 0);
    if (d->truncated || d->pictures.count)
        return;
    d->truncated = ends_in_frame(d);
    switch (truncation_look(d->ctx)) {
    case TRUNCATION_UNKNOWN:
        d->truncated = d->truncated || falls_short(d);
        break;
    case TRUNCATION_CUT:
        d->truncated = true;
        break;
    case TRUNCATION_GAP:
        d->corrupt = true;
        break;
    case TRUNCATION_NONE:
        break;
    }
}

bool demux_clock_may_jump(const struct demux *d)
{
    return d->ctx->iformat && d->ctx->iformat->flags & AVFMT_TS_DISCONT;
}

/* A live recording counts from when the camera was switched on, or from 1970. */
int64_t demux_origin_us(const struct demux *d)
{
    int64_t start = d->ctx->start_time;
    if (start == AV_NOPTS_VALUE)
        return 0;
    return start > 0 || demux_clock_may_jump(d) ? start : 0;
}

/* Unknown durations are stored as the largest number (93 hours at 12800 Hz), and stray
 * times make a film as long: then the file has fewer bytes than any frames need. */
bool demux_can_last(const struct demux *d, int64_t us)
{
    enum { LEAST_BYTES = 8 }; /* of a frame with its head that repeats another */
    const int64_t size = d->ctx->pb ? avio_size(d->ctx->pb) : -1;
    const AVRational rate = av_guess_frame_rate(d->ctx, d->video, NULL);
    return size <= 0 || rate.num <= 0 || us <= INT64_C(3600) * AV_TIME_BASE ||
           (double)us / AV_TIME_BASE * av_q2d(rate) * LEAST_BYTES <= (double)size;
}

/* Matroska gives the end counted from zero, others the length from their start. */
int64_t demux_duration_us(const struct demux *d)
{
    int64_t us = d->ctx->duration > 0 ? d->ctx->duration : 0;
    bool from_zero = d->ctx->iformat && av_match_name("matroska", d->ctx->iformat->name);
    if (from_zero && us > demux_origin_us(d))
        us -= demux_origin_us(d);
    return demux_can_last(d, us) ? us : 0;
}

bool demux_seek(struct demux *d, int64_t us)
{
    if (d->is_pipe) /* packets before that are read and dropped */
        return false;
    if (d->pictures.count) {
        d->next_picture = (int)av_rescale_q(us, AV_TIME_BASE_Q, d->video->time_base);
        return true;
    }
    /* In broadcast streams FFmpeg does not look for a frame to begin with, and raw
     * streams have no times. There, too, packets are read and dropped. */
    if (demux_clock_may_jump(d) || d->ctx->start_time == AV_NOPTS_VALUE)
        return false;
    int64_t to = d->ctx->start_time + us;
    d->partial = avformat_seek_file(d->ctx, -1, INT64_MIN, to, to, 0) >= 0;
    if (d->partial) { /* earlier errors come again, or are outside */
        lookahead_clear(&d->ahead);
        av_watch_errors(d->ctx);
    }
    return d->partial;
}

/* Returns 1 if the packet is useless, and no more packets of its stream will come. */
static int check_encryption(struct demux *d, const AVPacket *pkt)
{
    AVStream *st = d->ctx->streams[pkt->stream_index];
    if (!av_packet_get_side_data(pkt, AV_PKT_DATA_ENCRYPTION_INFO, NULL))
        return 0;
    if (st == d->video)
        return fail_encrypted(d);
    log_warning("%s: stream %d (%s) is encrypted and is left out", d->name, st->index,
                avcodec_get_name(st->codecpar->codec_id));
    st->discard = AVDISCARD_ALL;
    return 1;
}

static void note(struct demux *d, const AVPacket *pkt)
{
    const AVStream *st = d->ctx->streams[pkt->stream_index];
    if (st != d->video && pkt->flags & AV_PKT_FLAG_CORRUPT && st->discard < AVDISCARD_ALL)
        d->corrupt = true;
    /* Sound lies inside a frame of DV. */
    if (pkt->pos >= 0 && pkt->pos + pkt->size > d->end_byte)
        d->end_byte = pkt->pos + pkt->size;
    int64_t ts = pkt->pts != AV_NOPTS_VALUE ? pkt->pts : pkt->dts;
    if (ts != AV_NOPTS_VALUE) {
        int64_t end = av_rescale_q(ts + pkt->duration, st->time_base, AV_TIME_BASE_Q);
        if (end > d->end_us)
            d->end_us = end;
    }
}

/* Returns an FFmpeg code. */
static int read_next(struct demux *d, AVPacket *pkt)
{
    AVPacket *ahead = lookahead_take(&d->ahead);
    if (ahead) {
        av_packet_move_ref(pkt, ahead);
        av_packet_free(&ahead);
        return 0;
    }
    int e = d->ahead.end;
    d->ahead.end = 0;
    if (e < 0)
        return e;
    return d->pictures.count ? read_picture(d, pkt) : av_read_frame(d->ctx, pkt);
}

/* One packet is not where the file says; others may be. */
static bool goes_on(struct demux *d, int e)
{
    if (e != AVERROR_INVALIDDATA || d->pictures.count || ++d->unreadable > UNREADABLE_MAX)
        return false;
    return d->corrupt = true;
}

int demux_read(struct demux *d, AVPacket **out)
{
    *out = NULL;
    if (d->ended)
        return 0;
    AVPacket *pkt = av_packet_alloc();
    if (!pkt)
        return mem_fail("a packet");
    int e;
    do
        e = read_next(d, pkt);
    while (e < 0 && goes_on(d, e));
    if (e < 0) {
        av_packet_free(&pkt);
        if (e == AVERROR(ENOMEM) && !av_asks_too_much(e, 0))
            return av_fail(RIFEC_ERR_NOMEM, e, "%s: cannot read", d->name);
        d->ended = true;
        judge_end(d, e);
        return 0;
    }
    int err = check_encryption(d, pkt);
    if (err > 0) {
        av_packet_free(&pkt);
        return demux_read(d, out);
    }
    if (err == 0 && demux_clock_may_jump(d))
        err = joins_apply(&d->joins, pkt, d->ctx->streams[pkt->stream_index]);
    if (err < 0) {
        av_packet_free(&pkt);
        return err;
    }
    d->unreadable = 0;
    note(d, pkt);
    *out = pkt;
    return 0;
}

bool demux_damaged(const struct demux *d)
{
    return d->lost_picture || d->corrupt || d->broken_head ||
           (av_watched_errors(d->ctx) > 0 && !is_stopped(d));
}

bool demux_is_picture(const struct demux *d)
{
    const char *name = d->ctx->iformat ? d->ctx->iformat->name : "";
    return d->pictures.count || strstr(name, "_pipe") || !strcmp(name, "image2");
}

const struct pictures *demux_pictures(const struct demux *d)
{
    return d->pictures.count ? &d->pictures : NULL;
}

const struct lookahead *demux_ahead(const struct demux *d)
{
    return &d->ahead;
}

const char *demux_name(const struct demux *d)
{
    return d->name;
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
    lookahead_clear(&(*d)->ahead);
    avformat_close_input(&(*d)->ctx);
    pipe_close(&(*d)->pipe);
    avio_closep(&(*d)->file);
    pictures_free(&(*d)->pictures);
    if ((*d)->joins.jumps)
        log_warning("%s: its timestamps jump %lld times; the output's are made "
                    "continuous",
                    (*d)->name, (long long)(*d)->joins.jumps);
    joins_close(&(*d)->joins);
    free(*d);
    *d = NULL;
}
