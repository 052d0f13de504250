/*
 * Video packets to pictures, in the engine's formats. Every frame of a stream
 * comes out: the decoder is drained at the end.
 */
#ifndef RIFEC_MEDIA_DECODE_H
#define RIFEC_MEDIA_DECODE_H

#include <stdint.h>

#include <libavformat/avformat.h>

#include "rifec/frame.h"

struct decode;

/* path is for messages; the caller keeps it. Errors: CODEC (no decoder for the
 * stream), NOMEM. */
int decode_open(struct decode **out, AVFormatContext *format, AVStream *stream,
                const char *path);

/* Gives the decoder a packet; NULL: no more will come. Take all frames with
 * decode_receive() after each. Damaged packets are counted, not errors. */
int decode_send(struct decode *d, const AVPacket *pkt);

/*
 * *out is the next frame, pts and duration in the stream's time base, pts
 * AV_NOPTS_VALUE when unknown; or NULL when the decoder wants more packets.
 * A frame of another size than the first is RIFEC_ERR_INPUT.
 */
int decode_receive(struct decode *d, struct rifec_frame **out);

/* Packets and frames that did not decode cleanly so far. */
int64_t decode_damaged(const struct decode *d);

/* The pixel format of the frames; known after the first. */
enum AVPixelFormat decode_pix_fmt(const struct decode *d);

/* The stream's pixel format before any conversion for the engine. */
enum AVPixelFormat decode_source_pix_fmt(const struct decode *d);

const char *decode_codec_name(const struct decode *d);

void decode_close(struct decode **d);

#endif
