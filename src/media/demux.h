/*
 * The input file: streams and packets, in file order. Knows nothing of what
 * is in the packets.
 */
#ifndef RIFEC_MEDIA_DEMUX_H
#define RIFEC_MEDIA_DEMUX_H

#include <stdbool.h>

#include <libavformat/avformat.h>

struct demux;

/* Opens a file and finds its main video stream. Errors: INPUT, NOMEM. */
int demux_open(struct demux **out, const char *path);

/* *out is the next packet, the caller's to free, or NULL at the end. A file
 * that is cut off ends early: demux_truncated() tells. Errors: NOMEM. */
int demux_read(struct demux *d, AVPacket **out);

/* Goes to the last point at or before `us`, counted from the file's start, from
 * which decoding can begin. Errors: INPUT. */
int demux_seek(struct demux *d, int64_t us);

/* After the end: the file said it held more than could be read. */
bool demux_truncated(const struct demux *d);

/* Parts of the file could not be read and were skipped. */
bool demux_damaged(const struct demux *d);

/* As given to demux_open(), whose caller keeps it. */
const char *demux_path(const struct demux *d);

AVFormatContext *demux_context(const struct demux *d);
AVStream *demux_video(const struct demux *d);

void demux_close(struct demux **d);

#endif
