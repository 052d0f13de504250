/*
 * Makes the loudness of stretched sound follow that of the original. A stretching filter
 * spreads a beat over its window, so that the beat begins early, by a tenth of a second
 * and more at eight times the length. Where the loudness differs by more than 3 dB from
 * what it should be at that moment, it is brought to within 3 dB, so that a beat is heard
 * when it is seen.
 *
 * Samples are floats, channels interleaved. Knows nothing of FFmpeg.
 */
#ifndef RIFEC_MEDIA_OUT_ENVELOPE_H
#define RIFEC_MEDIA_OUT_ENVELOPE_H

#include <stdint.h>

#include "base/rational.h"

struct envelope;

/* `slowdown`: output samples per input sample. Errors: NOMEM. */
int envelope_open(struct envelope **out, int rate, int channels,
                  struct rational slowdown);

/* The next n samples of the input. Errors: NOMEM. */
int envelope_note(struct envelope *e, const float *in, int n);

/* Changes the next n samples of the output, whose input has been noted unless it has
 * ended. */
void envelope_shape(struct envelope *e, float *out, int n);

/* How much later than it should be the output's loudness rises, measured over all
 * that was shaped; 0 where it does not rise anywhere. */
int64_t envelope_lag_us(const struct envelope *e);

void envelope_close(struct envelope **e);

#endif
