/*
 * A stretch of encoded video in a file of its own: packets as the encoder gave
 * them, with their times and side data. Made under the name PATH.part; PATH is
 * there when all of it is on the disk. Read again by the program that wrote it,
 * on the same machine: numbers are as they lie in memory.
 */
#ifndef RIFEC_MEDIA_SEGMENT_H
#define RIFEC_MEDIA_SEGMENT_H

#include <stdint.h>

#include <libavcodec/packet.h>

struct segment;

/* Errors of all: OUTPUT (as logged), NOMEM. */
int segment_create(struct segment **out, const char *path);
int segment_write(struct segment *s, const AVPacket *pkt);

/* All packets are written; they are of so many frames. Closes. */
int segment_commit(struct segment **s, int64_t frames);

/* Opens a finished one. *frames is 0, and *out NULL, when it is not there or
 * not whole: then it is to be made again. */
int segment_open(struct segment **out, const char *path, int64_t *frames);

/* *out is the next packet, the caller's to free, or NULL at the end. */
int segment_read(struct segment *s, AVPacket **out);

/* Closes; one that was not finished is removed. */
void segment_close(struct segment **s);

#endif
