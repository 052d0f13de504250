/*
 * HDR metadata beyond colour tags: the mastering display and light levels of HDR10, which
 * are passed to the encoder and the container, and the data per frame of HDR10+ and Dolby
 * Vision, which are passed to encoders that support them. Otherwise a warning reports
 * their loss.
 */
#ifndef RIFEC_MEDIA_OUT_HDR_H
#define RIFEC_MEDIA_OUT_HDR_H

#include <stdbool.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mastering_display_metadata.h>

struct hdr {
    bool has_display, has_light;
    AVMasteringDisplayMetadata display;
    AVContentLightMetadata light;
    bool hdr10plus, dolby_vision;
    int dolby_profile, dolby_base; /* -1: unknown */
};

/* Looks at the stream and at its first frame; the frame's word outweighs. */
void hdr_find(struct hdr *h, const AVStream *st, const AVFrame *first);

/* Before the encoder is opened: the options that make it write the static data.
 * The user's own come after. Errors: NOMEM. */
int hdr_configure(const struct hdr *h, AVCodecContext *c);

/* After the encoder is opened: passes the static data to the container, and warns once
 * about each kind that neither of them keeps. Errors: NOMEM. */
int hdr_describe(const struct hdr *h, AVCodecContext *c, const AVOutputFormat *f);

#endif
