/*
 * Which encoder, and set up how: our defaults, and the user's words translated
 * into each encoder's own (encoder_table.c).
 */
#ifndef RIFEC_MEDIA_OUT_ENCODER_CHOICE_H
#define RIFEC_MEDIA_OUT_ENCODER_CHOICE_H

#include <stdbool.h>

#include "media/out/encode.h"

/* The encoder asked for, or the container's best for frames with these tags. NULL, and
 * logged with what would do, when there is none or the container cannot hold what it
 * makes. */
const AVCodec *encoder_choose(const struct encode_params *p, const AVFrame *tags);

/* The pixel format: the one asked for, the frames' own, the nearest that the encoder and
 * the container take, or one that plays (plays.h). Errors: USAGE, CODEC. */
int encoder_pix_fmt(const AVCodec *codec, const struct encode_params *p,
                    const AVFrame *tags, enum AVPixelFormat *out);

/* True for a codec that cannot say when each frame is shown. name: as -c:v has it; NULL:
 * the container's best codec. */
bool encoder_needs_constant_rate(const AVOutputFormat *container, const char *name);

/* `-f null`: frames are counted and thrown away. */
bool encoder_is_null(const AVCodec *codec, const AVOutputFormat *container);

/* Refuses what the encoder is known to refuse, with a better message. Errors: CODEC. */
int encoder_check(const AVCodecContext *c);

/* Why an encoder may not open here, and what to take instead: for the end of a
 * message, or "". */
const char *encoder_advice(const AVCodec *codec, const AVCodecContext *c, char *text,
                           size_t size);

/* --- encoder_table.c ------------------------------------------------------ */

/* Quality, speed and the user's own options. Errors: USAGE, NOMEM. */
int encoder_set(AVCodecContext *c, const struct encode_params *p);

#endif
