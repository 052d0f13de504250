/*
 * Pictures to video packets. Passes the stream's colour tags on, and is drained
 * at the end. Which encoder, and how it is set up: encoder_choice.h.
 */
#ifndef RIFEC_MEDIA_OUT_ENCODE_H
#define RIFEC_MEDIA_OUT_ENCODE_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/rational.h"
#include "rifec/frame.h"

struct encode_option {
    const char *key, *value;
};

/* The user's settings of the encoder. */
struct encoder_options {
    const char *codec;   /* encoder name; NULL: the container's best        */
    const char *crf;     /* NULL: ours, see encoder_table.c                 */
    const char *bitrate; /* bits per second, 4M; NULL: by crf               */
    const char *preset;  /* by x264's names or its own; NULL: the encoder's */
    const char *pix_fmt; /* NULL: the frames', or the nearest               */
    const struct encode_option *options; /* [option_count], any others      */
    int option_count;
};

struct encode_params {
    const AVOutputFormat *container;
    enum AVCodecID required_codec; /* the container's only one; AV_CODEC_ID_NONE: any */
    struct encoder_options user;
    struct rational time_base;         /* of the frames sent                       */
    struct rational frame_rate;        /* a hint; 0/1 if unknown */
    enum AVPixelFormat source_pix_fmt; /* of the frames sent                */
    enum AVPixelFormat planar_pix_fmt; /* the same samples as software decoders order
                                          them: decides what the output is   */
    enum AVFieldOrder field_order;     /* of interlaced frames; UNKNOWN: they are whole */
    const AVStream *source;
    const struct rifec_frame *first; /* a decoded frame: size, colour tags  */
};

struct encode;

/* Errors: CODEC, USAGE (an option the encoder does not know), NOMEM. */
int encode_open(struct encode **out, const struct encode_params *p);

/* Sends a frame and takes it, always; NULL: no more will come. Take all
 * packets with encode_receive() after each. */
int encode_send(struct encode *e, struct rifec_frame **frame);

/* From now on `look` sees each frame that encode_send() gives to the encoder, in the
 * encoder's pixel format and in host memory; decoded: not made by the engine. It returns
 * 0, or an error that encode_send() then returns. */
void encode_watch(struct encode *e,
                  int (*look)(void *opaque, const AVFrame *frame, bool decoded),
                  void *opaque);

/* Takes a frame that needs no encoding; what follows it may refer to it. NULL in
 * *frame: one that the engine would have made. */
int encode_pass(struct encode *e, struct rifec_frame **frame);

/* After the last packet of a drained encoder: as it was after encode_open(), for
 * more frames of the same stream. */
int encode_restart(struct encode *e);

/* *out is the next packet, in the encoder's time base, or NULL for now. */
int encode_receive(struct encode *e, AVPacket **out);

/* Frames in the packets received so far. */
int64_t encode_written(const struct encode *e);

const AVCodecContext *encode_context(const struct encode *e);

void encode_close(struct encode **e);

#endif
