/*
 * What a high dynamic range picture says about itself beyond its colour tags:
 * the mastering display and the light levels of HDR10, which go on to encoder
 * and container, and the data per frame of HDR10+ and Dolby Vision, which go on
 * where the encoder knows them and are otherwise missed aloud.
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

/* After it is opened: the static data for the container. What neither of them
 * keeps is said, once each. Errors: NOMEM. */
int hdr_describe(const struct hdr *h, AVCodecContext *c, const AVOutputFormat *f);

#endif
