/*
 * Sound that lasts longer at the same pitch, for slow motion: decoded, drawn out
 * (stretch.h), encoded again.
 */
#ifndef RIFEC_MEDIA_OUT_SLOWSOUND_H
#define RIFEC_MEDIA_OUT_SLOWSOUND_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "base/rational.h"

struct slowsound;

/* `slowdown`: output seconds per input second, at least 1. Describes `to`, a
 * stream of `f`. Errors: CODEC, NOMEM. */
int slowsound_open(struct slowsound **out, const AVStream *from, struct rational slowdown,
                   const AVOutputFormat *f, AVStream *to);

/* Takes a packet, or NULL at the end. Packets that do not decode are dropped and counted.
 * Errors: CODEC, NOMEM. */
int slowsound_send(struct slowsound *s, const AVPacket *pkt);

/* *out is the next packet, in the time base `to` was given, or NULL for now. */
int slowsound_receive(struct slowsound *s, AVPacket **out);

/* Packets or frames that did not decode. */
int64_t slowsound_lost(const struct slowsound *s);

/* After the end: how much later than the picture it is, by where it gets louder. */
int64_t slowsound_lag_us(const struct slowsound *s);

void slowsound_close(struct slowsound **s);

#endif
