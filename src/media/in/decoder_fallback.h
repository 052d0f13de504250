/*
 * One stream's decoder, on the GPU if that works, and otherwise in software from the
 * first packet on. Which of them is used is known only when the first frame is decoded.
 */
#ifndef RIFEC_MEDIA_IN_DECODER_FALLBACK_H
#define RIFEC_MEDIA_IN_DECODER_FALLBACK_H

#include <stdbool.h>

#include <libavformat/avformat.h>

#include "media/hwaccel.h"

struct decoder;

struct decoder_params {
    AVFormatContext *format;
    AVStream *stream;
    const char *path; /* for messages; the caller keeps it */
    struct hwaccel_params hwaccel;
};

/* Errors: CODEC (no decoder for the stream), NOMEM. */
int decoder_open(struct decoder **out, const struct decoder_params *p);

/* As avcodec_send_packet() and avcodec_receive_frame(), with their codes. A frame
 * may lie in device memory. AVERROR_DECODER_NOT_FOUND, logged: it ends here. */
int decoder_send(struct decoder *d, const AVPacket *pkt);
int decoder_receive(struct decoder *d, AVFrame *frame);

/* Changes when software takes over, so do not keep it. */
const AVCodecContext *decoder_context(const struct decoder *d);

/* True when the GPU decodes, as far as is known. */
bool decoder_is_hardware(const struct decoder *d);

/* True when a part of a picture could not be decoded, whether its frame says so or not.
 */
bool decoder_met_damage(const struct decoder *d);

/* The pixel format of the stream itself, where `frame` came from the GPU in one of
 * its own: nv12 stands for yuv420p. */
enum AVPixelFormat decoder_pix_fmt(const struct decoder *d, const AVFrame *frame);

void decoder_close(struct decoder **d);

#endif
