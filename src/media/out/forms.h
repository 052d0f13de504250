/*
 * Outputs that are not a container with a codec in it: pictures one by one,
 * moving pictures (GIF, APNG, WebP), YUV4MPEG. What FFmpeg's tables do not say
 * of them.
 */
#ifndef RIFEC_MEDIA_OUT_FORMS_H
#define RIFEC_MEDIA_OUT_FORMS_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/* The encoder for pictures of this codec: one whose packets are whole files.
 * NULL, and logged, when there is none. */
const AVCodec *forms_picture_encoder(enum AVCodecID codec);

/* The pixel formats that can be held, ended by AV_PIX_FMT_NONE; NULL: what the
 * encoder takes. */
const enum AVPixelFormat *forms_pix_fmts(const AVOutputFormat *format,
                                         const AVCodec *encoder);

/* Options a muxer needs to do what one expects of it; warns when it cannot. */
int forms_muxer_options(const AVOutputFormat *format, AVRational frame_rate,
                        AVDictionary **options);

#endif
