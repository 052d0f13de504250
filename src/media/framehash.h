/*
 * The MD5 of a frame's samples, and a file of them in the format of FFmpeg's
 * `framemd5` muxer (version 2, one video stream, without its line `#software`), as
 * `ffmpeg -bitexact -c:v rawvideo -f framemd5` writes it.
 *
 * A frame is hashed as raw video: plane after plane in the pixel format's order,
 * without padding.
 */
#ifndef RIFEC_MEDIA_FRAMEHASH_H
#define RIFEC_MEDIA_FRAMEHASH_H

#include <stdbool.h>
#include <stddef.h>

#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>

#define FRAMEHASH_TEXT 33 /* 32 hexadecimal digits and the end */

/* Writes the hash to `text`, the bytes hashed to *bytes (may be NULL). The frame is in
 * host memory. Errors: NOMEM. */
int framehash_make(const AVFrame *frame, char text[FRAMEHASH_TEXT], size_t *bytes);

struct framemd5;

/* Begins the file `path`; "-" is standard output. Size, aspect and time base are the
 * encoder's. An existing file is replaced if `overwrite`. Errors: OUTPUT, NOMEM. */
int framemd5_open(struct framemd5 **out, const char *path, bool overwrite,
                  const AVCodecContext *encoder);

/* Adds the line of a frame whose hash is known. Errors: OUTPUT. */
int framemd5_add(struct framemd5 *f, const AVFrame *frame, const char *hash,
                 size_t bytes);

/* Gives the file its name. Errors: OUTPUT. *f becomes NULL always. */
int framemd5_finish(struct framemd5 **f);

/* A file that is not finished is removed. Accepts NULL. */
void framemd5_close(struct framemd5 **f);

#endif
