/*
 * The input: streams and packets, in file order. The content of packets is not looked at.
 */
#ifndef RIFEC_MEDIA_IN_DEMUX_H
#define RIFEC_MEDIA_IN_DEMUX_H

#include <stdbool.h>

#include <libavformat/avformat.h>

#include "base/rational.h"
#include "media/lookahead.h"
#include "media/pictures.h"

struct demux;

/* Zero is the default of all but the path. */
struct demux_params {
    const char *path;      /* "-": standard input; a folder or a name with %d:
                              pictures; the caller keeps it                      */
    const char *format;    /* FFmpeg's name for the container; NULL: found out   */
    const char *size;      /* of raw video: WxH                                  */
    const char *pix_fmt;   /* of raw video; NULL: yuv420p                        */
    struct rational rate;  /* of raw video and pictures, per second; num 0: 25   */
    int video;             /* 1 and more: the first, the second, ...; 0: see videos.h */
    bool (*stopped)(void); /* ends a wait for standard input                     */
};

/* Opens the input and finds its main video stream. Errors: INPUT, NOMEM; USAGE
 * for parameters that it has no use for. */
int demux_open(struct demux **out, const struct demux_params *p);

/* *out is the next packet, the caller's to free, or NULL at the end. A file that is cut
 * off ends early; see demux_truncated(). Errors: NOMEM. */
int demux_read(struct demux *d, AVPacket **out);

/* Goes to the last point at or before `us`, counted from the file's start, from
 * which decoding can begin. False when it reads on from where it is: in a pipe, and
 * where the file has no times to search for. */
bool demux_seek(struct demux *d, int64_t us);

/* True for broadcast streams, whose clock may jump. */
bool demux_clock_may_jump(const struct demux *d);

/* The input's clock at its start, in microseconds. It is subtracted from all times,
 * because it has no meaning; 0 if the input begins before zero. */
int64_t demux_origin_us(const struct demux *d);

/* True if the file is large enough for a video of that many microseconds. */
bool demux_can_last(const struct demux *d, int64_t us);

/* The input's duration from its start, as the container gives it; 0: unknown. */
int64_t demux_duration_us(const struct demux *d);

/* After the end: the container promises more than could be read. */
bool demux_truncated(const struct demux *d);

/* Parts of the file could not be read and were skipped. */
bool demux_damaged(const struct demux *d);

/* For messages: the path, or "stdin". */
const char *demux_name(const struct demux *d);

/* The first packets; valid until the first of them is read. */
const struct lookahead *demux_ahead(const struct demux *d);

/* True if the input is one image or several. */
bool demux_is_picture(const struct demux *d);

/* The files, if the input is images, otherwise NULL. */
const struct pictures *demux_pictures(const struct demux *d);

AVFormatContext *demux_context(const struct demux *d);
AVStream *demux_video(const struct demux *d);

void demux_close(struct demux **d);

#endif
