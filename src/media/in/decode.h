/*
 * Video packets to pictures, in the engine's formats. Every frame of a stream
 * comes out: the decoder is drained at the end.
 */
#ifndef RIFEC_MEDIA_IN_DECODE_H
#define RIFEC_MEDIA_IN_DECODE_H

#include <stdint.h>

#include <libavformat/avformat.h>

#include "media/color.h"
#include "media/in/deinterlace.h"
#include "media/hwaccel.h"
#include "rifec/frame.h"

struct decode;

struct decode_params {
    AVFormatContext *format;
    AVStream *stream; /* gets the rotation that the first frame gives */
    const char *path; /* for messages; the caller keeps it */
    enum deinterlace_mode deinterlace;
    struct color_names color; /* take precedence over the stream's */
    struct hwaccel_params hwaccel;
};

/* Errors: CODEC (no decoder for the stream), USAGE, NOMEM. */
int decode_open(struct decode **out, const struct decode_params *p);

/* Gives the decoder a packet; NULL: there are no more. Take all frames with
 * decode_receive() after each. Damaged packets are counted and are not errors. */
int decode_send(struct decode *d, const AVPacket *pkt);

/*
 * *out is the next frame, pts and duration in decode_time_base(), pts AV_NOPTS_VALUE if
 * unknown; or NULL if the decoder needs more packets. A frame of another size than the
 * first is RIFEC_ERR_INPUT, and so is an interlaced first frame if no option says how to
 * treat it.
 */
int decode_receive(struct decode *d, struct rifec_frame **out);

/* The stream's, or half of it when every field becomes a frame; and how many
 * frames come for each of the stream's. */
AVRational decode_time_base(const struct decode *d);
int decode_rate_factor(const struct decode *d);

/* The field order of frames that stay interlaced, as the user asked; AV_FIELD_UNKNOWN if
 * there are none or the first frame is not decoded yet. */
enum AVFieldOrder decode_field_order(const struct decode *d);

/* Packets and frames so far that did not decode cleanly. */
int64_t decode_damaged(const struct decode *d);

/* Pictures before the first frame that need others which are missing from the file, as
 * in a recording that begins anywhere; 0 if something is damaged. */
int decode_leading(const struct decode *d);

/* The pixel format of the frames' samples, in whatever memory they lie; known after
 * the first. */
enum AVPixelFormat decode_pix_fmt(const struct decode *d);

/* The pixel format that software decoding would give: the same samples, which the GPU may
 * store in another order. */
enum AVPixelFormat decode_planar_pix_fmt(const struct decode *d);

/* The stream's pixel format before any conversion for the engine. */
enum AVPixelFormat decode_source_pix_fmt(const struct decode *d);

/* "nvdec", or FFmpeg's name of the decoder; final after the first frame. */
const char *decode_decoder_name(const struct decode *d);

void decode_close(struct decode **d);

#endif
