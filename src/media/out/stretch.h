/*
 * Sound drawn out at its pitch, on time: what sounds at t in the input sounds at t
 * times the slowdown in the output. By librubberband where FFmpeg has it, else by
 * atempo; both run ahead by a constant that is measured first, and what still begins
 * early is silenced until its moment (envelope.h).
 */
#ifndef RIFEC_MEDIA_OUT_STRETCH_H
#define RIFEC_MEDIA_OUT_STRETCH_H

#include "base/rational.h"
#include "media/out/soundchain.h"

struct stretch;

/* `like` gives the frames that come, of packed floats in the format `in`. */
int stretch_open(struct stretch **out, const struct soundchain *like,
                 const struct sound_format *in, struct rational slowdown);

/* Takes the frame's content; NULL: no more will come. FFmpeg codes, as below. */
int stretch_send(struct stretch *s, AVFrame *frame);

/* The next samples; AVERROR(EAGAIN) or AVERROR_EOF when there are none. */
int stretch_receive(struct stretch *s, AVFrame *frame);

/* As envelope_lag_us(). */
int64_t stretch_lag_us(const struct stretch *s);

void stretch_close(struct stretch **s);

#endif
