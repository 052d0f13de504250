/*
 * Tells by a container's own rules whether a file was cut off: by sizes and tables that
 * its head promises, or by marks that its end must have. Reads little of the file.
 */
#ifndef RIFEC_MEDIA_IN_TRUNCATION_H
#define RIFEC_MEDIA_IN_TRUNCATION_H

#include <stdbool.h>

#include <libavformat/avformat.h>

enum truncation {
    TRUNCATION_UNKNOWN, /* the container has no such rule, or does not use it here */
    TRUNCATION_NONE,
    TRUNCATION_CUT,
    TRUNCATION_GAP, /* something in the middle is wrong */
};

/* After the last packet was read: moves the reading position of ctx->pb. */
enum truncation truncation_look(AVFormatContext *ctx);

/* One container each, of a file of `size` bytes that can be read anywhere. */
enum truncation truncation_mov(AVFormatContext *ctx, int64_t size);
enum truncation truncation_matroska(AVFormatContext *ctx, int64_t size);
enum truncation truncation_avi(AVFormatContext *ctx, int64_t size);
enum truncation truncation_flv(AVFormatContext *ctx, int64_t size);
enum truncation truncation_asf(AVFormatContext *ctx, int64_t size);
enum truncation truncation_mxf(AVFormatContext *ctx, int64_t size);
enum truncation truncation_nut(AVFormatContext *ctx, int64_t size);
enum truncation truncation_ogg(AVFormatContext *ctx, int64_t size);
enum truncation truncation_ts(AVFormatContext *ctx, int64_t size);
enum truncation truncation_ps(AVFormatContext *ctx, int64_t size);
enum truncation truncation_gif(AVFormatContext *ctx, int64_t size);
enum truncation truncation_png(AVFormatContext *ctx, int64_t size);
enum truncation truncation_jpeg(AVFormatContext *ctx, int64_t size);
enum truncation truncation_obu(AVFormatContext *ctx, int64_t size);

/* For these: true when all `n` bytes from `at` on are in buf. */
bool truncation_read(AVFormatContext *ctx, int64_t at, void *buf, int n);

#endif
