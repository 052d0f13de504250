/*
 * 256 colours chosen for the frames that have them, by libavfilter: palettegen's median
 * cut and paletteuse's error diffusion. Frames are held back until the last is known, so
 * that a film has one palette; a film that is too long for that gets one for each part.
 */
#ifndef RIFEC_MEDIA_PALETTE_H
#define RIFEC_MEDIA_PALETTE_H

#include <stdbool.h>

#include <libavutil/frame.h>

#include "media/convert.h"

#define PALETTE_SOURCE AV_PIX_FMT_RGB32 /* the format that colours are chosen from */

struct palette;

/* True when this program has the filters. */
bool palette_is_there(void);

/* For frames of the tags and size of `first`. convert: to PALETTE_SOURCE, borrowed; NULL:
 * they are in it. Errors: CODEC, NOMEM. */
int palette_open(struct palette **out, const AVFrame *first, struct convert *convert);

/* Takes the frame, always; NULL: no more will come. Errors: CODEC, NOMEM. */
int palette_send(struct palette *p, AVFrame *frame);

/* *out is the next frame, in AV_PIX_FMT_PAL8 and the caller's; NULL when more must be
 * sent first, or after the last. Errors: CODEC, NOMEM. */
int palette_receive(struct palette *p, AVFrame **out);

/* True after the last frame was sent and received. */
bool palette_is_done(const struct palette *p);

void palette_close(struct palette **p);

#endif
