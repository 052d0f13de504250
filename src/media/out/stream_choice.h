/* The user's choice of the input's streams, tags and chapters. */
#ifndef RIFEC_MEDIA_OUT_STREAM_CHOICE_H
#define RIFEC_MEDIA_OUT_STREAM_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rational.h"

/* The streams that the user leaves out. */
struct stream_options {
    bool no_audio, no_subs, no_chapters, no_attachments, no_metadata;
};

/* The streams that are copied, and the part of the input that is used. */
struct stream_choice {
    struct stream_options user;
    int64_t from_us, to_us;   /* as in source.h; to 0: to the end             */
    int64_t origin_us;        /* where the input's clock begins, see demux.h  */
    struct rational slowdown; /* output seconds per input second; num 0: 1    */
    bool slow_audio;          /* sound is slowed down with the picture        */
};

/* Times of the output are not those of the input. */
static inline bool stream_choice_slows(const struct stream_choice *c)
{
    return c->slowdown.num && c->slowdown.num != c->slowdown.den;
}

#endif
