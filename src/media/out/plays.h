/*
 * Defaults for MP4, MOV and related containers that browsers, phones and television sets
 * can play. Other containers keep the input's format, and so does an encoder or pixel
 * format that the user names.
 */
#ifndef RIFEC_MEDIA_OUT_PLAYS_H
#define RIFEC_MEDIA_OUT_PLAYS_H

#include <stdbool.h>
#include <stddef.h>

#include <libavformat/avformat.h>
#include <libavutil/frame.h>

/* True for containers whose files should play everywhere. */
bool plays_matters(const AVOutputFormat *f);

/* Why frames of this format and with these tags should not be H.264, which is High 10
 * for more than 8 bits: "PQ (HDR)", "10-bit video"; or NULL. */
const char *plays_why_not_h264(enum AVPixelFormat pix_fmt, const AVFrame *tags,
                               char *text, size_t size);

/* The pixel format for RGB and gray, which H.264 and H.265 have in profiles that hardly
 * anything decodes; AV_PIX_FMT_NONE: YUV, whose depth and chroma stay. */
enum AVPixelFormat plays_pix_fmt(enum AVPixelFormat pix_fmt, const AVFrame *tags);

#endif
