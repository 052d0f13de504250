/*
 * Asks a muxer what it takes, by writing into memory with it. FFmpeg's tables of codecs
 * are incomplete (Matroska holds what AVI holds), and some muxers have none (MXF).
 */
#ifndef RIFEC_MEDIA_OUT_TRIAL_H
#define RIFEC_MEDIA_OUT_TRIAL_H

#include <stdbool.h>

#include <libavformat/avformat.h>

struct trial {
    const AVOutputFormat *format;
    const char *url;               /* only the extension counts; NULL: none     */
    const AVFormatContext *beside; /* its streams are in the file, too; or NULL */
    int strictness;                /* AVFormatContext.strict_std_compliance     */
};

/* True when the muxer writes a header for a video, the streams beside it and this one. */
bool trial_header(const struct trial *t, const AVStream *st);

/* True when it writes a whole file with this packet of the stream and no other, and the
 * demuxer finds the stream in it. Also true where that cannot be tried, because the muxer
 * demands a video. */
bool trial_packet(const struct trial *t, const AVStream *st, const AVPacket *pkt);

/* True when it writes a header for nothing but a video of this codec. */
bool trial_codec(const AVOutputFormat *format, enum AVCodecID codec);

#endif
