/* How many threads a codec may start. */
#ifndef RIFEC_MEDIA_THREADS_H
#define RIFEC_MEDIA_THREADS_H

#include <libavcodec/avcodec.h>

/*
 * Sets c->thread_count before a codec is opened: to 0 (the codec's choice), or to 1, with
 * a warning, if that many threads cannot be started.
 */
void threads_for_decoder(AVCodecContext *c);

/* RIFEC_ERR_NOMEM, logged, where there are too few for any encoder: x265 would wait for
 * ever for a thread that cannot be started. */
int threads_for_encoder(AVCodecContext *c);

#endif
