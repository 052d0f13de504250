/*
 * A file of one video and nothing else: frames go in, an encoder that the caller has
 * opened makes packets of them. For what rifec writes beside its output: golden frames,
 * films side by side.
 */
#ifndef RIFEC_MEDIA_OUT_VIDEOFILE_H
#define RIFEC_MEDIA_OUT_VIDEOFILE_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

struct videofile;

struct videofile_params {
    const char *path;
    const char *format; /* container; NULL: from the name                       */
    bool overwrite;     /* replace an existing file                             */
    bool bit_exact;     /* no version of FFmpeg in it: the same bytes from each */
};

/* Takes the name, under which another run then fails. Errors: OUTPUT, NOMEM. */
int videofile_open(struct videofile **out, const struct videofile_params *p);

const AVOutputFormat *videofile_format(const struct videofile *f);

/* The encoder, opened; takes it, always. Writes the header. Errors: OUTPUT, NOMEM. */
int videofile_start(struct videofile *f, AVCodecContext **encoder);

/* A frame with a time in the encoder's time base; it stays the caller's. Errors: CODEC,
 * OUTPUT. */
int videofile_write(struct videofile *f, const AVFrame *frame);

/* After the last frame: gives the file its name; *f becomes NULL, always. Errors: CODEC,
 * OUTPUT. */
int videofile_finish(struct videofile **f);

/* A file that is not finished is removed. Accepts NULL. */
void videofile_discard(struct videofile **f);

#endif
