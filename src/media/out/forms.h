/*
 * Outputs that are not a container with a codec in it: pictures one by one, moving
 * pictures (GIF, APNG, WebP), YUV4MPEG. It holds the facts that FFmpeg's tables lack.
 */
#ifndef RIFEC_MEDIA_OUT_FORMS_H
#define RIFEC_MEDIA_OUT_FORMS_H

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/* The encoder for pictures of this codec: one whose packets are whole files.
 * NULL, and logged, when there is none. */
const AVCodec *forms_picture_encoder(enum AVCodecID codec);

/* The pixel formats that can be held, ended by AV_PIX_FMT_NONE; NULL: what the
 * encoder takes. */
const enum AVPixelFormat *forms_pix_fmts(const AVOutputFormat *format,
                                         const AVCodec *encoder);

/* Options that make a muxer do what users expect. */
int forms_muxer_options(const AVOutputFormat *format, AVDictionary **options);

/* True when the container's clock is too coarse for exact times. Sets *tick, in seconds,
 * and *least, the fewest ticks that players show a frame for. */
bool forms_clock(const AVOutputFormat *format, AVRational *tick, int *least);

/* Before the trailer: how long the last frame is shown, which muxers of moving pictures
 * do not learn from its packet. */
int forms_end(AVFormatContext *ctx, int64_t ticks, AVRational tick);

#endif
