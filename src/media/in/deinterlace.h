/*
 * Deinterlaces frames by libavfilter. In a build without it, only opening fails, with a
 * message.
 */
#ifndef RIFEC_MEDIA_IN_DEINTERLACE_H
#define RIFEC_MEDIA_IN_DEINTERLACE_H

#include <stdbool.h>

#include <libavutil/frame.h>

/* Treatment of interlaced input, in the order of the values of --deinterlace. */
enum deinterlace_mode {
    DEINTERLACE_REFUSE = 0,
    DEINTERLACE_OFF,   /* use the frames unchanged */
    DEINTERLACE_BWDIF, /* a frame for each frame                             */
    DEINTERLACE_YADIF, /* the same, faster                                   */
    DEINTERLACE_BOB,   /* bwdif, a frame for each field: twice the rate      */
    DEINTERLACE_AUTO,  /* like bwdif, but only for interlaced frames */
};

struct deinterlace;

struct deinterlace_params {
    enum deinterlace_mode mode; /* one that filters                          */
    const AVFrame *first;       /* size, format, tags                        */
    AVRational time_base;       /* frame rate of the input */
    bool marked_only;           /* leave frames alone that are not marked interlaced  */
    bool bottom_first;          /* where frames do not say which field is first       */
};

/* True if this build supports it. */
bool deinterlace_is_there(void);

/* Errors: CODEC, NOMEM. */
int deinterlace_open(struct deinterlace **out, const struct deinterlace_params *p);

/* Takes the frame's content; NULL: there are no more. Returns an FFmpeg code. */
int deinterlace_send(struct deinterlace *d, AVFrame *frame);

/* The next whole frame, pts in deinterlace_time_base(); AVERROR(EAGAIN) or
 * AVERROR_EOF when there is none. */
int deinterlace_receive(struct deinterlace *d, AVFrame *frame);

/* The time base of the filter's output. */
AVRational deinterlace_time_base(enum deinterlace_mode mode, AVRational in);

void deinterlace_close(struct deinterlace **d);

#endif
