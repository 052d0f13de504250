/*
 * Frames kept as they are: FFV1 in Matroska, one file, written frame by frame and read
 * again in order. For golden frames. Every pixel format that FFV1 takes, 8 to 16 bits.
 */
#ifndef RIFEC_MEDIA_OUT_LOSSLESS_H
#define RIFEC_MEDIA_OUT_LOSSLESS_H

#include <stdbool.h>
#include <stdint.h>

#include <libavutil/frame.h>

/* True if FFV1 stores this format without a conversion. */
bool lossless_takes(enum AVPixelFormat format);

struct lossless_writer;

/* Begins `path`, replacing an existing file when it is finished. `like` gives size and
 * format. Errors: OUTPUT, CODEC, NOMEM. */
int lossless_create(struct lossless_writer **out, const char *path, const AVFrame *like);
int lossless_write(struct lossless_writer *w, const AVFrame *frame);

/* Gives the file its name; *w becomes NULL always. Errors: OUTPUT, CODEC. */
int lossless_finish(struct lossless_writer **w);

/* A file that is not finished is removed. Accepts NULL. */
void lossless_discard(struct lossless_writer **w);

struct lossless_reader;

/* Opens a file of this module's; what is not one is refused. Errors: INPUT, NOMEM. */
int lossless_open(struct lossless_reader **out, const char *path);

/* Frame number `index`, counted from 0, or NULL at the end; the reader's until the next
 * call. Indices rise. Errors: INPUT, NOMEM. */
int lossless_read(struct lossless_reader *r, int64_t index, const AVFrame **out);

void lossless_close(struct lossless_reader **r);

#endif
