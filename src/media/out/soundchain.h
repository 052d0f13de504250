/* A line of libavfilter's filters for sound, with an end to put frames in and one to
 * take them out. */
#ifndef RIFEC_MEDIA_OUT_SOUNDCHAIN_H
#define RIFEC_MEDIA_OUT_SOUNDCHAIN_H

#include <libavutil/frame.h>

#include "media/avcompat.h"

struct sound_format {
    int rate;
    enum AVSampleFormat samples;
    char layout[128]; /* as avcompat_describe_layout() has it */
};

struct soundchain {
    struct AVFilterGraph *graph;
    struct AVFilterContext *source, *sink;
};

/* `filters` is a description as in ffmpeg -af. FFmpeg codes. */
int soundchain_open(struct soundchain *c, const struct sound_format *in,
                    const char *filters);

/* A frame of silence in the format that comes out of `like`; NULL: out of memory. */
AVFrame *soundchain_silence(const struct soundchain *like, int samples);

void soundchain_close(struct soundchain *c);

#endif
